"""A timeline: in order, in plain words, and honest about what is not known yet."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gencharge.channels.models import OperatorAttempt
from gencharge.complaints.models import Complaint, ComplaintReason
from gencharge.core.values.ids import new_id
from gencharge.core.values.language import Language
from gencharge.payments.models import Payment
from gencharge.recharge.events import QUEUED_PLAN_CANCELLED
from gencharge.recharge.models import ActivePlan, Recharge, RechargeRefund
from gencharge.stories.schemas import Step, WaitsFor
from gencharge.stories.steps import Facts, Reader, steps_of, waits_for

OWNER = new_id()
START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def make_recharge(**overrides: Any) -> Recharge:
    values = {
        "plan_name": "Unlimited 299",
        "operator": "JIO",
        "status": "processing",
        "created_at": at(0),
        "completed_at": None,
    }
    return Recharge(**(values | overrides))


def facts(recharge: Recharge, **overrides: Any) -> Facts:
    return Facts(**({"recharge": recharge, "payment": None, "attempts": [], "refunds": []} | overrides))


def attempt(number: int, seconds: int) -> OperatorAttempt:
    return OperatorAttempt(attempt=number, started_at=at(seconds))


def timeline_of(about: Facts) -> list[tuple[Step, datetime]]:
    return [(step.step, step.at) for step in steps_of(about)]


def test_a_recharge_from_the_wallet_in_the_operators_own_system_is_ordered_and_delivered_at_once() -> None:
    done = make_recharge(status="delivered", completed_at=at(0))
    assert timeline_of(facts(done)) == [(Step.ORDERED, at(0)), (Step.DELIVERED, at(0))]


def test_a_payment_two_attempts_and_a_refund_stand_where_they_happened() -> None:
    done = make_recharge(status="refunded", completed_at=at(90))
    about = facts(
        done,
        payment=Payment(amount=29_900, captured_at=at(20)),
        attempts=[attempt(1, 21), attempt(2, 60)],
        refunds=[RechargeRefund(amount=9_900, destination="wallet", created_at=at(600))],
    )
    assert timeline_of(about) == [
        (Step.ORDERED, at(0)),
        (Step.PAID, at(20)),
        (Step.SENT, at(21)),
        (Step.SENT, at(60)),
        (Step.DELIVERED, at(90)),
        (Step.REFUNDED, at(600)),
    ]
    texts = [step.text for step in steps_of(about)]
    assert texts[1] == "We received Rs 299.00."
    assert texts[2:4] == ["We sent it to JIO.", "We sent it to JIO again."]
    assert texts[5] == "We refunded Rs 99.00 into your wallet."


def test_money_that_came_after_the_recharge_had_failed_stands_after_its_end() -> None:
    late = make_recharge(status="failed", completed_at=at(60))
    about = facts(late, payment=Payment(amount=29_900, captured_at=at(300)))
    assert [step for step, _ in timeline_of(about)] == [Step.ORDERED, Step.FAILED, Step.PAID]


def test_an_order_that_nobody_paid_says_nothing_of_a_payment() -> None:
    about = facts(make_recharge(status="payment_pending"), payment=Payment(amount=29_900, captured_at=None))
    assert timeline_of(about) == [(Step.ORDERED, at(0))]


@pytest.mark.parametrize(
    ("status", "whom"),
    [
        ("payment_pending", WaitsFor.PAYMENT),
        ("processing", WaitsFor.OPERATOR),
        ("unknown", WaitsFor.OPERATOR),
        ("delivered", None),
        ("failed", None),
        ("refunded", None),
    ],
)
def test_an_unfinished_recharge_waits_for_somebody(status: str, whom: WaitsFor | None) -> None:
    assert waits_for(make_recharge(status=status)) is whom


def test_what_is_not_proven_has_no_end() -> None:
    about = facts(make_recharge(status="unknown"), attempts=[attempt(1, 5)])
    assert [step for step, _ in timeline_of(about)] == [Step.ORDERED, Step.SENT]


def test_a_plan_that_waited_is_started_or_cancelled_and_one_that_did_not_is_only_delivered() -> None:
    done = make_recharge(status="delivered", completed_at=at(0))
    waited = ActivePlan(plan_name="Unlimited 299", valid_from=at(900))
    assert timeline_of(facts(done, plan=waited))[-1] == (Step.STARTED, at(900))
    at_once = ActivePlan(plan_name="Unlimited 299", valid_from=at(0))
    assert timeline_of(facts(done, plan=at_once)) == [(Step.ORDERED, at(0)), (Step.DELIVERED, at(0))]
    back = RechargeRefund(
        amount=29_900,
        destination="wallet",
        reason=QUEUED_PLAN_CANCELLED,
        created_at=at(60),
        user_id=OWNER,
        requested_by=OWNER,
    )
    about = facts(make_recharge(status="refunded", completed_at=at(0)), refunds=[back])
    assert timeline_of(about)[-1] == (Step.CANCELLED, at(60))
    assert steps_of(about)[-1].text == "You cancelled it before it started. Rs 299.00 went into your wallet."
    back.requested_by = new_id()
    assert steps_of(about)[-1].text == "We cancelled it before it started. Rs 299.00 went into your wallet."


def test_the_staff_read_about_the_customer_and_nothing_speaks_to_them() -> None:
    about = facts(
        make_recharge(status="failed", completed_at=at(9)),
        payment=Payment(amount=29_900, captured_at=at(2)),
        attempts=[attempt(1, 3)],
        refunds=[
            RechargeRefund(amount=100, destination=where, created_at=at(20)) for where in ("wallet", "source")
        ],
        complaints=[
            Complaint(
                reason=reason,
                status="upheld",
                created_at=at(30),
                resolved_at=at(40),
                resolution_note="The plan runs now.",
            )
            for reason in ComplaintReason
        ],
    )
    texts = [step.text for step in steps_of(about, Reader.STAFF)]
    assert type(texts[0]) is str
    assert texts[0] == "The customer ordered Unlimited 299."
    assert "We refunded Rs 1.00 into the customer's wallet." in texts
    assert "The customer complained: benefits are missing." in texts
    assert "We upheld the complaint. The plan runs now." in texts
    assert not [text for text in texts if re.search(r"\byour?\b", text, re.IGNORECASE)]


@pytest.mark.parametrize("reader", list(Reader))
def test_a_reader_of_hindi_reads_every_step_in_hindi(reader: Reader) -> None:
    """Latin letters are left in what has a name, and in what the staff wrote."""
    abouts = []
    for status, reason, requested_by in (
        ("failed", "The plan failed", new_id()),
        ("refunded", QUEUED_PLAN_CANCELLED, OWNER),
        ("refunded", QUEUED_PLAN_CANCELLED, new_id()),
    ):
        refunds = [
            RechargeRefund(
                amount=100,
                destination=where,
                created_at=at(20),
                reason=reason,
                user_id=OWNER,
                requested_by=requested_by,
            )
            for where in ("wallet", "source")
        ]
        complaints = [
            Complaint(reason=each, status=how, created_at=at(30), resolved_at=at(40), resolution_note="NOTE")
            for each in ComplaintReason
            for how in ("upheld", "rejected")
        ]
        abouts.append(
            facts(
                make_recharge(status=status, completed_at=at(9), plan_name="PLAN", operator="JIO"),
                payment=Payment(amount=29_900, captured_at=at(2)),
                attempts=[attempt(1, 3), attempt(2, 4)],
                refunds=refunds,
                plan=ActivePlan(plan_name="PLAN", valid_from=at(900)),
                complaints=complaints,
            )
        )
    texts = [step.text for about in abouts for step in steps_of(about, reader, Language.HINDI)]
    assert "हमें ₹299.00 मिले।" in texts
    named = re.compile(r"PLAN|JIO|NOTE")
    assert [text for text in texts if re.search("[A-Za-z]", named.sub("", text))] == []
    assert not any("{" in text for text in texts)
