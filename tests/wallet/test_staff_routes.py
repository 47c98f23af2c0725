"""The staff's routes of the wallet: every error, every filter, every permission."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.make.factories import headers_for, make_admin
from tests.make.wallet import ADJUSTMENTS, AdjustmentCase


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": 0}, "body.amount"),
        ({"amount": -5}, "body.amount"),
        ({"amount": 1.001}, "body.amount"),
        ({"amount": "NaN"}, "body.amount"),
        ({"direction": "up"}, "body.direction"),
        ({"reason": "because"}, "body.reason"),
        ({"note": "  "}, "body.note"),
        ({"user_id": "1"}, "body.user_id"),
        ({"status": "approved"}, "body.status"),
        ({"requested_by": str(uuid4())}, "body.requested_by"),
    ],
)
async def test_a_wrong_field_is_named(case: AdjustmentCase, wrong: dict[str, Any], field: str) -> None:
    answer = await case.request(**wrong)
    assert answer.status_code == 422
    assert field in [entry["field"] for entry in answer.json()["errors"]]
    assert await case.topics() == []


async def test_a_key_a_customer_and_a_note_are_needed(case: AdjustmentCase) -> None:
    body = {
        "user_id": str(case.customer),
        "direction": "credit",
        "amount": 1,
        "reason": "other",
        "note": "abc",
    }
    answer = await case.client.post(ADJUSTMENTS, json=body, headers=case.requester)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    answer = await case.request(user_id=str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")
    path = await case.requested()
    assert (await case.client.post(f"{path}/approve", json={}, headers=case.approver)).status_code == 422
    answer = await case.decide(f"{ADJUSTMENTS}/{case.customer}/{uuid4()}", "approve")
    assert (answer.status_code, answer.json()["code"]) == (404, "adjustment_not_found")
    other = f"{ADJUSTMENTS}/{uuid4()}/{path.rsplit('/')[-1]}"
    assert (await case.decide(other, "approve")).status_code == 404
    assert (await case.client.get(other, headers=case.requester)).status_code == 404


async def test_who_has_no_fresh_second_factor_no_permission_or_a_narrow_scope_changes_nothing(
    case: AdjustmentCase,
) -> None:
    path = await case.requested()
    narrow = await case.stores.database.run(lambda db: make_admin(db, operator_scope=("JIO",)))
    wide = await case.stores.database.run(make_admin)
    refused = {
        "step_up_required": headers_for(case.settings, wide, role="Manager", second_factor_at=0),
        "permission_denied": headers_for(case.settings, wide, role="Viewer"),
        "operator_scope_too_narrow": headers_for(case.settings, narrow, role="Manager"),
        "admins_only": headers_for(case.settings, case.customer),
    }
    for code, headers in refused.items():
        for answer in (
            await case.request(headers=headers),
            *[await case.decide(path, what, headers) for what in ("approve", "reject", "cancel")],
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, code)
    for where in (ADJUSTMENTS, path):
        answer = await case.client.get(where, headers=refused["operator_scope_too_narrow"])
        assert answer.json()["code"] == "operator_scope_too_narrow"
        assert (await case.client.get(where)).status_code == 401
        assert (await case.client.get(where, headers=refused["permission_denied"])).status_code == 200
    assert await case.rupees() == "1000.00"


async def test_the_list_has_every_filter_and_stable_pages(case: AdjustmentCase) -> None:
    own_query = f"user_id={case.customer}"
    debit = await case.requested(direction="debit", amount=250, reason="fraud")
    credit = await case.requested(amount=10)
    other = await case.requested(amount=20, headers=case.approver)
    approved = (await case.decide(debit, "approve")).json()
    requested_by = approved["requested_by"]
    expected = {
        "": [other, credit, debit],
        "sort=requested_at": [debit, credit, other],
        "status=pending": [other, credit],
        "status=approved": [debit],
        "status=rejected": [],
        "direction=credit": [other, credit],
        "reason=fraud": [debit],
        f"requested_by={requested_by}": [credit, debit],
        f"decided_by={approved['decided_by']}": [debit],
        "min_amount=11&max_amount=20": [other],
        "from=2001-01-01": [other, credit, debit],
        "to=2001-01-01": [],
    }
    for query, paths in expected.items():
        page = (await case.client.get(f"{ADJUSTMENTS}?{own_query}&{query}", headers=case.requester)).json()
        assert [item["adjustment_id"] for item in page["items"]] == [
            path.rsplit("/")[-1] for path in paths
        ], query
        assert all(item["user"]["user_id"] == str(case.customer) for item in page["items"])
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"{ADJUSTMENTS}?limit=2&requested_by={requested_by}" + (f"&cursor={cursor}" if cursor else "")
        page = (await case.client.get(query, headers=case.requester)).json()
        seen += [item["adjustment_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [credit.rsplit("/")[-1], debit.rsplit("/")[-1]]
    assert (await case.client.get(f"{ADJUSTMENTS}?staus=pending", headers=case.requester)).status_code == 422


async def test_a_body_that_is_no_json_is_400_at_every_route_that_takes_one(case: AdjustmentCase) -> None:
    path = await case.requested()
    keyed = case.requester | {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    for where in (ADJUSTMENTS, f"{path}/approve", f"{path}/reject", f"{path}/cancel"):
        answer = await case.client.post(where, content=b"{", headers=keyed)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json"), where
    assert await case.topics() == ["AdjustmentRequested"]


@pytest.mark.parametrize("action", ["approve", "reject", "cancel"])
async def test_a_decision_about_an_adjustment_that_is_not_there_is_404(
    case: AdjustmentCase, action: str
) -> None:
    path = await case.requested()
    adjustment_id = path.rsplit("/")[-1]
    for where in (f"{ADJUSTMENTS}/{case.customer}/{uuid4()}", f"{ADJUSTMENTS}/{uuid4()}/{adjustment_id}"):
        answer = await case.decide(where, action)
        assert (answer.status_code, answer.json()["code"]) == (404, "adjustment_not_found")
        answer = await case.client.get(where, headers=case.requester)
        assert (answer.status_code, answer.json()["code"]) == (404, "adjustment_not_found")


@pytest.mark.parametrize(
    ("note", "status"), [("ab", 422), ("abc", 200), ("x" * 500, 200), ("x" * 501, 422), (None, 422)]
)
async def test_a_decision_needs_a_note_of_three_to_five_hundred_characters(
    case: AdjustmentCase, note: str | None, status: int
) -> None:
    path = await case.requested()
    answer = await case.decide(path, "reject", note=note)
    assert answer.status_code == status, answer.text
    shown = (await case.client.get(path, headers=case.requester)).json()
    assert shown["decision_note"] == (note if status == 200 else None)


@pytest.mark.parametrize(
    ("rupees", "status"), [("0.01", 201), ("100000000.00", 201), ("100000000.01", 422), ("1e30", 422)]
)
async def test_the_smallest_and_the_largest_amount_can_be_requested(
    case: AdjustmentCase, rupees: str, status: int
) -> None:
    answer = await case.request(amount=rupees)
    assert answer.status_code == status, answer.text
    if status == 201:
        assert f'"amount":{rupees}'.encode() in answer.content


async def test_the_largest_amount_exceeds_every_limit_and_nothing_moves(
    case: AdjustmentCase,
) -> None:
    path = await case.requested(amount="100000000.00")
    answer = await case.decide(path, "approve")
    assert (answer.status_code, answer.json()["code"]) == (409, "balance_limit_exceeded")
    assert await case.rupees() == "1000.00"


@pytest.mark.parametrize("key", ["", " ", "ü", "x" * 256])
async def test_a_key_that_is_none_is_400(case: AdjustmentCase, key: str) -> None:
    headers = [*case.requester.items(), ("Idempotency-Key", key.encode("latin-1"))]
    body = {
        "user_id": str(case.customer),
        "direction": "credit",
        "amount": 1,
        "reason": "other",
        "note": "abc",
    }
    answer = await case.client.post(ADJUSTMENTS, json=body, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


async def test_every_instant_of_an_adjustment_is_in_utc_and_money_in_rupees(case: AdjustmentCase) -> None:
    path = await case.requested(amount=12.5)
    answer = await case.decide(path, "approve")
    shown = answer.json()
    assert all(shown[name].endswith("Z") for name in ("requested_at", "expires_at", "decided_at"))
    assert b'"amount":12.50' in answer.content
    assert shown["decided_by"] != shown["requested_by"]
