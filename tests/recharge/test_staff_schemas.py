"""What the commands and queries of the staff accept."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gencharge.recharge.staff_schemas import RefundRecharge, StaffBoughtPlanQuery, StaffRechargeQuery


def test_a_refund_is_all_of_it_to_the_wallet_by_default() -> None:
    command = RefundRecharge.model_validate({"reason": "wrong number"})
    assert (command.amount, command.destination) == (None, "wallet")


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"reason": " a "},
        {"reason": "x" * 301},
        {"amount": 0},
        {"amount": -1},
        {"destination": "bank"},
        {"user_id": "x"},
    ],
)
def test_a_refund_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RefundRecharge.model_validate({"reason": "wrong number"} | wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "queued", "sort": "valid_until"},
        {"status": "queued", "sort": "-valid_until"},
        {"status": "queued", "expires_within_days": 3},
        {"status": "expired"},
        {"expires_within_days": 367},
    ],
)
def test_a_queued_plan_has_no_end_to_filter_or_sort_by(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StaffBoughtPlanQuery.model_validate(wrong)


@pytest.mark.parametrize(
    ("sort", "by_end"),
    [("created_at", False), ("-created_at", False), ("valid_until", True), ("-valid_until", True)],
)
def test_an_order_by_end_is_one_by_valid_until(sort: str, by_end: bool) -> None:
    assert StaffBoughtPlanQuery.model_validate({"sort": sort}).by_end == by_end


def test_a_list_of_all_recharges_is_never_counted() -> None:
    with pytest.raises(ValidationError):
        StaffRechargeQuery.model_validate({"include_total": True})
