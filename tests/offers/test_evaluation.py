"""What an offer saves and why it does not: tables of examples, and properties over many prices."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gencharge.core.values.money import MAX_PAISE, Money
from gencharge.offers import service as offers
from gencharge.offers.evaluation import (
    Refusal,
    Saving,
    Situation,
    Used,
    evaluate,
    saving_on,
    sentences,
)
from gencharge.offers.models import OfferStatus
from gencharge.offers.rules import OfferConditions, OfferLimits, OfferReward, PercentGain
from gencharge.offers.snapshot import OfferSnapshot, OffersSnapshot, OfferTypeSnapshot
from gencharge.plans.models import PlanCategory, PlanStatus, PlanType, ValidityUnit
from gencharge.plans.service import PlanSnapshot
from gencharge.users.models import UserType
from gencharge.wallet.models import PaymentMethod, RequestSource

# A Friday, 23:00 in India; two hours later it is Saturday there and still Friday in UTC.
FRIDAY = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
TYPE, GROUP, PLAN = uuid4(), uuid4(), uuid4()


def plan(**but: Any) -> PlanSnapshot:
    values: dict[str, Any] = {
        "plan_id": PLAN,
        "version": 1,
        "name": "Jio ₹299",
        "description": "",
        "operator": "JIO",
        "circles": frozenset(),
        "plan_type": PlanType.PREPAID,
        "category": PlanCategory.UNLIMITED,
        "price": Money.rupees(299),
        "validity_count": 28,
        "validity_unit": ValidityUnit.DAY,
        "benefits": {},
        "is_addon": False,
        "most_popular": False,
        "group_id": GROUP,
        "group": "Unlimited",
        "criteria": "",
        "status": PlanStatus.ACTIVE,
        "active_from": None,
        "active_until": None,
    }
    return PlanSnapshot(**{field.name: (values | but)[field.name] for field in fields(PlanSnapshot)})


def offer(
    reward: dict[str, Any] | None = None,
    *,
    conditions: dict[str, Any] | None = None,
    limits: dict[str, Any] | None = None,
    **but: Any,
) -> OfferSnapshot:
    values: dict[str, Any] = {
        "offer_id": uuid4(),
        "version": 1,
        "offer_type_id": TYPE,
        "name": "An offer",
        "description": "",
        "code": None,
        "status": OfferStatus.ACTIVE,
        "is_special": False,
        "active_from": None,
        "active_until": None,
        "conditions": OfferConditions.model_validate(conditions or {}),
        "reward": OfferReward.model_validate(reward or {"discount": flat(50)}),
        "limits": OfferLimits.model_validate(limits or {}),
        "created_at": FRIDAY,
    }
    return OfferSnapshot(**(values | but))


def situation(**but: Any) -> Situation:
    values: dict[str, Any] = {
        "plan": plan(),
        "price": Money.rupees(299),
        "user_type": UserType.PREPAID,
        "is_new_user": False,
        "source": RequestSource.WEB,
        "circle": "KA",
        "payment_method": PaymentMethod.WALLET,
        "instant": FRIDAY,
    }
    return Situation(**(values | but))


def flat(rupees: Any) -> dict[str, Any]:
    return {"kind": "flat", "amount": rupees}


def percent(value: Any, cap: Any) -> dict[str, Any]:
    return {"kind": "percent", "percent": value, "cap": cap}


def reasons(outcome: Saving | Refusal) -> list[tuple[str, str]]:
    assert isinstance(outcome, Refusal)
    return [(reason.code, reason.message) for reason in outcome.reasons]


@pytest.mark.parametrize(
    ("reward", "price", "discount", "cashback"),
    [
        ({"discount": flat(50)}, "299", "50.00", "0.00"),
        ({"discount": flat(50)}, "49.99", "49.99", "0.00"),
        ({"discount": percent(10, 100)}, "299", "29.90", "0.00"),
        ({"discount": percent(10, 20)}, "299", "20.00", "0.00"),
        # Down to the paisa: 10 % of 299.99 is 29.999, a third of a percent of 0.99 nothing at all.
        ({"discount": percent(10, 100)}, "299.99", "29.99", "0.00"),
        ({"discount": percent("0.33", 100)}, "9.99", "0.03", "0.00"),
        ({"discount": percent("12.25", 100)}, "100", "12.25", "0.00"),
        ({"discount": percent(100, 500)}, "299", "299.00", "0.00"),
        ({"cashback": percent(5, 25)}, "299", "0.00", "14.95"),
        ({"cashback": flat(10)}, "4", "0.00", "4.00"),
        # The cashback is of what is left to pay.
        ({"discount": flat(100), "cashback": percent(10, 50)}, "299", "100.00", "19.90"),
        ({"discount": flat(300), "cashback": percent(10, 50)}, "299", "299.00", "0.00"),
        ({"discount": flat(290), "cashback": flat(50)}, "299", "290.00", "9.00"),
    ],
)
def test_a_saving_is_exact_to_the_paisa(
    reward: dict[str, Any], price: str, discount: str, cashback: str
) -> None:
    saving = evaluate(offer(reward), situation(price=Money.rupees(price)))
    assert saving == Saving(Money.rupees(discount), Money.rupees(cashback))


SATURDAY = FRIDAY + timedelta(hours=2)
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


@pytest.mark.parametrize(("conditions", "met", "unmet", "code", "message"), CONDITIONS)
def test_each_condition_lets_through_what_it_names_and_says_so_of_the_rest(
    conditions: dict[str, Any], met: dict[str, Any], unmet: dict[str, Any], code: str, message: str
) -> None:
    wanted = offer(conditions=conditions)
    assert isinstance(evaluate(wanted, situation(**met)), Saving)
    assert reasons(evaluate(wanted, situation(**unmet))) == [(code, message)]
    assert sentences(wanted.conditions) == [message]


def test_every_failing_condition_gives_its_reason() -> None:
    wanted = offer(
        conditions={"min_amount": 500, "operators": ["VI"], "circles": ["DL"], "weekdays": ["monday"]},
        limits={"total_uses": 5, "uses_per_user": 1},
        status=OfferStatus.INACTIVE,
    )
    used = {wanted.offer_id: Used(total=5, by_user=1)}
    codes = [code for code, _ in reasons(evaluate(wanted, situation(used=used)))]
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
    wanted = offer(active_from=FRIDAY, active_until=SATURDAY)
    before, last = FRIDAY - timedelta(microseconds=1), SATURDAY - timedelta(microseconds=1)
    assert isinstance(evaluate(wanted, situation(instant=FRIDAY)), Saving)
    assert isinstance(evaluate(wanted, situation(instant=last)), Saving)
    assert reasons(evaluate(wanted, situation(instant=before))) == [
        ("not_begun", "starts on 20 November 2026, 23:00 (IST)")
    ]
    assert reasons(evaluate(wanted, situation(instant=SATURDAY))) == [
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
    wanted = offer(limits=limits)
    outcome = evaluate(wanted, situation(used={wanted.offer_id: used}))
    if code is None:
        assert isinstance(outcome, Saving)
    else:
        assert [found for found, _ in reasons(outcome)] == [code]
    # Another offer's uses count for nothing.
    assert isinstance(evaluate(wanted, situation(used={uuid4(): used})), Saving)


def test_an_offer_that_comes_to_nothing_takes_no_use() -> None:
    wanted = offer({"discount": percent("0.01", 5)})
    assert reasons(evaluate(wanted, situation(price=Money(99_99)))) == [
        ("saves_nothing", "saves less than one paisa here")
    ]


def test_the_list_has_the_best_first_then_those_that_are_nearest() -> None:
    small = offer({"discount": flat(5)}, name="small")
    large = offer({"cashback": flat(40)}, name="large")
    now = offer({"discount": flat(30), "cashback": flat(10)}, name="now")
    near = offer(conditions={"min_amount": 500}, name="near")
    far = offer(conditions={"min_amount": 500, "operators": ["VI"]}, name="far")
    draft = offer(status=OfferStatus.DRAFT, name="draft")
    upcoming = offer(active_from=FRIDAY + timedelta(days=1), name="upcoming")
    held = OffersSnapshot(
        1, [small, far, large, near, now, draft, upcoming], [OfferTypeSnapshot(TYPE, "Festive", "")]
    )
    judged = offers.list_for(held, situation())
    assert [entry.offer.name for entry in judged] == ["now", "large", "small", "near", "far"]
    found = offers.best(held, situation())
    assert found is not None
    assert found.offer is now
    assert offers.best(OffersSnapshot(1, [near, far]), situation()) is None
    assert offers.best(OffersSnapshot(1, []), situation()) is None


amounts = st.integers(1, MAX_PAISE // 4).map(Money)
gains = st.one_of(
    amounts.map(lambda amount: flat(str(amount))),
    st.builds(
        lambda points, cap: percent(str(Decimal(points) / 100), str(cap)), st.integers(1, 10_000), amounts
    ),
)
rewards = st.one_of(
    st.builds(lambda gain: {"discount": gain}, gains),
    st.builds(lambda gain: {"cashback": gain}, gains),
    st.builds(lambda one, two: {"discount": one, "cashback": two}, gains, gains),
)


def most(gain: dict[str, Any] | None) -> Money:
    return Money(0) if gain is None else Money.rupees(gain.get("cap") or gain["amount"])


@given(rewards, amounts)
def test_a_saving_never_exceeds_the_price_or_its_caps(reward: dict[str, Any], price: Money) -> None:
    saving = saving_on(offer(reward), price)
    assert saving.total <= price
    assert saving.discount <= most(reward.get("discount"))
    assert saving.cashback <= most(reward.get("cashback"))
    assert all(type(part.paise) is int for part in (saving.discount, saving.cashback))


@given(rewards, amounts, amounts)
def test_a_higher_price_never_saves_less_in_all_nor_makes_one_pay_less(
    reward: dict[str, Any], one: Money, other: Money
) -> None:
    lower, higher = sorted((one, other))
    wanted = offer(reward)
    small, large = saving_on(wanted, lower), saving_on(wanted, higher)
    assert small.discount <= large.discount
    assert lower - small.discount <= higher - large.discount
    assert small.cashback <= large.cashback
    assert small.total <= large.total


@given(st.integers(1, 10_000), amounts)
def test_a_percentage_is_the_exact_share_rounded_down(points: int, price: Money) -> None:
    text = f"{points // 100}.{points % 100:02d}"
    gain = PercentGain.model_validate(percent(text, str(Money(MAX_PAISE))))
    exact = Decimal(price.paise) * Decimal(text) / 100
    assert gain.basis_points == points
    assert str(gain.percent) == text
    assert 0 <= exact - gain.of(price).paise < 1


@given(rewards)
def test_what_is_stored_comes_back_as_it_was(reward: dict[str, Any]) -> None:
    from gencharge.offers.models import Offer

    wanted = offer(
        reward,
        conditions={"min_amount": 5, "operators": ["VI", "JIO", "VI"], "weekdays": ["sunday", "monday"]},
        limits={"total_uses": 9, "uses_per_user": 2, "budget": 500},
    )
    row = Offer(offer_id=wanted.offer_id, version=1, created_at=wanted.created_at, **wanted.terms())
    assert offers.snapshot_of(row) == wanted
    assert wanted.conditions.operators == ("JIO", "VI")


@pytest.mark.parametrize(
    "wrong",
    [0, -1, 100.01, "12.345", 0.001, "1e1", "१२", True, None, "NaN", "ten"],
)
def test_what_is_no_percentage_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        PercentGain.model_validate(percent(wrong, 10))


def test_the_shelf_changes_at_the_edges_of_windows_and_only_then() -> None:
    held = OffersSnapshot(1, [offer(active_from=FRIDAY, active_until=SATURDAY)])
    minute = timedelta(minutes=1)
    assert held.active(FRIDAY - minute).offers == ()
    during = held.active(FRIDAY)
    assert len(during.offers) == 1
    assert held.active(SATURDAY - minute) is during
    assert held.active(SATURDAY).offers == ()


def test_an_offer_of_a_plan_meets_its_price_group_circle_and_operator() -> None:
    wanted = offer(conditions={"circles": ["KA"], "min_amount": 100, "plan_groups": [GROUP]})
    assert wanted.is_for_plan(plan())
    assert wanted.is_for_plan(plan(circles=frozenset({"KA", "DL"})))
    assert not wanted.is_for_plan(plan(circles=frozenset({"DL"})))
    assert not wanted.is_for_plan(plan(price=Money.rupees(99)))
    assert not wanted.is_for_plan(plan(group_id=UUID(int=1)))
    only = replace(wanted, conditions=OfferConditions(operators=("VI",)))
    assert not only.is_for_plan(plan())
