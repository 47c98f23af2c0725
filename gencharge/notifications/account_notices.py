"""Notices about an account: how somebody signs in (security: no preference stops them), the KYC tier, and what is done with personal data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from gencharge.auth.events import SignedIn
from gencharge.core.events.events import Event
from gencharge.core.values.email import masked_email
from gencharge.core.values.phone import masked
from gencharge.notifications.kinds import (
    APP_ONLY,
    EVERYWHERE,
    INBOX,
    NO_SMS,
    Draft,
    Kind,
    Values,
    choice,
    device,
    label,
)
from gencharge.notifications.models import Recipient, owner_of
from gencharge.sessions.events import RefreshTokenReused
from gencharge.users.events import (
    KycRequestDecided,
    PreferencesChanged,
    UserDataExported,
    UserEmailChanged,
    UserPhoneNumberChanged,
)

# Old and new places are written to by `auth`, in messages of their own.
EMAIL_CHANGED: Final = Kind(
    "email_changed", APP_ONLY, {"email": label("m***@example.com", required=True)}, is_mandatory=True
)
PHONE_NUMBER_CHANGED: Final = Kind(
    "phone_number_changed", APP_ONLY, {"number": label("+91******6780", required=True)}, is_mandatory=True
)
SIGNED_IN: Final = Kind(
    "new_device_signed_in",
    EVERYWHERE,
    {"device": device(required=True)},
    is_mandatory=True,
)
REFRESH_TOKEN_REUSED: Final = Kind("refresh_token_reused", EVERYWHERE, is_mandatory=True)


KYC_DECIDED: Final = Kind(
    "kyc_decided",
    NO_SMS,
    {"outcome": choice("approved", "rejected"), "reason": label("the passport has expired", optional=True)},
)
# A copy of all that is held about somebody is what a thief wants most.
DATA_EXPORTED: Final = Kind("data_exported", NO_SMS, is_mandatory=True)
CONSENTS_CHANGED: Final = Kind("consents_changed", INBOX, is_mandatory=True)
# The switches that are consents in the sense of the DPDP Act 2023, section 6; the others say how the service is to reach its customer.
CONSENTS: Final = frozenset(
    {"marketing_communication", "promotional_offers", "data_analytics", "third_party_integrations"}
)


def kyc_decided(event: KycRequestDecided) -> Draft:
    """To the customer: they have the full tier, or why not."""
    rejected = event.status == "rejected"
    values: Values = {"outcome": event.status, "reason": event.reason if rejected else None}
    return Draft(owner_of(event), KYC_DECIDED, values, {"kyc_request_id": event.kyc_request_id})


def email_changed(event: UserEmailChanged) -> Draft:
    """To the customer: the account has another address."""
    new = masked_email(event.changes["email"]["new"])
    return Draft(owner_of(event), EMAIL_CHANGED, {"email": new})


def phone_number_changed(event: UserPhoneNumberChanged) -> Draft:
    """To the customer: they sign in with another number."""
    new = masked(event.changes["phone_number"]["new"])
    return Draft(owner_of(event), PHONE_NUMBER_CHANGED, {"number": new})


def signed_in(event: SignedIn) -> Draft | None:
    """To the owner of the account: somebody signed in with a device that was not known. None for a known one."""
    if not event.is_new_device:
        return None
    recipient = Recipient("admin" if event.kind == "admin" else "user", UUID(event.user_id))
    return Draft(recipient, SIGNED_IN, {"device": event.device}, {"session_id": event.session_id})


def refresh_token_reused(event: RefreshTokenReused) -> Draft:
    """To the owner of a sign-in that may have been copied."""
    recipient = Recipient("admin" if event.kind == "admin" else "user", UUID(event.user_id))
    return Draft(recipient, REFRESH_TOKEN_REUSED, {}, {"session_id": event.session_id})


def data_exported(event: UserDataExported) -> Draft:
    """To the customer: somebody has a copy of all that is held about them (DPDP Act 2023, section 11)."""
    return Draft(owner_of(event), DATA_EXPORTED)


def consents_changed(event: PreferencesChanged) -> Draft | None:
    """To the customer: what may be done with their data is different now. None if it is only how they are reached."""
    return Draft(owner_of(event), CONSENTS_CHANGED) if CONSENTS & event.changes.keys() else None


KINDS: Final = (
    EMAIL_CHANGED,
    PHONE_NUMBER_CHANGED,
    SIGNED_IN,
    REFRESH_TOKEN_REUSED,
    KYC_DECIDED,
    DATA_EXPORTED,
    CONSENTS_CHANGED,
)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    UserEmailChanged: email_changed,
    KycRequestDecided: kyc_decided,
    UserPhoneNumberChanged: phone_number_changed,
    SignedIn: signed_in,
    RefreshTokenReused: refresh_token_reused,
    UserDataExported: data_exported,
    PreferencesChanged: consents_changed,
}
