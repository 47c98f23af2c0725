"""What a customer reads about an automatic top-up."""

from __future__ import annotations

import pytest

from gencharge.autopay.events import (
    AutoTopupAnnounced,
    AutoTopupFailed,
    AutoTopupHeldBack,
    AutoTopupPaused,
)
from gencharge.autopay.models import HeldBack, TopupPauseReason
from gencharge.core.values.ids import new_id
from gencharge.notifications.topup_notices import ANNOUNCED, announced, failed, held_back, paused
from tests.make.notifications import english

USER = str(new_id())


def test_the_notice_a_day_before_says_what_when_and_how_to_skip() -> None:
    event = AutoTopupAnnounced(
        user_id=USER, amount_paise=50_000, threshold_paise=10_000, charge_at="2027-01-30T00:30:00+00:00"
    )
    assert english(announced(event)).body == (
        "Your wallet holds less than Rs 100.00. Rs 500.00 will be charged to your mandate on 30 January 2027 at 06:00. "
        "You can skip this one until then."
    )
    assert ANNOUNCED.is_mandatory


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("payment_failed", "your bank did not pay by your mandate"),
        ("something_new", "the payment could not be made"),
    ],
)
def test_a_failure_says_why_and_when_it_is_tried_again(reason: str, why: str) -> None:
    event = AutoTopupFailed(
        user_id=USER, amount_paise=50_000, reason=reason, retry_at="2027-01-30T08:00:00+00:00"
    )
    assert english(failed(event)).body == (
        f"Rs 500.00 could not be added to your wallet: {why}. We will try again on 30 January 2027 at 13:30."
    )


@pytest.mark.parametrize("reason", HeldBack)
def test_every_limit_has_a_sentence(reason: HeldBack) -> None:
    event = AutoTopupHeldBack(
        user_id=USER, amount_paise=50_000, monthly_max_paise=200_000, reason=reason.value
    )
    body = english(held_back(event)).body
    assert body.startswith("Your wallet runs low, but Rs 500.00 was not added: ")
    assert ("Rs 2,000.00 a month" in body) == (reason is HeldBack.MONTHLY_MAX)


@pytest.mark.parametrize("reason", sorted(set(TopupPauseReason) - {TopupPauseReason.CUSTOMER}))
def test_every_reason_to_pause_has_a_sentence(reason: str) -> None:
    event = AutoTopupPaused(user_id=USER, amount_paise=50_000, reason=reason)
    assert english(paused(event)).body.startswith("Rs 500.00 will not be added to your wallet any more: ")
