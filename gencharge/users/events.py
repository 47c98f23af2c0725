"""What happens to users. `user_id` is the user whom it is about; phone numbers are masked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSignedUp(Event):
    """A new customer proved that the number is theirs."""

    masked_phone_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Event):
    """A customer gave name and address. `referred_by` is the id of the customer who referred them."""

    user_type: str
    referred_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserReactivated(Event):
    """A deactivated customer came back: by signing in, or through an admin."""

    reason: str = ""
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserBlocked(Event):
    """An admin blocked a customer. Their sessions ended."""

    reason: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUnblocked(Event):
    """An admin unblocked a customer."""

    reason: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeactivated(Event):
    """A customer deactivated their account, or an admin did. Their sessions ended."""

    reason: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserArchived(Event):
    """An account was closed, by its owner or an admin. Number and address are free again; the ledger stays."""

    reason: str
    changes: dict[str, Any]
    erase_after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserErased(Event):
    """The personal data of an archived customer was erased."""

    archived_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUpdated(Event):
    """The name of a customer was changed, which is masked, or the language of their notices."""

    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEmailChanged(Event):
    """A customer's e-mail address changed: they proved a new one, or an admin set it. The old one is to be told.

    `old_counted`: the old address was one that codes could go to. `usable_from`: from when they go to the new one.
    """

    reason: str
    changes: dict[str, Any]
    old_counted: bool
    usable_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPhoneNumberChanged(Event):
    """A customer has another phone number, which they sign in with. All sessions ended; both numbers are to be told."""

    reason: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTypeSwitched(Event):
    """A customer's own number is billed in the other way now."""

    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserKycTierChanged(Event):
    """An admin changed how well a customer is known, which decides the wallet's limits."""

    reason: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KycRequested(Event):
    """A customer asked for a higher KYC tier."""

    kyc_request_id: str
    tier: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KycRequestDecided(Event):
    """An admin approved or rejected a request for a higher KYC tier. `reason`: the evidence, or why not."""

    kyc_request_id: str
    status: str  # approved | rejected
    tier: str
    document: str
    reason: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDataExported(Event):
    """All data about a customer was exported, by them or by an admin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesChanged(Event):
    """A customer gave or took back a consent, or changed which messages they want."""

    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberSaved(Event):
    """A customer saved a number under a nickname."""

    number_id: str
    masked_phone_number: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedNumberChanged(Event):
    """A customer changed a saved number."""

    number_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedNumberRemoved(Event):
    """A customer removed a saved number."""

    number_id: str
    masked_phone_number: str
