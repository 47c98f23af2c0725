"""The staff's route that ends a pending recharge: the happy path, every error, and who is kept out."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.channels.service import Verdict
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.delivery.context_service import DeliveryContext
from tests.make.delivery import Purchase, purchase
from tests.make.factories import headers_for
from tests.make.recharge import assert_books_balance, staff_headers

Headers = dict[str, str]


@pytest.fixture
async def manager(app: FastAPI, jio: Stores) -> Headers:
    return await staff_headers(app, jio)


async def resolve(
    client: httpx.AsyncClient, headers: Headers, bought: Purchase, **body: Any
) -> httpx.Response:
    path = f"/v1/recharge/admin/{bought.user_id}/{bought.id}/resolve"
    command = {"outcome": "failed", "reason": "the operator agreed"} | body
    return await client.post(path, headers=headers, json=command)


@pytest.mark.parametrize("outcome", ["delivered", "failed"])
async def test_a_recharge_that_its_operator_never_ends_is_ended(
    jio: Stores, client: httpx.AsyncClient, manager: Headers, relay: Relay, outcome: str
) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), Verdict.ACCEPTED)
    if outcome == "failed":
        young = await resolve(client, manager, bought)
        assert (young.status_code, young.json()["code"]) == (409, "submission_unanswered")
        await bought.age()
    answer = await resolve(client, manager, bought, outcome=outcome, operator_reference="J-77")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["status"] == {"delivered": "active", "failed": "failed"}[outcome]
    assert (shown["recharge_id"], shown["user_id"]) == (str(bought.id), str(bought.user_id))
    assert await bought.balance() == {"delivered": 70_100, "failed": 100_000}[outcome]
    await assert_books_balance(jio)
    again = await resolve(client, manager, bought)
    assert (again.status_code, again.json()["code"]) == (409, "recharge_not_pending")
    assert outcome in again.json()["detail"]
    await relay.drain()
    entry = await jio.documents["audit_entries"].find_one(
        {"action": "recharge_resolved", "object.id": str(bought.id)}
    )
    assert entry is not None
    assert entry["changes"]["status"] == {"old": "processing", "new": outcome}
    assert entry["reason"] == "the operator agreed"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"outcome": "lost"}, "body.outcome"),
        ({"outcome": None}, "body.outcome"),
        ({"reason": ""}, "body.reason"),
        ({"reason": "  x  "}, "body.reason"),
        ({"reason": "x" * 301}, "body.reason"),
        ({"operator_reference": "x" * 81}, "body.operator_reference"),
        ({"operator_reference": 5}, "body.operator_reference"),
        ({"amount": 5}, "body.amount"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_changes(
    jio: Stores, client: httpx.AsyncClient, manager: Headers, body: dict[str, Any], field: str
) -> None:
    bought = await purchase(jio)
    answer = await resolve(client, manager, bought, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await bought.recharge()).status == "processing"


async def test_a_body_that_is_no_json_is_refused(
    jio: Stores, client: httpx.AsyncClient, manager: Headers
) -> None:
    bought = await purchase(jio)
    path = f"/v1/recharge/admin/{bought.user_id}/{bought.id}/resolve"
    answer = await client.post(path, headers=manager | {"Content-Type": "application/json"}, content=b"{")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


async def test_a_recharge_that_does_not_exist_is_not_found(
    jio: Stores, client: httpx.AsyncClient, manager: Headers
) -> None:
    bought = await purchase(jio)
    for user_id, recharge_id in ((bought.user_id, uuid4()), (uuid4(), bought.id)):
        path = f"/v1/recharge/admin/{user_id}/{recharge_id}/resolve"
        body = {"outcome": "failed", "reason": "the operator agreed"}
        answer = await client.post(path, headers=manager, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "recharge_not_found")
    wrong = await client.post("/v1/recharge/admin/1/2/resolve", headers=manager, json=body)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "validation_failed")


async def test_an_admin_of_another_operator_does_not_find_it(
    jio: Stores, app: FastAPI, client: httpx.AsyncClient
) -> None:
    bought = await purchase(jio)
    answer = await resolve(client, await staff_headers(app, jio, operators=["AIRTEL"]), bought)
    assert (answer.status_code, answer.json()["code"]) == (404, "recharge_not_found")
    answer = await resolve(client, await staff_headers(app, jio, operators=["VI", "JIO"]), bought)
    assert answer.status_code == 200


async def test_without_a_fresh_second_factor_it_is_refused(
    jio: Stores, app: FastAPI, client: httpx.AsyncClient
) -> None:
    bought = await purchase(jio)
    answer = await resolve(client, await staff_headers(app, jio, second_factor_at=0), bought)
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert (await bought.recharge()).status == "processing"


@pytest.mark.parametrize("role", ["Viewer", "ContentEditor"])
async def test_a_role_without_the_permission_is_refused(
    jio: Stores, app: FastAPI, client: httpx.AsyncClient, role: str
) -> None:
    bought = await purchase(jio)
    answer = await resolve(client, await staff_headers(app, jio, role), bought)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert (await bought.recharge()).status == "processing"


async def test_customers_and_strangers_are_kept_out(
    jio: Stores, app: FastAPI, client: httpx.AsyncClient, manager: Headers
) -> None:
    bought = await purchase(jio)
    own = await resolve(client, headers_for(jio.settings, bought.user_id), bought)
    assert (own.status_code, own.json()["code"]) == (403, "admins_only")
    assert (await resolve(client, {}, bought)).status_code == 401
    assert await bought.balance() == 70_100


async def test_an_expensive_one_takes_two_admins(
    jio: Stores, app: FastAPI, client: httpx.AsyncClient, manager: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = DeliveryContext.of(app)
    monkeypatch.setattr(context, "settings", context.settings.model_copy(update={"resolve_alone_limit": 100}))
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), Verdict.UNKNOWN)
    await bought.age()
    first = await resolve(client, manager, bought)
    assert (first.status_code, first.json()["outcome"]) == (202, "failed")
    again = await resolve(client, manager, bought)
    assert (again.status_code, again.json()["code"]) == (403, "second_admin_required")
    second = await resolve(client, await staff_headers(app, jio), bought)
    assert (second.status_code, second.json()["status"]) == (200, "failed"), second.text
    assert await bought.balance() == 100_000
