"""Messages of GenCharge to your server (standardwebhooks.com): is it from GenCharge, and what does it say?

    message = webhooks.verify(secret, request.headers, request.body)
    if isinstance(message, RechargeMessage) and message.type == "recharge.delivered":
        ...

Answer 2xx within 10 seconds. A message may come twice: `webhook-id` is the same then.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from gencharge_client.errors import SignatureInvalid
from gencharge_client.models import PaymentMessage, RechargeMessage, RefundMessage

# How old a message may be, and how far in the future: clocks differ, and a recorded message must not be sent again.
TOLERANCE_SECONDS: Final = 300


class OtherMessage(BaseModel):
    """A message of a kind that this version does not know, such as `webhook.test`."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


Message = RechargeMessage | PaymentMessage | RefundMessage | OtherMessage
_KINDS: Final[dict[str, type[RechargeMessage | PaymentMessage | RefundMessage]]] = {
    "recharge": RechargeMessage,
    "payment": PaymentMessage,
    "refund": RefundMessage,
}


def verify(
    secret: str | Sequence[str], headers: Mapping[str, str], body: bytes, *, now: float | None = None
) -> Message:
    """The message. Raises SignatureInvalid.

    `secret` is the endpoint's `whsec_...`, or both while it is being changed; `body` the bytes as they came; `now` Unix seconds.
    """
    named = {name.lower(): value for name, value in headers.items()}
    message_id, sent_at = named.get("webhook-id", ""), named.get("webhook-timestamp", "")
    if not message_id or not sent_at.isdecimal():
        raise SignatureInvalid("the headers webhook-id and webhook-timestamp are missing")
    if abs((time.time() if now is None else now) - int(sent_at)) > TOLERANCE_SECONDS:
        raise SignatureInvalid("the message is too old, or this computer's clock is wrong")
    content = f"{message_id}.{sent_at}.".encode() + body
    secrets = [secret] if isinstance(secret, str) else secret
    expected = [_signature(one, content) for one in secrets]
    signatures = named.get("webhook-signature", "").encode().split()
    # Compared in a time that tells nothing about how much of it was right.
    if not any([hmac.compare_digest(one, signature) for one in expected for signature in signatures]):
        raise SignatureInvalid("no signature is made with this secret")
    return _read(body)


def _signature(secret: str, content: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError as error:
        raise ValueError("a secret is whsec_ and base64, as the endpoint's answer had it") from error
    return b"v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())


def _read(body: bytes) -> Message:
    other = OtherMessage.model_validate_json(body)
    kind = _KINDS.get(other.type.partition(".")[0])
    if kind is None:
        return other
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        # Signed, so it is genuine: of a version whose fields this one does not know.
        return other
