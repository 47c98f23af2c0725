"""Devices as the registry keeps them (collection `devices`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import orjson

from gencharge.core.rooms.resealing import SealedDocuments
from gencharge.core.stores.mongo import Document
from gencharge.core.vault.columns import place
from gencharge.core.vault.vault import Vault


class DevicePlatform(StrEnum):
    """What a device runs."""

    WEB = "web"
    """A browser, by its push subscription (RFC 8030)."""
    ANDROID = "android"
    """By its token of Firebase Cloud Messaging."""
    IOS = "ios"
    """By its token of the Apple Push Notification service."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a device takes messages: the URL of a browser's subscription with its keys (base64url), or a token."""

    token: str
    p256dh: str = ""
    auth: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A device with its address. `badge` is the number on the app's icon."""

    device_id: UUID
    platform: DevicePlatform
    address: Address
    app_version: str
    language: str
    badge: int


def _no_clear_text(document: Document) -> str:
    """No earlier version kept devices."""
    del document
    return ""


SEALED: Final = SealedDocuments("devices", "address", _no_clear_text, ())


def device_id_of(platform: DevicePlatform, token: str) -> UUID:
    """The id of the device with this token: a hash of it (UUIDv8, RFC 9562), so that a token is registered once."""
    raw = bytearray(hashlib.sha256(f"{platform}|{token}".encode()).digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))


async def sealed_address(vault: Vault, device_id: UUID, address: Address) -> str:
    """The address as it is stored. Raises DataKeyNotUsable, DatabaseUnavailable."""
    content = {"token": address.token, "p256dh": address.p256dh, "auth": address.auth}
    return await vault.seal_at(place(SEALED.name, (device_id,)), orjson.dumps(content).decode())


async def from_document(vault: Vault, document: Document) -> Device:
    """The device of a document. Raises DataKeyLost, DataKeyNotUsable, StoredDataChanged, DatabaseUnavailable."""
    content = await vault.open_at(place(SEALED.name, (document["_id"],)), document["address"])
    return Device(
        device_id=document["_id"],
        platform=DevicePlatform(document["platform"]),
        address=Address(**orjson.loads(content)),
        app_version=document["app_version"],
        language=document["language"],
        badge=document["badge"],
    )


@dataclass(frozen=True, slots=True)
class Registration:
    """What a device says when it registers."""

    platform: DevicePlatform
    address: Address
    app_version: str
    language: str
    badge: int
    session_id: UUID
    at: datetime
