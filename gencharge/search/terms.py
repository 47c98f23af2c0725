"""What a text may be, by its form."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from gencharge.core.values.phone import NotAMobileNumber, parse_mobile


@dataclass(frozen=True, slots=True)
class Term:
    """A text that is searched for, and as what."""

    text: str
    id: UUID | None = None
    phone_number: str | None = None


def term_of(text: str) -> Term:
    """The text without blanks at its ends. It is an id, a phone number (E.164), or a reference of some other form."""
    text = text.strip()
    try:
        return Term(text, id=UUID(text))
    except ValueError:
        pass
    try:
        return Term(text, phone_number=parse_mobile(text))
    except NotAMobileNumber:
        return Term(text)
