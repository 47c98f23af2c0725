"""The audit trail on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from gencharge.core.http.history import Period
from gencharge.core.http.paging import BoundedParams, Page
from gencharge.core.http.web import Out
from gencharge.core.values import facts
from gencharge.core.values.codes import Choice
from gencharge.core.values.ids import SYSTEM_USER_ID

# Our own words, and ids; neither can be an operator of MongoDB's query language.
Word = Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]
Action = Annotated[Word, Choice("audit_action")]
ObjectType = Annotated[Word, Choice("audit_object_type")]
Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:+*-]+$")]


class AuditQuery(BoundedParams, Period):
    """Which entries. Every filter is a plain value that must be equal, or an end of the time."""

    actor_id: UUID | None = Field(default=None, description="Who did it.")
    actor_kind: Literal["user", "admin", "system"] | None = Field(
        default=None, description="`admin`: what the staff did."
    )
    action: Action | None = Field(default=None, examples=["plan_updated"])
    object_type: ObjectType | None = Field(default=None, examples=["plan"])
    object_id: Identifier | None = Field(default=None, description="To what it was done.")
    user_id: UUID | None = Field(default=None, description="The customer whom it concerned.")
    result: Word | None = Field(default=None, examples=["succeeded", "failed"])
    request_id: Identifier | None = Field(default=None, description="The `X-Request-ID` of the request.")
    sort: Literal["occurred_at", "-occurred_at"] = "-occurred_at"


class AuditEntryOut(Out):
    """An entry of the audit trail. Personal data in it is masked. `sequence` and `hash` are its place in the chain,
    null until it is sealed, some seconds after it was recorded."""

    entry_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    actor_kind: str = Field(description="Who did it: `user`, `admin` or `system`.", examples=["admin"])
    actor_id: str | None = Field(description="null: the system.")
    action: str = Field(examples=["plan_updated"])
    object_type: str = Field(description="To what it was done.", examples=["plan"])
    object_id: str
    user_id: UUID | None = Field(description="The customer whom it concerned.")
    changes: dict[str, Any] = Field(examples=[{"price": {"old": 199.00, "new": 219.00}}])
    details: dict[str, Any] = Field(description="What else is known about it.")
    reason: str | None
    request_id: str
    address: str
    result: str = Field(examples=["succeeded"])
    sequence: int | None = Field(examples=[4711])
    hash: str | None

    @classmethod
    def of(cls, entry: Any) -> AuditEntryOut:
        """The wire form of an entry.

        Not validated, so that an entry that was tampered with is shown, too.
        """
        actor: Any = entry.get("actor") or {}
        thing: Any = entry.get("object") or {}
        owner = entry.get("user_id")
        return cls.model_construct(
            entry_id=entry["_id"],
            occurred_at=entry.get("occurred_at"),
            recorded_at=entry.get("recorded_at"),
            actor_kind=actor.get("kind"),
            actor_id=actor.get("id") or None,
            action=entry.get("action"),
            object_type=thing.get("type"),
            object_id=thing.get("id"),
            user_id=owner if owner != str(SYSTEM_USER_ID) else None,
            changes=_values_to_out(entry.get("changes")),
            details=_values_to_out(entry.get("details")),
            reason=entry.get("reason"),
            request_id=entry.get("request_id"),
            address=entry.get("address"),
            result=entry.get("result"),
            sequence=entry.get("sequence"),
            hash=entry.get("hash"),
        )


def _values_to_out(facts_of_entry: Any) -> Any:
    """Amounts in rupees and instants in UTC; anything but a mapping was tampered with, and is shown as it is."""
    return facts.shown(facts_of_entry) if isinstance(facts_of_entry, dict) else facts_of_entry or {}


class AuditEntryPage(Page[AuditEntryOut]):
    """A page of the audit trail. It may hold fewer entries than `limit`, even none, and still have a next cursor."""
