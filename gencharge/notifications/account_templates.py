"""The texts of notices about how a customer signs in. Security: no preference silences them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from gencharge.core.events.events import Event
from gencharge.core.values.email import masked_email
from gencharge.core.values.phone import masked
from gencharge.notifications.models import Draft, NotificationType, Recipient
from gencharge.users.events import UserEmailChanged, UserPhoneNumberChanged

_NOT_YOU: Final = "If this was not you, contact support at once."


def email_changed(event: UserEmailChanged) -> Draft:
    """To the customer: the account has another address."""
    new = masked_email(event.changes["email"]["new"])
    return _draft(
        event,
        "email_changed",
        "Your e-mail address was changed",
        f"Your account's e-mail address is now {new}. {_NOT_YOU}",
    )


def phone_number_changed(event: UserPhoneNumberChanged) -> Draft:
    """To the customer: they sign in with another number."""
    new = masked(event.changes["phone_number"]["new"])
    return _draft(
        event,
        "phone_number_changed",
        "Your phone number was changed",
        f"You now sign in with {new}. Every device was signed out. {_NOT_YOU}",
    )


def _draft(event: Event, kind: str, title: str, body: str) -> Draft:
    return Draft(
        recipient=Recipient("user", UUID(event.user_id)),
        kind=kind,
        type=NotificationType.TRANSACTIONAL,
        title=title,
        body=body,
        data={},
    )


TEMPLATES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    UserEmailChanged: email_changed,
    UserPhoneNumberChanged: phone_number_changed,
}
