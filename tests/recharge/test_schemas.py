"""What the commands and queries of customers accept."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from gencharge.core.values.money import Money
from gencharge.plans.models import PlanCategory
from gencharge.recharge.filter_schemas import RechargeCategory
from gencharge.recharge.schemas import BoughtPlanQuery, Quote, RechargeQuery, RepeatRecharge, Subscribe
from gencharge.wallet.schemas import TransactionQuery


def subscribe(**overrides: Any) -> Subscribe:
    body = {"phone_number": "9876543210", "plan_id": str(uuid4()), "payment_method": "wallet"}
    return Subscribe.model_validate(body | overrides)


def test_the_number_is_normalized_and_the_rest_has_defaults() -> None:
    command = subscribe(phone_number="098765 43210")
    assert command.phone_number == "+919876543210"
    assert (command.source, command.activation_mode) == ("web", "queue")
    assert (command.confirm_duplicate, command.wallet_amount) == (False, None)


@pytest.mark.parametrize("method", ["upi", "card", "netbanking"])
def test_the_wallet_pays_a_part_beside_a_gateway(method: str) -> None:
    assert subscribe(payment_method=method, wallet_amount=99.5).wallet_amount == Money.rupees("99.50")


@pytest.mark.parametrize(
    "wrong",
    [
        {"wallet_amount": 5},
        {"payment_method": "upi", "wallet_amount": 0},
        {"payment_method": "upi", "wallet_amount": -1},
        {"payment_method": "upi", "wallet_amount": 1.005},
        {"payment_method": "cash"},
        {"phone_number": "12345"},
        {"plan_id": "x"},
        {"confirm_duplicate": "yes"},
        {"price": 1},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        subscribe(**wrong)


def test_a_quote_needs_a_number_and_a_plan() -> None:
    for body in ({}, {"plan_id": str(uuid4())}, {"phone_number": "9876543210"}):
        with pytest.raises(ValidationError):
            Quote.model_validate(body)


def test_a_repeat_pays_from_the_wallet_by_default() -> None:
    assert RepeatRecharge.model_validate({}).payment_method == "wallet"


def test_a_repeat_takes_no_part_of_the_wallet_beside_the_wallet() -> None:
    body = {"payment_method": "upi", "wallet_amount": 99.5}
    assert RepeatRecharge.model_validate(body).wallet_amount == Money.rupees("99.50")
    with pytest.raises(ValidationError, match="can only be combined with upi, card or netbanking"):
        RepeatRecharge.model_validate(body | {"payment_method": "wallet"})


@pytest.mark.parametrize("days", [-1, 367])
def test_a_plan_expires_within_a_year(days: int) -> None:
    with pytest.raises(ValidationError):
        BoughtPlanQuery.model_validate({"expires_within_days": days})


@pytest.mark.parametrize(
    "wrong", [{"status": "delivered"}, {"sort": "price"}, {"min_amount": 2, "max_amount": 1}, {"typo": 1}]
)
def test_a_filter_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RechargeQuery.model_validate(wrong)


def test_an_operator_is_spelled_in_any_case() -> None:
    assert RechargeQuery.model_validate({"operator": "jio"}).operator == "JIO"


@pytest.mark.parametrize("typed", ["DIWALI30", " diwali 30 ", "Diwali-30"])
def test_a_code_may_be_typed_as_people_type_it(typed: str) -> None:
    query = Quote.model_validate({"phone_number": "9876543210", "plan_id": uuid4(), "offer_code": typed})
    assert query.offer_code == "DIWALI30"


@pytest.mark.parametrize("typed", ["", "AB", "A" * 21, "DIWALI!", "\u00df" * 3, 30])
def test_what_can_be_no_code_is_refused_with_its_field(typed: object) -> None:
    with pytest.raises(ValidationError, match="offer_code"):
        Quote.model_validate({"phone_number": "9876543210", "plan_id": uuid4(), "offer_code": typed})


def test_the_document_says_what_may_be_typed_as_a_code() -> None:
    [described, _] = Quote.model_json_schema()["properties"]["offer_code"]["anyOf"]
    for typed, fits in (("diwali 30", True), ("Diwali-30", True), ("AB", False), ("DIWALI!", False)):
        assert bool(re.search(described["pattern"], typed)) is fits, typed
    assert described["maxLength"] == 60


def test_an_offer_is_named_by_its_id_or_by_its_code() -> None:
    fields = {"phone_number": "9876543210", "plan_id": uuid4(), "offer_id": uuid4(), "offer_code": "ABC"}
    with pytest.raises(ValidationError, match="name the offer by one of them"):
        Quote.model_validate(fields)


def test_the_categories_of_recharges_are_those_of_plans_and_the_bill() -> None:
    assert {one.value for one in RechargeCategory} == {one.value for one in PlanCategory} | {"bill"}


@pytest.mark.parametrize("field", ["category", "source", "payment_method"])
def test_a_filter_of_a_closed_set_says_what_it_takes(field: str) -> None:
    for query in (RechargeQuery, TransactionQuery):
        with pytest.raises(ValidationError, match="Input should be"):
            query.model_validate({field: "no-such"})
