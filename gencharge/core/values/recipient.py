"""Who is told something, and what for: notices in inboxes and messages to phones and mailboxes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

RecipientKind = Literal["user", "admin", "visitor"]


class NotificationType(StrEnum):
    """What a notice is for; preferences and quiet hours depend on it."""

    TRANSACTIONAL = "transactional"
    """Something that the recipient did, or that happened to their money, plans or sign-ins."""
    REMINDER = "reminder"
    """Something that the recipient may want to do soon."""
    ANNOUNCEMENT = "announcement"
    """News for many."""
    PROMOTIONAL = "promotional"
    """An offer."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whose inbox. Users and admins have ids of their own; the kind keeps their inboxes apart. A visitor has no account and no inbox: the id is
    that of what they sent us."""

    kind: RecipientKind
    id: UUID

    def __hash__(self) -> int:
        # Ids of two kinds hardly ever collide, and thousands of recipients are looked up for one announcement.
        # Not of the UUID: its hash is one call more, and the same.
        return hash(self.id.int)


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a recipient is reached now: a number (E.164) and a confirmed e-mail address, each empty if there is none.

    `is_active`: the account is neither blocked nor closed; `is_closed`: it is closed, and not erased yet.
    """

    phone_number: str
    email: str
    is_active: bool
    is_closed: bool = False
