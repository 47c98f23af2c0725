"""A plan as a row of a file, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.plans import import_service, plan_rows, rules, spreadsheet
from gencharge.plans.staff_schemas import PlanCreate
from gencharge.sessions.guards import Principal
from tests.make.plans import (
    UNLIMITED,
    body,
)

words = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029\ufffe\uffff"),
    min_size=1,
    max_size=20,
)


tricky = st.sampled_from(
    ["=1", "+1", "-1", "@x", "'", "''=", "'=x", '"', ",", "_x0041_", "a\nb", "＝1", "x "]
)


amounts = st.none() | st.integers(0, 10**8)


# India's first hours of the year 1 are in no year of UTC: the product refuses them.
# Midnight in India is still the day before in UTC. (hypothesis adds the zone)
_FIRST, _LAST = datetime(1900, 1, 2), datetime(2999, 12, 31)  # noqa: DTZ001


instants = st.none() | st.datetimes(min_value=_FIRST, max_value=_LAST, timezones=st.just(clock.IST))


@st.composite
def plan_bodies(draw: st.DrawFn) -> dict[str, Any]:
    line = (words | tricky).filter(lambda value: value.strip() and "\n" not in value)
    lines = words | tricky
    category = draw(st.sampled_from(["unlimited", "data_addon", "talktime", "roaming"]))
    unit = draw(st.sampled_from(["day", "month", "base_plan"]))
    return body(
        name=draw(line),
        description=draw(lines),
        criteria=draw(lines),
        operator=draw(st.sampled_from(["JIO", "VI"])),
        circles=draw(st.lists(st.sampled_from(["KA", "TN", "MU"]))),
        category=category,
        price=f"{draw(st.integers(1, 1_00_000_00)) / 100:.2f}",
        validity={"n": None if unit == "base_plan" else draw(st.integers(1, 120)), "unit": unit},
        benefits={
            "data_total_mb": draw(amounts),
            "voice_minutes": draw(amounts),
            "voice_unlimited": draw(st.booleans()),
            "talktime": draw(st.none() | st.just("10.05")),
            "extras": draw(st.lists(line, max_size=3)),
        },
        most_popular=draw(st.booleans()),
        status=draw(st.sampled_from(["draft", "active", "inactive"])),
        active_from=draw(instants),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies=st.lists(plan_bodies(), min_size=1, max_size=4), as_csv=st.booleans())
def test_arbitrary_plans_come_back_from_a_file_unchanged(bodies: list[dict[str, Any]], as_csv: bool) -> None:
    groups = {UNLIMITED: "-Unlimited"}
    vocabulary = rules.Vocabulary(("JIO", "VI"), ("KA", "MU", "TN"), groups)
    held: dict[UUID, import_service.CurrentPlan] = {}
    for one in bodies:
        values = rules.completed(rules.columns_of(PlanCreate.model_validate(one)))
        assert list(rules.problems(values, vocabulary)) == []
        plan_id = new_id()
        held[plan_id] = import_service.CurrentPlan(plan_id, 3, 5, values)
    cells = [
        [*plan_rows.cells_of(one.values, "-Unlimited", plan_id=one.plan_id, version=3).values()]
        for one in held.values()
    ]
    if as_csv:
        data = b"".join(spreadsheet.csv_chunks(plan_rows.COLUMNS, cells))
    else:
        data = spreadsheet.xlsx_of(plan_rows.COLUMNS, cells)
    admin = Principal(user_id=new_id(), kind="admin", session_id=new_id())
    reading = import_service.Reading(admin, vocabulary, held)
    reading.read(spreadsheet.read(data, plan_rows.COLUMNS))
    assert (reading.bad, reading.steps, reading.unchanged) == ([], [], len(held))


def test_a_plan_of_any_amount_is_the_same_in_a_file_and_back() -> None:
    vocabulary = rules.Vocabulary(("JIO",), (), {UNLIMITED: "Unlimited"})
    tariff = {
        "category": "talktime",
        "price": 10,
        "benefits": {},
        "amounts": {
            "maximum": 2000,
            "step": 5,
            "samples": [10, 50],
            "talktime": {"gst_percent": 18, "fee_percent": 10, "fee_cap": 3},
        },
    }
    for terms in (tariff, tariff | {"amounts": {"maximum": 20}}):
        values = rules.completed(rules.columns_of(PlanCreate.model_validate(body(**terms))))
        cells = plan_rows.cells_of(values, "Unlimited")
        assert plan_rows.values_of(cells, vocabulary) == values
    assert cells["max_price"] == "20.00"
    assert (cells["price_step"], cells["sample_prices"], cells["fee_cap"]) == ("1.00", "", "")


@pytest.mark.parametrize(
    ("cells", "columns"),
    [
        ({"price_step": "1"}, ["max_price"]),
        ({"max_price": "5"}, ["max_price"]),
        ({"max_price": "20", "price_step": "3"}, ["price_step"]),
        ({"max_price": "20", "sample_prices": "10, 30"}, ["sample_prices"]),
        ({"max_price": "20", "gst_percent": "18"}, ["fee_cap", "fee_percent"]),
        ({"max_price": "20", "fee_percent": "10", "fee_cap": "3", "gst_percent": "x"}, ["gst_percent"]),
        ({"max_price": "20", "category": "unlimited"}, ["max_price"]),
    ],
    ids=str,
)
def test_a_wrong_cell_of_the_amounts_is_named_by_its_column(
    cells: dict[str, str], columns: list[str]
) -> None:
    vocabulary = rules.Vocabulary(("JIO",), (), {UNLIMITED: "Unlimited"})
    values = rules.completed(
        rules.columns_of(PlanCreate.model_validate(body(category="talktime", price=10, benefits={})))
    )
    with pytest.raises(plan_rows.BadCells) as refused:
        plan_rows.values_of({**plan_rows.cells_of(values, "Unlimited"), **cells}, vocabulary)
    assert sorted(one.field for one in refused.value.wrong) == columns
