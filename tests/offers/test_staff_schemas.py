"""The staff's commands on the wire."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.make.offers import (
    UNKNOWN,
    plain,
)
from tests.offers.conftest import Headers

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"offer_type_id": UNKNOWN}, "body.offer_type_id", "GET /v1/offers/types"),
    ({"name": "x"}, "body.name", "at least 2"),
    ({"name": "a\x00b"}, "body.name", "control characters"),
    ({"description": "a\x00b"}, "body.description", "control characters"),
    ({"code": "no spaces!"}, "body.code", "pattern"),
    ({"status": "inactive"}, "body.status", "draft"),
    ({"conditions": {"operators": ["JIO", "XYZ"]}}, "body.conditions.operators", "XYZ"),
    ({"conditions": {"circles": ["ZZ"]}}, "body.conditions.circles", "ZZ"),
    ({"conditions": {"plans": [UNKNOWN]}}, "body.conditions.plans", UNKNOWN),
    ({"conditions": {"plan_groups": [UNKNOWN]}}, "body.conditions.plan_groups", UNKNOWN),
    ({"conditions": {"weekdays": ["someday"]}}, "body.conditions.weekdays.0", "sunday"),
    ({"conditions": {"anything": 1}}, "body.conditions.anything", "not permitted"),
    ({"conditions": {"min_amount": 0}}, "body.conditions.min_amount", "above zero"),
    ({"reward": {}}, "body.reward", "Give a discount, a cashback or both"),
    ({"reward": {"discount": {"kind": "percent", "percent": 5}}}, "body.reward.discount.percent.cap", ""),
    ({"reward": {"discount": {"kind": "flat", "amount": 0}}}, "body.reward.discount.flat.amount", "zero"),
    ({"limits": {"total_uses": 0}}, "body.limits.total_uses", "1"),
    ({"limits": {"total_uses": 1, "uses_per_user": 2}}, "body.limits", "must not exceed total_uses"),
    ({"limits": {"budget": "9.99"}}, "body.limits.budget", "at least 10.00"),
    ({"active_from": "2026-01-01T00:00:00"}, "body.active_from", "an instant with its zone"),
    ({"active_until": "9999-12-31T23:59:59-12:00"}, "body.active_until", "years"),
    (
        {"active_from": "2090-01-02T00:00:00Z", "active_until": "2090-01-02T00:00:00Z"},
        "body.active_until",
        "Must be later than active_from",
    ),
    ({"status": "active", "active_until": "2020-01-01T00:00:00Z"}, "body.active_until", "in the future"),
]


@pytest.mark.parametrize(("wrong", "field", "right"), WRONG)
async def test_a_wrong_field_is_named_with_what_would_be_right(
    visitor: httpx.AsyncClient, manager: Headers, wrong: dict[str, Any], field: str, right: str
) -> None:
    body = await plain(visitor, **wrong)
    answer = await visitor.post("/v1/offers", json=body, headers=manager)
    assert answer.status_code == 422, answer.text
    [problem] = answer.json()["errors"]
    assert problem["field"] == field
    assert right in problem["message"]
