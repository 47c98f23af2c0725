"""Commands and queries of the staff for plans on the wire."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel, ValidationError

from gencharge.core.values.money import Money
from gencharge.plans.models import PlanStatus
from gencharge.plans.staff_schemas import (
    MAX_PRICE,
    PlanCreate,
    PlanExportQuery,
    PlanGroupCreate,
    PlanUpdate,
    StaffPlanQuery,
)
from tests.make.plans import body


def problems(model: Any, value: dict[str, Any]) -> list[str]:
    """The fields that a model refuses."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate(value)
    return [".".join(map(str, error["loc"])) for error in refused.value.errors()]


def test_a_new_plan_is_a_draft_for_all_circles() -> None:
    command = PlanCreate.model_validate(body(operator=" jio "))
    assert (command.status, command.circles, command.operator) == (PlanStatus.DRAFT, [], "JIO")
    assert (command.active_from, command.active_until) == (None, None)


@pytest.mark.parametrize("price", [0.01, 1, 199.5, 100_000])
def test_a_price_may_be(price: float) -> None:
    assert PlanCreate.model_validate(body(price=price)).price == Money.rupees(str(price))


@pytest.mark.parametrize("price", [0, -1, 100_000.01, 0.001, "NaN", True, None])
def test_a_price_is_above_zero_and_at_most_a_lakh_with_two_decimals(price: Any) -> None:
    assert Money.rupees(100_000) == MAX_PRICE
    assert problems(PlanCreate, body(price=price)) == ["price"]
    assert problems(PlanUpdate, {"price": price}) == ["price"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "two\nlines"),
        ("name", "x" * 121),
        ("description", "x" * 2001),
        ("operator", "J!O"),
        ("circles", ["KA"] * 41),
        ("circles", "KA"),
        ("plan_type", "both"),
        ("most_popular", "yes"),
        ("group_id", "unlimited"),
        ("active_from", "yesterday"),
        ("version", 1),
    ],
)
def test_a_wrong_field_is_named(field: str, value: Any) -> None:
    assert problems(PlanCreate, body(**{field: value})) == [field]


@pytest.mark.parametrize("count", [0, 3661, 1.5, "28", True])
def test_a_validity_is_a_whole_number_of_1_to_3660(count: Any) -> None:
    assert problems(PlanCreate, body(validity={"n": count, "unit": "day"})) == ["validity.n"]


def test_a_change_knows_what_was_left_out_and_what_is_null() -> None:
    assert PlanUpdate.model_validate({}).model_fields_set == set()
    assert PlanUpdate.model_validate({"active_until": None}).model_fields_set == {"active_until"}


@pytest.mark.parametrize("model", [PlanCreate, PlanUpdate])
def test_the_document_says_the_bounds_of_a_price(model: type[BaseModel]) -> None:
    price = model.model_json_schema()["properties"]["price"]
    assert (price["exclusiveMinimum"], price["maximum"]) == (0, MAX_PRICE.paise / 100)


@pytest.mark.parametrize("field", ["name", "price", "status", "validity", "circles"])
def test_null_is_no_value_of_a_field_that_a_plan_needs(field: str) -> None:
    assert problems(PlanUpdate, {field: None}) == [field]


@pytest.mark.parametrize(
    ("model", "value", "field"),
    [
        (StaffPlanQuery, {"status": "gone"}, "status"),
        (StaffPlanQuery, {"sort": "price_falling"}, "sort"),
        (StaffPlanQuery, {"opertor": "JIO"}, "opertor"),
        (PlanExportQuery, {"format": "pdf"}, "format"),
        (PlanExportQuery, {"limit": 5}, "limit"),
        (PlanGroupCreate, {"name": ""}, "name"),
        (PlanGroupCreate, {"name": "Roaming", "sort_order": -1}, "sort_order"),
    ],
)
def test_a_wrong_parameter_is_named(model: Any, value: dict[str, Any], field: str) -> None:
    assert problems(model, value) == [field]


def test_filters_are_codes_in_capitals() -> None:
    query = StaffPlanQuery.model_validate({"operator": "vi", "circle": "ka", "group": str(uuid4())})
    assert (query.operator, query.circle) == ("VI", "KA")
