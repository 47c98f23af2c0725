"""What an event becomes in the audit trail. Works for every event; nothing has to be registered.

who        the actor of the request, or the system
action     the event's name: `PlanRecharged` -> `plan_recharged`
object     the first `<type>_id` field of the event besides `user_id`; without one, the user
changes    the other fields; phone numbers, addresses and secrets in them are masked
result     the event's `result`, else `failed` where its name says so, else `succeeded`
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from gencharge.core import clock
from gencharge.core.document_db import Document
from gencharge.core.events import Envelope
from gencharge.core.phone import mask_numbers
from gencharge.core.telemetry import SECRET_NAMES

# A number is masked where it stands by itself: ten digits inside an id are not a number.
_EMAIL: Final = re.compile(r"([\w.%+-])[\w.%+-]*@([\w-]+(?:\.[\w-]+)+)")
_FAILURES: Final = ("Failed", "Refused", "Rejected", "Reused", "Locked")


def entry_of(envelope: Envelope) -> Document:
    """The audit entry of an event; its id is the event's, so that there is one however often it is delivered."""
    event = envelope.event
    fields = asdict(event)
    owner = fields.pop("user_id")
    kind, identity = _object_of(fields, owner)
    result = fields.pop("result", None) or _result_of(event.topic())
    return {
        "_id": envelope.id,
        "occurred_at": envelope.occurred_at,
        "recorded_at": clock.now(),
        "actor": {"kind": envelope.actor_kind, "id": envelope.actor_id},
        "action": re.sub(r"(?<!^)(?=[A-Z])", "_", event.topic()).lower(),
        "object": {"type": kind, "id": identity},
        "user_id": owner,
        "changes": {name: _masked(name, value) for name, value in fields.items() if name != f"{kind}_id"},
        "request_id": envelope.request_id,
        "address": envelope.address,
        "result": result,
        "sealed": False,
    }


def _object_of(fields: dict[str, Any], owner: str) -> tuple[str, str]:
    for name, value in fields.items():
        if name.endswith("_id") and isinstance(value, str):
            return name.removesuffix("_id"), value
    return "user", owner


def _result_of(topic: str) -> str:
    return "failed" if topic.endswith(_FAILURES) else "succeeded"


def _masked(name: str, value: Any) -> Any:
    if name in SECRET_NAMES:
        return "[hidden]"
    if isinstance(value, dict):
        return {str(key): _masked(str(key), part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(name, part) for part in value]
    if not isinstance(value, str) or _is_id(value):
        return value
    text = mask_numbers(value)
    return _EMAIL.sub(r"\1***@\2", text)


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
