"""What a customer reads when the way they sign in changed."""

from __future__ import annotations

from uuid import UUID

import pytest

from gencharge.auth.events import SignedIn
from gencharge.core.events.events import Event
from gencharge.notifications.account_notices import (
    CONSENTS,
    NOTICES,
    consents_changed,
    refresh_token_reused,
    signed_in,
)
from gencharge.sessions.events import RefreshTokenReused
from gencharge.users.events import (
    KycRequestDecided,
    PreferencesChanged,
    UserDataExported,
    UserEmailChanged,
    UserPhoneNumberChanged,
)
from gencharge.users.models import DEFAULT_PREFERENCES
from tests.make.notifications import USER, english, spoken

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


@pytest.mark.parametrize("kind", ["user", "admin"])
def test_a_sign_in_on_a_new_device_is_announced_and_one_on_a_known_device_is_not(kind: str) -> None:
    event = SignedIn(user_id=USER, kind=kind, session_id="s", device="Firefox\n on Linux", is_new_device=True)
    draft = signed_in(event)
    assert draft is not None
    assert (draft.recipient.kind, draft.recipient.id) == (kind, UUID(USER))
    assert "on a new device: Firefox on Linux." in english(draft).body
    assert signed_in(SignedIn(user_id=USER, kind=kind, session_id="s", device="Firefox")) is None


@pytest.mark.parametrize(
    ("status", "shown", "hidden"),
    [
        ("approved", "Your KYC is complete.", "case 7"),
        ("rejected", "We could not complete your KYC: case 7.", "null"),
    ],
)
def test_a_decision_about_kyc_tells_the_reason_of_a_rejection_and_no_evidence(
    status: str, shown: str, hidden: str
) -> None:
    event = KycRequestDecided(
        user_id=USER,
        kyc_request_id="0198c0de-0000-7000-8000-000000000000",
        status=status,
        tier="full",
        document="passport",
        reason="case 7",
        changes={},
    )
    draft = NOTICES[KycRequestDecided](event)
    assert draft is not None
    assert shown in english(draft).body
    assert hidden not in english(draft).body


def test_a_copy_of_all_data_is_told_to_whom_it_is_about() -> None:
    draft = NOTICES[UserDataExported](UserDataExported(user_id=USER))
    assert draft is not None
    assert draft.kind.is_mandatory
    assert "If you did not ask for it" in english(draft).body
    assert "डेटा की एक प्रति" in spoken(draft, "hi").title


@pytest.mark.parametrize("switch", sorted(DEFAULT_PREFERENCES))
def test_a_changed_consent_is_told_and_a_switch_of_messages_is_not(switch: str) -> None:
    event = PreferencesChanged(user_id=USER, changes={switch: {"old": True, "new": False}})
    draft = consents_changed(event)
    assert (draft is not None) == (switch in CONSENTS)
    if draft is not None:
        assert "take back or give each consent" in english(draft).body


def test_the_consents_are_switches_that_are_off_or_about_the_use_of_data() -> None:
    assert set(DEFAULT_PREFERENCES) > CONSENTS
    assert {name for name, is_on in DEFAULT_PREFERENCES.items() if not is_on} <= CONSENTS


@pytest.mark.parametrize(("language", "words"), [("en", "unknown device"), ("hi", "अज्ञात डिवाइस")])
@pytest.mark.parametrize("device", ["", " \n", "\x00"])
def test_a_device_that_gave_no_name_is_called_unknown(language: str, words: str, device: str) -> None:
    event = SignedIn(user_id=USER, kind="user", session_id="s", device=device, is_new_device=True)
    draft = signed_in(event)
    assert draft is not None
    rendered = spoken(draft, language)
    for text in (rendered.body, rendered.sms, rendered.email_text):
        assert f": {words}" in text
