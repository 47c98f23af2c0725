"""What an event becomes in the audit trail. Works for every event; nothing has to be registered.

who        the actor of the request, or the system
action     the event's name: `PlanRecharged` -> `plan_recharged`
object     the first `<type>_id` field of the event besides `user_id`; without one, the user
changes    old -> new value of each field that changed: the event's `changes`
details    the event's other facts
reason     why, if the event says it
result     the event's `result`, else `failed` if its name says so, else `succeeded`

Personal data and secrets are masked in all of it (`masking`).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from gencharge.audit import masking
from gencharge.core.events.events import Envelope, Event
from gencharge.core.stores.mongo import Document
from gencharge.core.values import clock

_FAILURES: Final = ("Failed", "Refused", "Rejected", "Reused", "Locked")


def entry_of(envelope: Envelope) -> Document:
    """The audit entry of an event; its id is the event's, so that an event that is delivered twice has one entry."""
    event = envelope.event
    fields = asdict(event)
    owner = fields.pop("user_id")
    kind, identity = _object_of(fields, owner)
    fields.pop(f"{kind}_id", None)
    result = fields.pop("result", None) or _result_of(event.topic())
    reason = fields.pop("reason", None)
    changed = fields.pop("changes", None) or {}
    return {
        "_id": envelope.id,
        "occurred_at": envelope.occurred_at,
        "recorded_at": clock.now(),
        "actor": {"kind": envelope.actor_kind, "id": envelope.actor_id},
        "action": _action(event.topic()),
        "object": {"type": kind, "id": masking.mask_text(identity)},
        "user_id": owner,
        "changes": masking.mask_fields(kind, changed),
        "details": masking.mask_fields(kind, fields),
        "reason": masking.mask_text(reason) if isinstance(reason, str) else None,
        "request_id": envelope.request_id,
        "address": envelope.address,
        "result": result,
        "sealed": False,
    }


def actions() -> Iterator[str]:
    """What an entry's `action` can be: the names of the events that are audited."""
    for kind in Event.registry.values():
        if kind.audited:
            yield _action(kind.topic())


def object_types() -> Iterator[str]:
    """What an entry's object can be: what the events that are audited name by its id."""
    yield "user"
    for kind in Event.registry.values():
        if kind.audited:
            names = (each.name for each in dataclasses.fields(kind))
            yield from (name.removesuffix("_id") for name in names if name.endswith("_id"))


def _action(topic: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", topic).lower()


def masked_payload(payload: dict[str, Any]) -> dict[str, Any]:
    """The fields of an event, masked as its entry has them: of the result an entry says the same."""
    fields = dict(payload)
    owner = fields.pop("user_id")
    kind, _ = _object_of(fields, owner)
    # The first `<type>_id` names the object, and its entry masks it as a text.
    return {"user_id": owner, **masking.mask_fields(kind, fields)}


def _object_of(fields: dict[str, Any], owner: str) -> tuple[str, str]:
    for name, value in fields.items():
        if name.endswith("_id") and isinstance(value, str):
            return name.removesuffix("_id"), value
    return "user", owner


def _result_of(topic: str) -> str:
    return "failed" if topic.endswith(_FAILURES) else "succeeded"
