"""`/devices`: my browsers and devices that take push messages. The token's kind says whose they are: a customer's or an admin's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from gencharge.core.errors import DatabaseUnavailable, DocumentsUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.vapid import public_key_of
from gencharge.core.http.web import errors
from gencharge.core.settings import Settings
from gencharge.core.stores.mongo import Documents
from gencharge.core.values import clock
from gencharge.core.values.recipient import Recipient
from gencharge.core.vault.vault import Vault, get_vault
from gencharge.devices import hosts, service
from gencharge.devices.errors import DeviceNotFound, PushEndpointInvalid, WebPushKeyNotFound
from gencharge.devices.models import Address, DevicePlatform, Registration
from gencharge.devices.schemas import DeviceOut, Devices, RegisterBrowser, RegisterDevice, WebPushKey
from gencharge.sessions.guards import SIGNED_IN_ERRORS, Principal, SignedIn

router = web.router("devices")
OwnVault = Annotated[Vault, Depends(get_vault)]
_ALWAYS = (*SIGNED_IN_ERRORS, DocumentsUnavailable)
_REGISTER = (*_ALWAYS, ValidationFailed, MalformedJson, DatabaseUnavailable)


def _owner(principal: Principal) -> Recipient:
    return Recipient(principal.kind, principal.user_id)


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


@router.get("", response_model=Devices, responses=errors(*_ALWAYS))
async def get_my_devices(documents: Documents, principal: SignedIn) -> Devices:
    """My devices, the one seen last first."""
    devices = await service.list_devices(documents, _owner(principal))
    return Devices(devices=[DeviceOut.of(device) for device in devices])


@router.get("/web-key", response_model=WebPushKey, responses=errors(WebPushKeyNotFound))
async def get_web_push_key(request: Request) -> WebPushKey:
    """What a browser subscribes with, for everybody."""
    key = public_key_of(_settings(request))
    if not key:
        raise WebPushKeyNotFound
    return WebPushKey(public_key=key)


@router.put("/web", response_model=DeviceOut, responses=errors(*_REGISTER, PushEndpointInvalid))
async def replace_browser(
    request: Request, documents: Documents, vault: OwnVault, principal: SignedIn, command: RegisterBrowser
) -> DeviceOut:
    """Send me messages in this browser. The same subscription again says that it is still there."""
    hosts.check_endpoint(_settings(request), command.endpoint)
    registration = Registration(
        platform=DevicePlatform.WEB,
        address=Address(command.endpoint, command.keys.p256dh, command.keys.auth),
        app_version="",
        language=command.language,
        badge=0,
        session_id=principal.session_id,
        at=clock.now(),
    )
    return DeviceOut.of(await service.register(documents, vault, _owner(principal), registration))


@router.put("/mobile", response_model=DeviceOut, responses=errors(*_REGISTER))
async def replace_device(
    documents: Documents, vault: OwnVault, principal: SignedIn, command: RegisterDevice
) -> DeviceOut:
    """Send me messages on this device. A token that another account registered is mine from now on."""
    registration = Registration(
        platform=DevicePlatform(command.platform),
        address=Address(command.token),
        app_version=command.app_version,
        language=command.language,
        badge=command.badge,
        session_id=principal.session_id,
        at=clock.now(),
    )
    return DeviceOut.of(await service.register(documents, vault, _owner(principal), registration))


@router.delete(
    "/{device_id}",
    status_code=204,
    response_model=None,
    responses=errors(*_ALWAYS, ValidationFailed, DeviceNotFound),
)
async def delete_device(documents: Documents, principal: SignedIn, device_id: UUID) -> None:
    """Send nothing there any more."""
    await service.unregister(documents, _owner(principal), device_id)
