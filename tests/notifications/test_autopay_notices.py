"""What a customer reads about an autopay."""

from __future__ import annotations

from typing import Any

import pytest

from gencharge.autopay.events import AutopayAnnounced, AutopayFailed, AutopayPaused, AutopaySkipped
from gencharge.autopay.models import PauseReason
from gencharge.core.events.events import Event
from gencharge.core.values.ids import new_id
from gencharge.notifications.autopay_notices import NOTICES
from tests.make.notifications import english

FACTS: dict[str, Any] = {
    "user_id": str(new_id()),
    "autopay_id": str(new_id()),
    "phone_number": "+919876543210",
    "plan_name": "Jio 299",
}


def body_of(event: Event) -> str:
    draft = NOTICES[type(event)](event)
    assert draft is not None
    assert str(draft.recipient.id) == FACTS["user_id"]
    assert draft.data["autopay_id"] == FACTS["autopay_id"]
    return english(draft).body


def test_the_notice_says_what_when_and_how_to_skip() -> None:
    event = AutopayAnnounced(
        **FACTS, due_at="2027-01-30T00:30:00+00:00", price_paise=29_900, max_amount_paise=35_000
    )
    assert body_of(event) == (
        "Jio 299 for 98765 43210 is due on 30 January 2027 at 06:00. Rs 299.00 will be taken from your wallet. "
        "You can skip this one until then."
    )


def paused(reason: str) -> AutopayPaused:
    return AutopayPaused(**FACTS, reason=reason, price_paise=34_900, max_amount_paise=29_900)


def test_a_higher_price_is_named_with_the_limit() -> None:
    assert body_of(paused("price")) == (
        "Jio 299 for 98765 43210 is paused: it costs Rs 349.00 now, more than your limit of Rs 299.00. Raise the limit and "
        "resume it to go on. Nothing was charged."
    )


@pytest.mark.parametrize("reason", sorted(set(PauseReason) - {PauseReason.CUSTOMER}))
def test_every_reason_to_pause_has_a_sentence(reason: str) -> None:
    assert "is paused:" in body_of(paused(reason))


@pytest.mark.parametrize(
    ("retry_at", "next_due", "then"),
    [
        (
            "2027-01-30T08:00:00+00:00",
            "2027-01-30T06:00:00+00:00",
            "We will try again on 30 January 2027 at 13:30.",
        ),
        (None, "2027-02-27T00:30:00+00:00", "the next one is due on 27 February 2027 at 06:00."),
        (None, None, "We will not try again. You can recharge the number yourself at any time."),
    ],
)
def test_a_failure_says_why_and_what_happens_next(
    retry_at: str | None, next_due: str | None, then: str
) -> None:
    event = AutopayFailed(
        **FACTS,
        reason="insufficient_balance",
        due_at="2027-01-30T06:00:00+00:00",
        retry_at=retry_at,
        next_due=next_due,
    )
    body = body_of(event)
    assert "there is not enough money in your wallet" in body
    assert body.endswith(then)
    assert "the recharge could not be made" in body_of(
        AutopayFailed(**FACTS, reason="unheard_of", due_at="", retry_at=None, next_due=None)
    )


BILL: dict[str, Any] = FACTS | {"plan_name": "Postpaid bill", "kind": "bill"}


@pytest.mark.parametrize(
    ("paise", "sentence"),
    [
        (64_900, "It is Rs 649.00 now; if it changes, up to Rs 1,000.00 is paid."),
        (0, "Its amount is not known yet; up to Rs 1,000.00 is paid."),
    ],
)
def test_the_notice_of_a_bill_names_its_amount_if_it_is_known(paise: int, sentence: str) -> None:
    event = AutopayAnnounced(
        **BILL, due_at="2027-01-30T00:30:00+00:00", price_paise=paise, max_amount_paise=1_000_00
    )
    assert body_of(event) == (
        "The bill of 98765 43210 will be paid from your wallet on 30 January 2027 at 06:00. "
        f"{sentence} You can skip this one until then."
    )


def test_a_pause_of_a_bill_speaks_of_the_bill() -> None:
    above = AutopayPaused(**BILL, reason="price", price_paise=1_200_00, max_amount_paise=1_000_00)
    assert "the bill is Rs 1,200.00, more than your limit of Rs 1,000.00." in body_of(above)
    moved = AutopayPaused(**BILL, reason="number_changed", price_paise=0, max_amount_paise=1_000_00)
    assert "the operator has no bills for the number any more" in body_of(moved)


def test_a_failed_payment_of_a_bill_says_when_it_is_tried_again() -> None:
    event = AutopayFailed(
        **BILL,
        reason="bill_operator_unavailable",
        due_at="2027-01-30T00:30:00+00:00",
        retry_at="2027-01-30T02:30:00+00:00",
        next_due="2027-02-28T00:30:00+00:00",
    )
    assert body_of(event) == (
        "The bill of 98765 43210 was not paid: the operator is not answering about bills right now. "
        "We will try again on 30 January 2027 at 08:00."
    )


def test_without_a_bill_its_owner_learns_that_nothing_was_paid() -> None:
    facts = {name: FACTS[name] for name in ("user_id", "autopay_id", "phone_number")}
    event = AutopaySkipped(
        **facts, operator="JIO", reason="no_bill_due", due_at="2027-01-30T00:30:00+00:00", next_due=None
    )
    assert body_of(event) == "Nothing was due on 98765 43210, so nothing was paid. This autopay has ended."
