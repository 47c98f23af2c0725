"""`/v1/reconciliation`: permissions, runs in the background, lists and their filters."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.core.values.ids import new_id
from gencharge.reconciliation import jobs, runs_service
from gencharge.reconciliation.models import (
    GATEWAY,
)
from tests.make.factories import headers_for, know_roles, make_admin, make_user, new_client
from tests.make.plans import staff
from tests.make.reconciliation import FIRST, Shop, sell_with_fault


@pytest.fixture(scope="module")
async def own_app(own: object) -> AsyncIterator[FastAPI]:
    app = create_app(own.settings)  # type: ignore[attr-defined]
    async with app.router.lifespan_context(app):
        await know_roles(app)
        yield app


@pytest.fixture
async def client(own_app: FastAPI, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the token of an admin who gave the second factor just now."""
    admin = await shop.stores.database.run(make_admin)
    async with new_client(own_app) as client:
        client.headers.update(headers_for(own_app.state.settings, admin))
        yield client


RUNS = "/v1/reconciliation/runs"


async def test_a_run_is_asked_for_done_in_the_background_and_resolved_over_http(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await shop.sell(2)
    shop.outside.script(FIRST, "statement", "missing_row", times=1)
    asked = await client.post(RUNS, json={"counterparty": FIRST, "day": str(runs_service.today())})
    assert (asked.status_code, asked.json()["status"]) == (202, "running")
    run_id = asked.json()["run_id"]
    await jobs.run(shop.stores, run_id)
    await jobs.run(shop.stores, run_id)
    run = (await client.get(f"{RUNS}/{run_id}")).json()
    assert (run["status"], run["differences"], run["open_differences"]) == ("differences", 1, 1)
    assert (run["their_amount"], run["our_amount"], run["difference_amount"]) == (299.00, 598.00, -299.00)
    page = (
        await client.get(f"{RUNS}/{run_id}/differences", params={"status": "open", "include_total": True})
    ).json()
    [difference] = page["items"]
    assert (page["total"], difference["kind"], difference["their_amount"]) == (1, "missing_at_theirs", None)
    path = f"{RUNS}/{run_id}/differences/{difference['difference_id']}/resolve"
    body = {"resolution": "refund_customer", "note": "the number has no plan"}
    first, second = await client.post(path, json=body), await client.post(path, json=body)
    assert (first.status_code, first.json()["status"]) == (200, "resolved")
    assert second.json() == first.json()
    other = await client.post(path, json=body | {"resolution": "write_off"})
    assert (other.status_code, other.json()["code"]) == (409, "difference_already_resolved")
    assert (await client.get(f"{RUNS}/{run_id}")).json()["open_differences"] == 0
    assert (await client.get(f"{RUNS}/{run_id}/differences", params={"kind": "extra_row"})).json()[
        "items"
    ] == []
    assert await shop.clean() == []


async def test_lists_filter_by_counterparty_status_and_day_and_leave_superseded_runs_out(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await shop.sell(1)
    for _ in range(2):
        await shop.match()
    await shop.match(GATEWAY)

    async def listed(**query: object) -> list[str]:
        answer = await client.get(RUNS, params=query)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return [run["counterparty"] for run in answer.json()["items"]]

    today = str(runs_service.today())
    assert await listed() == [GATEWAY, FIRST]
    assert await listed(include_superseded=True) == [GATEWAY, FIRST, FIRST]
    assert await listed(counterparty=FIRST, **{"from": today, "to": today}) == [FIRST]
    assert await listed(status="failed") == []
    assert await listed(limit=1) == [GATEWAY]
    refused = await client.get(RUNS, params={"party": "x"})
    assert refused.status_code == 422


async def test_unknown_runs_and_counterparties_and_future_days_are_refused_with_the_reason(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    del shop
    ahead = await client.post(RUNS, json={"counterparty": GATEWAY, "day": "2999-01-01"})
    assert (ahead.status_code, ahead.json()["code"]) == (422, "day_invalid")
    nobody = await client.post(RUNS, json={"counterparty": "nobody", "day": str(runs_service.today())})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "counterparty_invalid")
    assert FIRST in nobody.json()["errors"][0]["message"]
    for path in (f"{RUNS}/{new_id()}", f"{RUNS}/{new_id()}/differences"):
        missing = await client.get(path)
        assert (missing.status_code, missing.json()["code"]) == (404, "reconciliation_run_not_found")
    path = f"{RUNS}/{new_id()}/differences/{new_id()}/resolve"
    missing = await client.post(path, json={"resolution": "none", "note": "was checked"})
    assert (missing.status_code, missing.json()["code"]) == (404, "difference_not_found")
    for body in ({"resolution": "none"}, {"resolution": "burn", "note": "was checked"}):
        assert (await client.post(path, json=body)).status_code == 422


async def test_resolving_needs_a_recent_second_factor(own_app: FastAPI, shop: Shop) -> None:
    admin = await shop.stores.database.run(make_admin)
    async with new_client(own_app) as client:
        path = f"{RUNS}/{new_id()}/differences/{new_id()}/resolve"
        headers = headers_for(own_app.state.settings, admin, second_factor_at=0)
        body = {"resolution": "none", "note": "was checked"}
        answer = await client.post(path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
        assert (await client.get(RUNS, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("role", "reads", "edits"),
    [
        ("SuperAdmin", True, True),
        ("Manager", True, True),
        ("Support", True, False),
        ("ContentEditor", False, False),
        ("Viewer", True, False),
    ],
)
async def test_each_role_may_do_what_it_allows(
    own_app: FastAPI, shop: Shop, role: str, reads: bool, edits: bool
) -> None:
    run = f"{RUNS}/{new_id()}"
    body = {"counterparty": FIRST, "day": str(runs_service.today())}
    resolution = {"resolution": "none", "note": "was checked"}
    async with new_client(own_app) as client:
        client.headers.update(staff(shop.stores.settings, role))
        read = [(await client.get(path)).status_code for path in (RUNS, run, f"{run}/differences")]
        write = [
            (await client.post(RUNS, json=body)).status_code,
            (await client.post(f"{run}/differences/{new_id()}/resolve", json=resolution)).status_code,
        ]
    assert read == ([200, 404, 404] if reads else [403] * 3)
    assert write == ([202, 404] if edits else [403] * 2)


async def test_an_admin_of_one_operator_customers_and_strangers_are_refused(
    own_app: FastAPI, shop: Shop
) -> None:
    """A statement is about all customers and their money, so that no operator's scope covers it."""
    user = await shop.stores.database.run(make_user)
    settings = shop.stores.settings
    async with new_client(own_app) as client:
        for headers, status, code in (
            (staff(settings, "SuperAdmin", "JIO"), 403, "operator_scope_too_narrow"),
            (headers_for(settings, user), 403, "admins_only"),
            ({}, 401, "not_signed_in"),
        ):
            answer = await client.get(RUNS, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body.resolution"),
        ({"resolution": "none", "note": "ab"}, "body.note"),
        ({"resolution": "none", "note": "x" * 501}, "body.note"),
        ({"resolution": "none", "note": "a\x00bc"}, "body.note"),
        ({"resolution": "none", "note": "a\x1b[2Jbc"}, "body.note"),
        ({"resolution": "none", "note": "   "}, "body.note"),
        ({"resolution": "none", "note": "was checked", "amount": 5}, "body.amount"),
    ],
)
async def test_a_resolution_that_can_not_be_read_is_refused_with_its_field(
    client: httpx.AsyncClient, body: dict[str, object], field: str
) -> None:
    answer = await client.post(f"{RUNS}/{new_id()}/differences/{new_id()}/resolve", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert field in [problem["field"] for problem in answer.json()["errors"]]


async def test_a_note_may_have_several_lines(shop: Shop, client: httpx.AsyncClient) -> None:
    difference = await sell_with_fault(shop)
    path = f"{RUNS}/{difference.run_id}/differences/{difference.difference_id}/resolve"
    answer = await client.post(path, json={"resolution": "none", "note": "called them\nthey agree"})
    assert (answer.status_code, answer.json()["note"]) == (200, "called them\nthey agree")


@pytest.mark.parametrize(
    ("resolution", "message"),
    [
        ("settle_delivered", "Their statement does not list this recharge as delivered."),
        ("fail_and_release", "The recharge was delivered. It can only be refunded."),
    ],
)
async def test_a_resolution_that_does_not_fit_is_a_conflict_with_its_reason(
    shop: Shop, client: httpx.AsyncClient, resolution: str, message: str
) -> None:
    difference = await sell_with_fault(shop)
    path = f"{RUNS}/{difference.run_id}/differences/{difference.difference_id}/resolve"
    answer = await client.post(path, json={"resolution": resolution, "note": "was checked"})
    assert (answer.status_code, answer.json()["code"]) == (409, "resolution_not_allowed")
    assert answer.json()["detail"] == message


async def test_a_superseded_difference_is_a_conflict(shop: Shop, client: httpx.AsyncClient) -> None:
    difference = await sell_with_fault(shop)
    await shop.match()
    path = f"{RUNS}/{difference.run_id}/differences/{difference.difference_id}/resolve"
    answer = await client.post(path, json={"resolution": "none", "note": "was checked"})
    assert (answer.status_code, answer.json()["code"]) == (409, "difference_superseded")


@pytest.mark.parametrize(
    "query", [{"cursor": "x"}, {"limit": 0}, {"status": "lost"}, {"from": "soon"}, {"counterparty": "A"}]
)
async def test_a_filter_that_can_not_be_read_is_refused(
    client: httpx.AsyncClient, query: dict[str, object]
) -> None:
    assert (await client.get(RUNS, params=query)).status_code in {400, 422}  # type: ignore[arg-type]
