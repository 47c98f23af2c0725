"""What passes between processes: who is concerned and what changed, never what it says.

A position is the place of a change among all of one Redis: its instant (milliseconds) and a number that counts up by one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from gencharge.core.values.recipient import Recipient

_ALL: Final = "all"
ID: Final = re.compile(r"^([0-9]{1,15})-([0-9]{1,15})$", re.ASCII)


class Kind(StrEnum):
    """What changed."""

    NOTIFICATION = "notification"
    """A notice was written; its id."""
    ANNOUNCEMENT = "announcement"
    """Something was announced to many; its id."""
    BALANCE = "balance"
    """What a customer's wallet holds."""
    RECHARGE = "recharge"
    """The status of a recharge; its id."""


class Position(NamedTuple):
    """The place of a change. `str` of it is the id on the wire."""

    milliseconds: int
    number: int

    def __str__(self) -> str:
        return f"{self.milliseconds}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """The position of an id; None if it is none."""
        match = ID.fullmatch(text)
        return cls(int(match[1]), int(match[2])) if match else None


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a connected client wants to know. `object_id` is empty for a balance. `recipient` is None for everybody."""

    recipient: Recipient | None
    kind: Kind
    object_id: str
    # The same change is passed on once, however often its event is delivered.
    key: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A change that was passed on."""

    position: Position
    recipient: Recipient | None
    kind: Kind
    object_id: str


def address_of(recipient: Recipient | None) -> str:
    """`user:<id>` or `admin:<id>`; `all` for everybody."""
    if recipient is None:
        return _ALL
    return f"{recipient.kind}:{recipient.id}"


def recipient_of(address: str) -> Recipient | None:
    """The recipient of an address; None: everybody. Raises ValueError."""
    if address == _ALL:
        return None
    kind, _, own_id = address.partition(":")
    return Recipient("admin" if kind == "admin" else "user", UUID(own_id))


def parse(text: str) -> Placed:
    """A change as Redis delivers it: `<id> <address> <kind> <object id>`. Raises ValueError."""
    own_id, address, kind, object_id = text.split(" ")
    position = Position.parse(own_id)
    if position is None:
        raise ValueError(f"no position: {own_id!r}")
    return Placed(position, recipient_of(address), Kind(kind), object_id)
