"""How recharges and bought plans are shown to customers and to the staff."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from gencharge.core.values.money import Money
from gencharge.recharge import views
from gencharge.recharge.models import ActivePlan, PaymentState, PlanState, Recharge, RechargeStatus
from gencharge.recharge.schemas import BoughtPlanOut, RechargeOut
from gencharge.recharge.staff_schemas import StaffBoughtPlanOut, StaffRechargeOut
from gencharge.users.models import UserBrief, UserStatus

OFFER = uuid4()
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def recharge(**overrides: Any) -> Recharge:
    values: dict[str, Any] = {
        "user_id": uuid4(),
        "id": uuid4(),
        "phone_number": "+919876543210",
        "plan_id": uuid4(),
        "plan_version": 3,
        "plan_name": "Unlimited 299",
        "operator": "JIO",
        "plan_type": "prepaid",
        "category": "unlimited",
        "price": 29_900,
        "discount": 1_000,
        "wallet_amount": 8_900,
        "gateway_amount": 20_000,
        "cashback": 500,
        "offer_id": OFFER,
        "status": "delivered",
        "payment_method": "upi",
        "source": "app",
        "failure_reason": None,
        "created_at": NOW - timedelta(days=1),
        "completed_at": NOW,
    }
    return Recharge(**(values | overrides))


def plan(**overrides: Any) -> ActivePlan:
    values: dict[str, Any] = {
        "phone_number": "+919876543210",
        "recharge_id": uuid4(),
        "user_id": uuid4(),
        "plan_id": uuid4(),
        "plan_name": "Unlimited 299",
        "operator": "JIO",
        "plan_type": "prepaid",
        "category": "unlimited",
        "is_addon": False,
        "status": "active",
        "valid_from": NOW,
        "valid_until": NOW + timedelta(days=28),
        "created_at": NOW - timedelta(days=1),
    }
    return ActivePlan(**(values | overrides))


PAYER = UserBrief(uuid4(), "Asha Rao", "+919876543210", None, UserStatus.ACTIVE)


@pytest.mark.parametrize("state", [each for each in PlanState if each is not PlanState.PENDING])
def test_a_delivered_recharge_shows_the_state_of_its_plan(state: PlanState) -> None:
    assert views.status_of(recharge(), plan(status=state)) == state.value


@pytest.mark.parametrize("state", [each for each in PaymentState if each is not PaymentState.DELIVERED])
def test_any_other_recharge_shows_the_state_of_its_payment(state: PaymentState) -> None:
    for each in (None, plan(status="pending"), plan(status="cancelled"), plan()):
        assert views.status_of(recharge(status=state), each) == state.value


def test_a_recharge_shows_what_was_paid_and_until_when_its_plan_runs() -> None:
    sale, bought = recharge(), plan()
    shown = views.recharge_out(sale, bought)
    assert (shown.price, shown.discount, shown.total_paid) == (
        Money.rupees(299),
        Money.rupees(10),
        Money.rupees(289),
    )
    assert (shown.wallet_amount, shown.gateway_amount) == (Money.rupees(89), Money.rupees(200))
    assert (shown.valid_from, shown.valid_until) == (bought.valid_from, bought.valid_until)
    assert (shown.recharge_id, shown.status, shown.plan_version) == (sale.id, "active", 3)


def test_without_a_plan_there_is_no_validity() -> None:
    shown = views.recharge_out(recharge(status="failed", failure_reason="refused"), None)
    assert (shown.valid_from, shown.valid_until, shown.failure_reason) == (None, None, "refused")


@pytest.mark.parametrize(
    ("seconds_left", "status"),
    [(1, RechargeStatus.ACTIVE), (0, RechargeStatus.EXPIRED), (-1, RechargeStatus.EXPIRED)],
)
def test_the_staff_see_a_plan_that_has_ended_as_expired(seconds_left: int, status: RechargeStatus) -> None:
    bought = plan(valid_until=NOW + timedelta(seconds=seconds_left))
    assert views.staff_recharge_out(recharge(), bought, None, now=NOW).status is status
    assert views.recharge_out(recharge(), bought).status is RechargeStatus.ACTIVE


@pytest.mark.parametrize("state", ["queued", "replaced", "cancelled"])
def test_no_other_state_becomes_expired(state: str) -> None:
    bought = plan(status=state, valid_until=NOW - timedelta(days=1))
    assert views.staff_recharge_out(recharge(), bought, None, now=NOW).status == state


def test_the_staff_see_the_same_and_who_paid() -> None:
    sale, bought = recharge(), plan()
    shown = views.staff_recharge_out(sale, bought, PAYER, now=NOW)
    assert (shown.user_id, shown.user) == (sale.user_id, PAYER)
    own = views.recharge_out(sale, bought)
    assert {name: getattr(shown, name) for name in RechargeOut.model_fields} == vars(own)
    assert list(StaffRechargeOut.model_fields)[-2:] == ["user_id", "user"]


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=28), 28),
        (timedelta(days=28) - timedelta(seconds=1), 27),
        (timedelta(days=1), 1),
        (timedelta(hours=23), 0),
        (timedelta(0), 0),
        (timedelta(days=-3), 0),
    ],
)
def test_days_left_are_whole_days_and_never_negative(left: timedelta, days: int) -> None:
    assert views.plan_out(plan(valid_until=NOW + left), NOW).days_left == days


@pytest.mark.parametrize("state", ["queued", "expired", "replaced", "cancelled", "pending"])
def test_only_an_active_plan_has_days_left(state: str) -> None:
    assert views.plan_out(plan(status=state), NOW).days_left is None


def test_a_pending_plan_is_shown_as_processing() -> None:
    assert (
        views.plan_out(plan(status="pending", valid_from=None, valid_until=None), NOW).status == "processing"
    )


def test_the_staff_see_a_plan_with_who_paid() -> None:
    bought = plan()
    shown = views.staff_plan_out(bought, PAYER, now=NOW)
    assert (shown.user_id, shown.user) == (bought.user_id, PAYER)
    own = views.plan_out(bought, NOW)
    assert {name: getattr(shown, name) for name in BoughtPlanOut.model_fields} == vars(own)
    assert list(StaffBoughtPlanOut.model_fields)[-2:] == ["user_id", "user"]
