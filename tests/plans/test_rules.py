"""The rules of a plan that no single field can check."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.make.plans import (
    body,
    create,
)


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"operator": "AIRCEL"}, "body.operator"),
        ({"circles": ["KA", "XX"]}, "body.circles"),
        ({"group_id": str(UUID(int=7))}, "body.group_id"),
        ({"category": "postpaid_rental"}, "body.category"),
        ({"plan_type": "postpaid"}, "body.category"),
        ({"validity": {"unit": "day"}}, "body.validity.n"),
        ({"validity": {"n": 0, "unit": "day"}}, "body.validity.n"),
        ({"validity": {"n": 121, "unit": "month"}}, "body.validity.n"),
        ({"validity": {"n": 5, "unit": "base_plan"}, "category": "data_addon"}, "body.validity.n"),
        (
            {"validity": {"unit": "base_plan"}, "category": "postpaid_rental", "plan_type": "postpaid"},
            "body.validity.unit",
        ),
        ({"price": 0}, "body.price"),
        ({"price": 100000.01}, "body.price"),
        ({"price": "1e3"}, "body.price"),
        (
            {"active_from": "2030-02-01T00:00:00Z", "active_until": "2030-02-01T00:00:00Z"},
            "body.active_until",
        ),
        ({"active_from": "2030-02-01T00:00:00"}, "body.active_from"),
        ({"active_from": "0001-01-01T00:00:00+14:00"}, "body.active_from"),
        ({"name": ""}, "body.name"),
        ({"name": "two\nlines"}, "body.name"),
        ({"name": "nul\x00"}, "body.name"),
        ({"description": "bell\x07"}, "body.description"),
        ({"benefits": {"data_total_mb": 10**18}}, "body.benefits.data_total_mb"),
        ({"benefits": {"extras": [""]}}, "body.benefits.extras.0"),
        ({"colour": "red"}, "body.colour"),
    ],
    ids=str,
)
async def test_a_plan_that_makes_no_sense_is_refused_with_the_field_and_what_would_be_right(
    staff_client: httpx.AsyncClient, manager: dict[str, str], overrides: dict[str, Any], field: str
) -> None:
    refused = await staff_client.post("/v1/plans", json=body(**overrides), headers=manager)
    assert refused.status_code == 422, refused.text
    (problem,) = refused.json()["errors"]
    assert problem["field"] == field
    assert problem["message"]


async def test_an_update_is_checked_as_a_whole_plan(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    plan = await create(staff_client, manager, active_until="2030-01-01T00:00:00Z")
    path = f"/v1/plans/{plan['plan_id']}"
    for change, field in (
        ({"validity": {"unit": "month"}}, "body.validity.n"),
        ({"plan_type": "postpaid"}, "body.category"),
        ({"active_from": "2030-01-02T00:00:00Z"}, "body.active_until"),
        ({"name": None}, "body.name"),
        ({"price": None}, "body.price"),
    ):
        refused = await staff_client.patch(path, json=change, headers=manager)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    opened = await staff_client.patch(path, json={"active_until": None}, headers=manager)
    assert opened.json()["updated_fields"] == {"active_until": None}


TALKTIME = {
    "category": "talktime",
    "price": 10,
    "benefits": {},
    "amounts": {"maximum": 2000, "samples": [100, 10, 50, 10]},
}
RULE = {"gst_percent": 18, "fee_percent": 10, "fee_cap": 3}


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"category": "unlimited"}, "body.amounts"),
        ({"benefits": {"talktime": 7}}, "body.benefits.talktime"),
        ({"amounts": {"maximum": 10}}, "body.amounts.maximum"),
        ({"amounts": {"maximum": 9.5}}, "body.amounts.maximum"),
        ({"amounts": {"maximum": 100_000.01}}, "body.amounts.maximum"),
        ({"amounts": {"maximum": 2000, "step": 3}}, "body.amounts.step"),
        ({"amounts": {"maximum": 2000, "step": 0}}, "body.amounts.step"),
        ({"amounts": {"maximum": 2000, "samples": [10, 9]}}, "body.amounts.samples"),
        ({"amounts": {"maximum": 2000, "samples": [10.5]}}, "body.amounts.samples"),
        ({"amounts": {"maximum": 2000, "samples": [2001]}}, "body.amounts.samples"),
        ({"amounts": {"maximum": 2000, "samples": list(range(10, 23))}}, "body.amounts.samples"),
        ({"amounts": {"step": 1}}, "body.amounts.maximum"),
        (
            {"amounts": {"maximum": 2000, "talktime": {**RULE, "fee_percent": 101}}},
            "body.amounts.talktime.fee_percent",
        ),
        (
            {"amounts": {"maximum": 2000, "talktime": {**RULE, "fee_cap": -1}}},
            "body.amounts.talktime.fee_cap",
        ),
        (
            {"amounts": {"maximum": 2000, "talktime": {**RULE, "gst_percent": 101}}},
            "body.amounts.talktime.gst_percent",
        ),
    ],
    ids=str,
)
async def test_amounts_that_make_no_sense_are_refused_with_the_field_and_what_would_be_right(
    staff_client: httpx.AsyncClient, manager: dict[str, str], overrides: dict[str, Any], field: str
) -> None:
    refused = await staff_client.post("/v1/plans", json=body(**TALKTIME | overrides), headers=manager)
    assert refused.status_code == 422, refused.text
    (problem,) = refused.json()["errors"]
    assert problem["field"] == field
    assert problem["message"]


async def test_a_plan_of_any_amount_is_made_changed_and_given_one_price(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    plan = await create(staff_client, manager, **TALKTIME)
    assert plan["amounts"] == {
        "minimum": 10.0,
        "maximum": 2000.0,
        "step": 1.0,
        "samples": [{"amount": each, "talktime": None} for each in (10.0, 50.0, 100.0)],
        "talktime": None,
    }
    path = f"/v1/plans/{plan['plan_id']}"
    amounts = {"maximum": 500, "step": 10, "samples": [10, 500], "talktime": RULE}
    changed = await staff_client.patch(path, json={"amounts": amounts}, headers=manager)
    assert changed.status_code == 200, changed.text
    assert changed.json()["updated_fields"] == {"amounts": {**amounts, "samples": [10.0, 500.0]}}
    shown = (await staff_client.get(f"/v1/plans/admin/{plan['plan_id']}", headers=manager)).json()
    assert shown["version"] == 2
    assert shown["amounts"]["samples"] == [
        {"amount": 10.0, "talktime": 7.47},
        {"amount": 500.0, "talktime": 420.73},
    ]
    assert shown["versions"][0]["terms"]["max_price"] == 500.0
    # The lowest amount is the price: one that the step does not lead from is refused.
    refused = await staff_client.patch(path, json={"price": 15}, headers=manager)
    assert [problem["field"] for problem in refused.json()["errors"]] == ["body.amounts.step"]
    fixed = await staff_client.patch(path, json={"amounts": None}, headers=manager)
    assert fixed.json()["updated_fields"] == {"amounts": None}
    shown = (await staff_client.get(f"/v1/plans/admin/{plan['plan_id']}", headers=manager)).json()
    assert (shown["amounts"], shown["price"], shown["version"]) == (None, 10.0, 3)
