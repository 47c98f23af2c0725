"""What a customer reads when the way they sign in changed."""

from __future__ import annotations

import pytest

from gencharge.core.events.events import Event
from gencharge.core.values.ids import new_id
from gencharge.notifications.account_templates import TEMPLATES
from gencharge.users.events import UserEmailChanged, UserPhoneNumberChanged

USER = str(new_id())
EMAIL = UserEmailChanged(
    user_id=USER,
    reason="confirmed by the owner",
    changes={"email": {"old": "asha@example.com", "new": "mira@example.com"}},
    old_counted=True,
    usable_from="2026-11-21T00:00:00+00:00",
)
NUMBER = UserPhoneNumberChanged(
    user_id=USER, reason="lost", changes={"phone_number": {"old": "+919876543210", "new": "+919123456780"}}
)


@pytest.mark.parametrize(
    ("event", "title", "shown", "hidden"),
    [
        (EMAIL, "Your e-mail address was changed", "m***@example.com", "mira@"),
        (NUMBER, "Your phone number was changed", "+91******6780", "9123456780"),
    ],
)
def test_the_new_place_is_shown_masked(event: Event, title: str, shown: str, hidden: str) -> None:
    draft = TEMPLATES[type(event)](event)
    assert draft is not None
    assert (draft.title, str(draft.recipient.id), draft.recipient.kind) == (title, USER, "user")
    assert shown in draft.body
    assert hidden not in draft.body + str(draft.data)
    assert "If this was not you" in draft.body
