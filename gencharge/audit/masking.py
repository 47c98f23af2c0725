"""What the audit trail never keeps in full: numbers, addresses, people's names, secrets.

    phone numbers    `+919876543210` -> `+91******3210`, in any text, however it is written
    e-mails          `asha@example.com` -> `a***@example.com`, in any text
    people's names   `Asha Rao` -> `A***`, by the field's name: of a plan, role or offer a `name` stays
    where they live  `***`, by the field's name, and when they were born
    secrets          `[hidden]`, by the field's name; tokens in any text

A nested value is masked by the name of its field, `old` and `new` by that of the field that
changed, so that a change shows without its values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from gencharge.core.telemetry import PERSONS_NAMES, SECRET_NAMES, cut_tokens
from gencharge.core.values.email import mask_emails
from gencharge.core.values.phone import mask_numbers

# By its end or its beginning: `webhook_secret`, `recovery_codes`, `password_hash`, `private_key`.
_SECRET: Final = re.compile(
    r"(^|_)(secret|token|otp|totp|password|passphrase|pin|cvv|cookie|authorization|credential|recovery_code"
    r"|backup_code|private_key|api_key|secret_key|signing_key|signature)s?(_hash|_digest|_cipher|_encrypted)?$"
)
# A `code` is a one-time code, except of what is public: an operator's code is its name.
_PUBLIC_CODES: Final = frozenset(
    {"operator", "circle", "plan", "plan_group", "group", "offer", "offer_type", "transfer", "transaction"}
)
_PEOPLE: Final = frozenset({"user", "admin", "contact", "submission", "sender", "person", "invitation"})
_PLACES: Final = re.compile(
    r"(^|_)(address|address_line_?\d?|addresses|street|house|landmark|pin_?code|postal_code|zip_?code"
    r"|date_of_birth|birth_?date|birthday|dob|gstin|aadhaar|latitude|longitude)$"
)
_PHONES: Final = re.compile(r"(^|_)(phone|mobile|number|phone_number|msisdn)s?$")
_SIDES: Final = frozenset({"old", "new"})


def mask_fields(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an event about an object of this kind (`user`, `plan`, ...), fit to be kept."""
    return {mask_text(str(name)): _mask(kind, str(name), value) for name, value in fields.items()}


def mask_text(text: str) -> str:
    """Any text without numbers, e-mail addresses and tokens; an id stays as it is."""
    if _is_id(text):
        return text
    return mask_emails(cut_tokens(mask_numbers(text)))


def _mask(kind: str, name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        own = _hides(kind, name) or value.keys() <= _SIDES
        return {
            mask_text(str(key)): _mask(kind, name if own else str(key), part) for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_mask(kind, name, part) for part in value]
    if _is_secret(kind, name):
        return "[hidden]"
    if _PLACES.search(name):
        return "***"
    if isinstance(value, int | float):
        return mask_text(str(value)) if _PHONES.search(name) else value
    text = str(value)
    if _is_persons_name(kind, name) and text:
        return f"{text[0]}***"
    return mask_text(text)


def _hides(kind: str, name: str) -> bool:
    return _is_secret(kind, name) or _is_persons_name(kind, name) or bool(_PLACES.search(name))


def _is_secret(kind: str, name: str) -> bool:
    if name == "code":
        return kind not in _PUBLIC_CODES
    return name in SECRET_NAMES or bool(_SECRET.search(name))


def _is_persons_name(kind: str, name: str) -> bool:
    return (name in {"name", "display_name"} and kind in _PEOPLE) or bool(PERSONS_NAMES.match(name))


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
