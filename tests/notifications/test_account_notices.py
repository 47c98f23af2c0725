"""What a customer reads when the way they sign in changed."""

from __future__ import annotations

from uuid import UUID

import pytest

from gencharge.core.events.events import Event
from gencharge.notifications.account_notices import NOTICES, refresh_token_reused
from gencharge.sessions.events import RefreshTokenReused
from gencharge.users.events import UserEmailChanged, UserPhoneNumberChanged
from tests.make.notifications import USER, english

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
    draft = NOTICES[type(event)](event)
    assert draft is not None
    rendered = english(draft)
    assert (rendered.title, str(draft.recipient.id), draft.recipient.kind) == (title, USER, "user")
    assert shown in rendered.body
    assert hidden not in rendered.body + str(draft.data)
    assert "If this was not you" in rendered.body


@pytest.mark.parametrize("kind", ["user", "admin"])
def test_a_reused_refresh_token_is_announced_to_its_owner_in_the_right_inbox(kind: str) -> None:
    draft = refresh_token_reused(RefreshTokenReused(user_id=USER, session_id="s", kind=kind))
    assert (draft.recipient.kind, draft.recipient.id) == (kind, UUID(USER))
    assert draft.kind.is_mandatory
