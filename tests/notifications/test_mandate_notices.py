"""What a customer reads about a mandate."""

from __future__ import annotations

import pytest

from gencharge.core.values.ids import new_id
from gencharge.mandates.events import MandateActivated, MandateEnded
from gencharge.mandates.models import EndReason
from gencharge.notifications.mandate_notices import NOTICES, activated, ended
from tests.make.notifications import english

FACTS = {"user_id": str(new_id()), "mandate_id": str(new_id())}


def test_the_notice_of_a_new_mandate_says_what_may_be_charged_until_when() -> None:
    event = MandateActivated(
        **FACTS, payment_method="upi", max_amount_paise=50_000, expires_at="2031-12-31T19:00:00+00:00"
    )
    draft = activated(event)
    assert english(draft).body == (
        "You allowed charges of up to Rs 500.00 each to your UPI until 1 January 2032. You can revoke it at any time."
    )
    assert draft.data == {"mandate_id": FACTS["mandate_id"]}


def test_the_end_says_why_and_what_to_do() -> None:
    event = MandateEnded(**FACTS, payment_method="card", reason="bank")
    draft = ended(event)
    assert draft is not None
    assert (english(draft).title, english(draft).body) == (
        "Your card mandate has ended",
        "It was revoked at your bank, so nothing will be charged to it any more. To go on, set up a new one.",
    )


@pytest.mark.parametrize("reason", EndReason)
def test_each_reason_has_a_text_or_is_none_of_news(reason: EndReason) -> None:
    draft = NOTICES[MandateEnded](MandateEnded(**FACTS, payment_method="upi", reason=reason.value))
    assert (draft is None) == (reason in {EndReason.NOT_APPROVED, EndReason.ACCOUNT_CLOSED})
