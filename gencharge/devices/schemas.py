"""Devices on the wire."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from pydantic import AfterValidator, Field

from gencharge.core.http.web import Body, Out
from gencharge.core.values.language import Language
from gencharge.devices.models import DevicePlatform

_AUTH_BYTES: Final = 16
# Of the example in RFC 8291.
_P256DH: Final = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise ValueError("Must be base64url") from None


def _is_point(text: str) -> str:
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _decoded(text))
    except ValueError:
        raise ValueError("Must be the subscription's key p256dh: a point of P-256 in base64url") from None
    return text


def _is_auth(text: str) -> str:
    if len(_decoded(text)) != _AUTH_BYTES:
        raise ValueError("Must be the subscription's key auth: 16 bytes in base64url")
    return text


AppVersion = Annotated[str, Field(max_length=40, pattern=r"^[0-9A-Za-z.+_-]*$", examples=["4.2.1"])]


class PushKeys(Body):
    """The keys of a subscription."""

    p256dh: Annotated[str, Field(max_length=100, examples=[_P256DH]), AfterValidator(_is_point)]
    auth: Annotated[str, Field(max_length=40, examples=["BTBZMqHH6r4Tts7J_aSIgg"]), AfterValidator(_is_auth)]


class RegisterBrowser(Body):
    """A browser's `PushSubscription`, as its `toJSON()` gives it."""

    endpoint: str = Field(min_length=12, max_length=500, examples=["https://fcm.googleapis.com/fcm/send/abc"])
    keys: PushKeys
    expirationTime: float | None = Field(default=None, description="Of the subscription; not used.")  # noqa: N815 - the browser's name
    language: Language = Language.ENGLISH


class RegisterDevice(Body):
    """An app's token."""

    platform: Literal["android", "ios"]
    token: str = Field(
        min_length=16,
        max_length=4_096,
        pattern=r"^[A-Za-z0-9:_-]+$",
        description="That of FCM or of APNs.",
        examples=["c3ab8ff13720e8ad9047dd39466b3c89"],
    )
    app_version: AppVersion = ""
    language: Language = Language.ENGLISH
    badge: int = Field(default=0, ge=0, le=9_999, description="What the app's icon shows now.")


class DeviceOut(Out):
    """A device. Its address is not shown."""

    device_id: UUID
    platform: DevicePlatform
    app_version: str
    language: Language
    registered_at: datetime
    last_seen_at: datetime

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """The device of a document."""
        return cls(
            device_id=document["_id"],
            platform=document["platform"],
            app_version=document["app_version"],
            language=document["language"],
            registered_at=document["registered_at"],
            last_seen_at=document["last_seen_at"],
        )


class Devices(Out):
    """My devices, at most 20."""

    devices: list[DeviceOut]


class WebPushKey(Out):
    """What a browser subscribes with (`applicationServerKey`)."""

    public_key: str
