"""Keys of push services, and devices that registered."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import SecretStr

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.core.vault.vault import Vault
from gencharge.devices import service
from gencharge.devices.models import Address, DevicePlatform, Registration


def pem(key: Any) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text.decode()


P256 = pem(ec.generate_private_key(ec.SECP256R1()))


def account(base: str) -> str:
    """A service account of Firebase whose tokens the sandbox gives."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return json.dumps(
        {
            "project_id": "gencharge-tests",
            "client_email": "push@gencharge-tests.iam.gserviceaccount.com",
            "private_key": pem(key),
            "token_uri": f"{base}/push/fcm/token",
        }
    )


def push_settings(base: str) -> dict[str, Any]:
    """The settings with which all three push services are the sandbox at `base`."""
    return {
        "vapid_private_key": SecretStr(P256),
        "vapid_subject": "mailto:ops@example.in",
        "fcm_service_account": SecretStr(account(base)),
        "fcm_url": base,
        "apns_private_key": SecretStr(P256),
        "apns_key_id": "KEY1234567",
        "apns_team_id": "TEAM123456",
        "apns_topic": "in.gencharge.app",
        "apns_url": base,
    }


def browser_keys() -> dict[str, str]:
    """Keys of a subscription that nobody can read for."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        name: base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        for name, raw in (("p256dh", point), ("auth", os.urandom(16)))
    }


def registration(platform: DevicePlatform, token: str, **overrides: Any) -> Registration:
    """What a device says when it registers."""
    values: dict[str, Any] = {
        "platform": platform,
        "address": Address(token),
        "app_version": "1.0",
        "language": "en",
        "badge": 0,
        "session_id": new_id(),
        "at": clock.now(),
    }
    return Registration(**(values | overrides))


async def register(
    stores: Stores, owner: Recipient, platform: DevicePlatform, token: str, **overrides: Any
) -> Any:
    """A device of this owner; its document."""
    vault = Vault.of_database(stores.database)
    return await service.register(stores.documents, vault, owner, registration(platform, token, **overrides))


async def register_both(stores: Stores, owner: Recipient) -> None:
    """A browser and a mobile device of theirs."""
    await register(stores, owner, DevicePlatform.WEB, f"https://push.example/{owner.id}")
    await register(stores, owner, DevicePlatform.ANDROID, f"phone-{owner.id}")
