"""The audit trail on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError

from gencharge.core.http.paging import BoundedParams, Page
from gencharge.core.http.web import Out
from gencharge.core.values.ids import SYSTEM


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("instant", "Must be a date of the years 1 to 9999") from None


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
# Words of ours, and ids: whatever looks like an operator of the store's query language is none of them.
Word = Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]
Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:+*-]+$")]


class AuditQuery(BoundedParams):
    """Which entries. Every filter is a plain value that must be equal, or an end of the time."""

    actor_id: UUID | None = Field(default=None, description="Who did it.")
    actor_kind: Literal["user", "admin", "system"] | None = Field(
        default=None, description="`admin`: what the staff did."
    )
    action: Word | None = Field(default=None, examples=["plan_updated"])
    object_type: Word | None = Field(default=None, examples=["plan"])
    object_id: Identifier | None = Field(default=None, description="To what it was done.")
    user_id: UUID | None = Field(default=None, description="The customer whom it concerned.")
    result: Word | None = Field(default=None, examples=["succeeded", "failed"])
    request_id: Identifier | None = Field(default=None, description="The `X-Request-ID` of the request.")
    since: Instant | None = Field(default=None, alias="from", description="Not before this instant.")
    until: Instant | None = Field(default=None, alias="to", description="Before this instant.")
    sort: Literal["occurred_at", "-occurred_at"] = "-occurred_at"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("from must be before to")
        return self


class ActorOut(Out):
    """Who did it. Of the system there is no id."""

    kind: str = Field(examples=["admin"])
    id: str | None


class ObjectOut(Out):
    """To what it was done."""

    type: str = Field(examples=["plan"])
    id: str


class AuditEntryOut(Out):
    """An entry of the audit trail. Personal data in it is masked. `sequence` and `hash` are its place in the chain,
    null until it is sealed, some seconds after it was recorded."""

    id: UUID
    occurred_at: datetime
    recorded_at: datetime
    actor: ActorOut
    action: str = Field(examples=["plan_updated"])
    object: ObjectOut
    user_id: UUID | None = Field(description="The customer whom it concerned.")
    changes: dict[str, Any] = Field(examples=[{"price_paise": {"old": 19900, "new": 21900}}])
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

        Taken as it is: an entry that somebody tampered with is shown, too.
        """
        actor: Any = entry.get("actor") or {}
        thing: Any = entry.get("object") or {}
        owner = entry.get("user_id")
        return cls.model_construct(
            id=entry["_id"],
            occurred_at=entry.get("occurred_at"),
            recorded_at=entry.get("recorded_at"),
            actor=ActorOut.model_construct(kind=actor.get("kind"), id=actor.get("id") or None),
            action=entry.get("action"),
            object=ObjectOut.model_construct(type=thing.get("type"), id=thing.get("id")),
            user_id=owner if owner != str(SYSTEM) else None,
            changes=entry.get("changes") or {},
            details=entry.get("details") or {},
            reason=entry.get("reason"),
            request_id=entry.get("request_id"),
            address=entry.get("address"),
            result=entry.get("result"),
            sequence=entry.get("sequence"),
            hash=entry.get("hash"),
        )


class AuditPage(Page[AuditEntryOut]):
    """A page of the audit trail. It may hold fewer entries than `limit`, even none, and still have a next cursor."""
