"""The gateway's webhook: what its signature must be, and what is kept of its body."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson
from pydantic import SecretStr

from gencharge.core.errors import MalformedJson
from gencharge.core.settings import Settings
from gencharge.payments.razorpay_replies import bank_reference

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_MAX_PAISE: Final = 2**53
_PAYMENT_FIELDS: Final = ("id", "order_id", "currency", "status", "error_reason")
_REFUND_FIELDS: Final = ("id", "payment_id", "currency", "status", "receipt")
_TOKEN_FIELDS: Final = ("id",)
_PAYOUT_FIELDS: Final = ("id", "reference_id", "status")
Part = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """A webhook without personal data or secrets: ids, amounts (paise) and states; a token as its hash."""

    kind: str
    # None if the webhook names no order or lacks what is needed to apply it: it is retried, and parked after a day.
    order_id: str | None
    body: dict[str, Part]


def signature_problem(settings: Settings, signature: bytes, body: bytes) -> str | None:
    """What is wrong with a webhook's signature; None if it is genuine by the current or the previous secret."""
    if not signature:
        return "signature_missing"
    genuine = False
    for secret in (settings.payment_webhook_secret, settings.payment_previous_webhook_secret):
        # Both are always compared, so that the response time reveals nothing.
        genuine = (secret is not None and _is_signed(secret, signature, body)) or genuine
    return None if genuine else "signature_wrong"


def _is_signed(secret: SecretStr, signature: bytes, body: bytes) -> bool:
    expected = hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).hexdigest().encode()
    return hmac.compare_digest(expected, signature)


def event_id_of(header: bytes, body: bytes) -> str:
    """The id of a webhook by its header; one without a usable id is known by the hash of its body."""
    event_id = header.decode("latin-1")
    return event_id if _NAME.fullmatch(event_id) else hashlib.sha256(body).hexdigest()


def read(body: bytes) -> WebhookMessage:
    """The webhook in a request body. Raises MalformedJson."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedJson from None
    if not isinstance(document, dict):
        raise MalformedJson
    kind, payload = document.get("event"), document.get("payload")
    if not isinstance(kind, str) or not _NAME.fullmatch(kind) or not isinstance(payload, dict):
        raise MalformedJson
    parts = {
        "payment": _part(payload, "payment", _PAYMENT_FIELDS),
        "refund": _part(payload, "refund", _REFUND_FIELDS),
    }
    present = {name: part for name, part in parts.items() if part is not None}
    token = _part(payload, "token", _TOKEN_FIELDS) or {}
    if isinstance(token_id := token.get("id"), str):
        # Who has a token and our keys can charge by it: in clear it is kept nowhere.
        present["token"] = {"hash": token_hash(token_id)}
    if (payout := _payout(payload)) is not None:
        present["payout"] = payout
    needed = ("payment", "refund") if kind.startswith("refund.") else ("payment",)
    is_whole = all({"id", "amount", "currency"} <= present.get(name, {}).keys() for name in needed)
    order_id = present.get("payment", {}).get("order_id")
    return WebhookMessage(kind, order_id if is_whole and isinstance(order_id, str) else None, present)


def token_hash(token_id: str) -> str:
    """How a token is found again: SHA-256 in hex. The gateway's tokens are random, so that it tells nothing of them."""
    return hashlib.sha256(token_id.encode()).hexdigest()


def _payout(payload: Mapping[str, object]) -> Part | None:
    """What is said of a payout that we sent: its note says whose it is. None of any other."""
    part = _part(payload, "payout", _PAYOUT_FIELDS) or {}
    wrapper = payload.get("payout")
    entity = wrapper.get("entity") if isinstance(wrapper, dict) else None
    notes = entity.get("notes") if isinstance(entity, dict) else None
    owner = notes.get("user_id") if isinstance(notes, dict) else None
    if not {"id", "reference_id"} <= part.keys() or not isinstance(owner, str) or not _UUID.fullmatch(owner):
        return None
    return {**part, "user_id": owner}


def _part(payload: Mapping[str, object], name: str, fields: tuple[str, ...]) -> Part | None:
    """`payload.<name>.entity`, reduced to `fields` and the amount; None if there is no such object."""
    wrapper = payload.get(name)
    entity = wrapper.get("entity") if isinstance(wrapper, dict) else None
    if not isinstance(entity, dict):
        return None
    part: Part = {}
    for field in fields:
        value = entity.get(field)
        if isinstance(value, str) and _NAME.fullmatch(value):
            part[field] = value
    if name == "payment" and (reference := bank_reference(entity)) is not None:
        part["bank_reference"] = reference
    amount = entity.get("amount")
    if isinstance(amount, int) and not isinstance(amount, bool) and 0 <= amount < _MAX_PAISE:
        part["amount"] = amount
    return part
