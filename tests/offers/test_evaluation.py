"""What an offer saves and why it does not: tables of examples, and properties over many prices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from gencharge.core.values.money import Money
from gencharge.offers.evaluation import (
    Refusal,
    Saving,
    Used,
    evaluate,
    sentences,
)
from gencharge.offers.models import OfferStatus
from gencharge.users.models import UserType
from gencharge.wallet.models import PaymentMethod, RequestSource
from tests.make.offers import (
    FRIDAY,
    GROUP,
    PLAN,
    SATURDAY,
    flat,
    offer,
    percent,
    plan,
    situation,
)

CONDITIONS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], str, str]] = [
    ({"min_amount": 299}, {}, {"price": Money.rupees("298.99")}, "min_amount", "on plans of ₹299 or more"),
    ({"min_amount": "9.50"}, {}, {"price": Money.rupees("9.49")}, "min_amount", "on plans of ₹9.50 or more"),
    (
        {"user_types": ["prepaid"]},
        {},
        {"user_type": UserType.POSTPAID},
        "user_type",
        "only for prepaid customers",
    ),
    (
        {"new_user_only": True},
        {"is_new_user": True},
        {"is_new_user": False},
        "new_user_only",
        "only for the first recharge",
    ),
    (
        {"sources": ["web", "app"]},
        {},
        {"source": RequestSource.API},
        "source",
        "only in the app or on the web",
    ),
    ({"operators": ["jio", "VI"]}, {}, {"plan": plan(operator="AIRTEL")}, "operator", "only for JIO or VI"),
    (
        {"plan_groups": [GROUP]},
        {},
        {"plan": plan(group_id=uuid4())},
        "plan_group",
        "only for plans in certain groups",
    ),
    ({"plans": [PLAN]}, {}, {"plan": plan(plan_id=uuid4())}, "plan", "only for certain plans"),
    ({"circles": ["KA"]}, {}, {"circle": "DL"}, "circle", "only in the circle KA"),
    ({"circles": ["KA"]}, {}, {"circle": None}, "circle", "only in the circle KA"),
    (
        {"payment_methods": ["wallet", "upi"]},
        {},
        {"payment_method": PaymentMethod.CARD},
        "payment_method",
        "only when paying by UPI or wallet",
    ),
    (
        {"payment_methods": ["wallet"]},
        {},
        {"payment_method": None},
        "payment_method",
        "only when paying by wallet",
    ),
    (
        {"weekdays": ["sunday", "saturday"]},
        {"instant": SATURDAY},
        {"instant": FRIDAY},
        "weekday",
        "only on Saturdays and Sundays",
    ),
]


def reasons(outcome: Saving | Refusal) -> list[tuple[str, str]]:
    assert isinstance(outcome, Refusal)
    return [(reason.code, reason.message) for reason in outcome.reasons]


@pytest.mark.parametrize(
    ("reward", "price", "discount", "cashback"),
    [
        ({"discount": flat(50)}, "299", "50.00", "0.00"),
        # A rupee is left to pay.
        ({"discount": flat(50)}, "49.99", "48.99", "0.00"),
        ({"discount": percent(10, 100)}, "299", "29.90", "0.00"),
        ({"discount": percent(10, 20)}, "299", "20.00", "0.00"),
        # Down to the paisa: 10 % of 299.99 is 29.999, a third of a percent of 0.99 nothing at all.
        ({"discount": percent(10, 100)}, "299.99", "29.99", "0.00"),
        ({"discount": percent("0.33", 100)}, "9.99", "0.03", "0.00"),
        ({"discount": percent("12.25", 100)}, "100", "12.25", "0.00"),
        ({"discount": percent(100, 500)}, "299", "298.00", "0.00"),
        ({"cashback": percent(5, 25)}, "299", "0.00", "14.95"),
        ({"cashback": flat(10)}, "4", "0.00", "4.00"),
        # The cashback is of what is left to pay.
        ({"discount": flat(100), "cashback": percent(10, 50)}, "299", "100.00", "19.90"),
        ({"discount": flat(300), "cashback": percent(10, 50)}, "299", "298.00", "0.10"),
        ({"discount": flat(290), "cashback": flat(50)}, "299", "290.00", "9.00"),
    ],
)
def test_a_saving_is_exact_to_the_paisa(
    reward: dict[str, Any], price: str, discount: str, cashback: str
) -> None:
    saving = evaluate(offer(reward), situation(price=Money.rupees(price)))
    assert saving == Saving(Money.rupees(discount), Money.rupees(cashback))


@pytest.mark.parametrize(("conditions", "met", "unmet", "code", "message"), CONDITIONS)
def test_each_condition_lets_through_what_it_names_and_says_so_of_the_rest(
    conditions: dict[str, Any], met: dict[str, Any], unmet: dict[str, Any], code: str, message: str
) -> None:
    candidate = offer(conditions=conditions)
    assert isinstance(evaluate(candidate, situation(**met)), Saving)
    assert reasons(evaluate(candidate, situation(**unmet))) == [(code, message)]
    assert sentences(candidate.conditions) == [message]


def test_every_failing_condition_gives_its_reason() -> None:
    candidate = offer(
        conditions={"min_amount": 500, "operators": ["VI"], "circles": ["DL"], "weekdays": ["monday"]},
        limits={"total_uses": 5, "uses_per_user": 1},
        status=OfferStatus.INACTIVE,
    )
    used = {candidate.offer_id: Used(total=5, by_user=1)}
    codes = [code for code, _ in reasons(evaluate(candidate, situation(used=used)))]
    assert codes == [
        "not_active",
        "min_amount",
        "operator",
        "circle",
        "weekday",
        "used_up",
        "used_by_you",
    ]


def test_the_window_holds_from_its_first_instant_up_to_its_last() -> None:
    candidate = offer(active_from=FRIDAY, active_until=SATURDAY)
    before, last = FRIDAY - timedelta(microseconds=1), SATURDAY - timedelta(microseconds=1)
    assert isinstance(evaluate(candidate, situation(instant=FRIDAY)), Saving)
    assert isinstance(evaluate(candidate, situation(instant=last)), Saving)
    assert reasons(evaluate(candidate, situation(instant=before))) == [
        ("not_begun", "starts on 20 November 2026, 23:00 (IST)")
    ]
    assert reasons(evaluate(candidate, situation(instant=SATURDAY))) == [
        ("over", "ended on 21 November 2026, 01:00 (IST)")
    ]


@pytest.mark.parametrize(
    ("limits", "used", "code"),
    [
        ({"total_uses": 3}, Used(total=2), None),
        ({"total_uses": 3}, Used(total=3), "used_up"),
        ({"uses_per_user": 2}, Used(by_user=1), None),
        ({"uses_per_user": 2}, Used(by_user=2), "used_by_you"),
        ({"budget": 100}, Used(spent=Money.rupees(50)), None),
        ({"budget": 100}, Used(spent=Money.rupees("50.01")), "budget_spent"),
    ],
)
def test_a_limit_is_reached_exactly(limits: dict[str, Any], used: Used, code: str | None) -> None:
    candidate = offer(limits=limits)
    outcome = evaluate(candidate, situation(used={candidate.offer_id: used}))
    if code is None:
        assert isinstance(outcome, Saving)
    else:
        assert [reason for reason, _ in reasons(outcome)] == [code]
    # Another offer's uses count for nothing.
    assert isinstance(evaluate(candidate, situation(used={uuid4(): used})), Saving)


def test_an_offer_that_comes_to_nothing_takes_no_use() -> None:
    candidate = offer({"discount": percent("0.01", 5)})
    assert reasons(evaluate(candidate, situation(price=Money(99_99)))) == [
        ("saves_nothing", "saves less than one paisa here")
    ]
