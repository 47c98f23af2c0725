"""What happens to users. `user_id` is the user whom it is about; phone numbers are masked."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSignedUp(Event):
    """A new customer proved that the number is theirs."""

    masked_phone_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Event):
    """A customer gave name and address. `referred_by` is the id of whoever referred them."""

    user_type: str
    referred_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserReactivated(Event):
    """A deactivated customer came back."""
