"""The bodies of payments: what is refused before anything happens."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from gencharge.core.values.money import Money
from gencharge.payments.schemas import ConfirmPayment, PaymentQuery, TopUp
from gencharge.payments.staff_schemas import RefundCreate, StaffPaymentQuery


def top_up(**overrides: Any) -> TopUp:
    return TopUp.model_validate({"amount": 500, "payment_method": "upi"} | overrides)


@pytest.mark.parametrize(("amount", "paise"), [(1, 100), ("1.00", 100), (1.01, 101), (200_000, 20_000_000)])
def test_a_topup_is_a_rupee_or_more_to_the_paisa(amount: Any, paise: int) -> None:
    assert top_up(amount=amount).amount == Money(paise)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0.99},
        {"amount": 0},
        {"amount": -1},
        {"amount": 1.001},
        {"amount": "1,000"},
        {"amount": "१"},
        {"amount": None},
        {"amount": True},
        {"amount": 1e12},
        {"payment_method": "wallet"},
        {"payment_method": "UPI"},
        {"payment_method": None},
        {"source": "fax"},
        {"user_id": str(uuid4())},
        {"status": "captured"},
    ],
)
def test_a_topup_with_a_wrong_field_is_refused_and_the_field_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        top_up(**wrong)
    assert [error["loc"] for error in refused.value.errors()] == [(next(iter(wrong)),)]


def test_the_smallest_topup_is_named_in_the_message() -> None:
    with pytest.raises(ValidationError, match="Must be at least Rs 1"):
        top_up(amount=0.5)


def test_a_topup_comes_from_the_web_unless_it_says_otherwise() -> None:
    assert top_up().source == "web"
    assert top_up(source="app").source == "app"


def confirm(**overrides: Any) -> ConfirmPayment:
    values = {
        "razorpay_order_id": "order_1",
        "razorpay_payment_id": "pay_1",
        "razorpay_signature": "0" * 64,
    }
    return ConfirmPayment.model_validate(values | overrides)


@pytest.mark.parametrize("field", ["razorpay_order_id", "razorpay_payment_id"])
@pytest.mark.parametrize("value", ["", "a/b", "a b", "../x", "x" * 65, "é", 7, None])
def test_an_id_of_the_gateway_is_letters_digits_and_underscores(field: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        confirm(**{field: value})


@pytest.mark.parametrize("value", ["", "G" * 64, "A" * 64, "0" * 129, "0x00"])
def test_a_signature_is_lower_case_hexadecimal(value: str) -> None:
    with pytest.raises(ValidationError):
        confirm(razorpay_signature=value)


@pytest.mark.parametrize(("amount", "paise"), [(None, None), (0, 0), (0.01, 1), ("500.00", 50_000)])
def test_a_refund_is_of_an_amount_or_of_all_that_is_left(amount: Any, paise: int | None) -> None:
    command = RefundCreate.model_validate({"amount": amount, "reason": "asked for"})
    assert (None if command.amount is None else command.amount.paise) == paise


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": -1},
        {"amount": 0.001},
        {"reason": "ab"},
        {"reason": " a "},
        {"reason": "x" * 501},
        {"to": "customer"},
    ],
)
def test_a_refund_needs_a_reason_and_an_exact_amount(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RefundCreate.model_validate({"reason": "asked for"} | wrong)


@pytest.mark.parametrize("query", [PaymentQuery, StaffPaymentQuery])
@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "paid"},
        {"purpose": "gift"},
        {"payment_method": "cash"},
        {"recharge_id": "1"},
        {"limit": 0},
        {"limit": 101},
        {"sort": "amount"},
        {"min_amount": 2, "max_amount": 1},
        {"from": "2026-02-02", "to": "2026-02-01"},
        {"staus": "captured"},
    ],
)
def test_a_filter_that_is_none_is_refused(query: type[PaymentQuery], wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        query.model_validate(wrong)
