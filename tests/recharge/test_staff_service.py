"""The staff refund a delivered recharge, in part or in full, once for a key."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.channels.client import OperatorClient
from gencharge.core.events.relay import Relay
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.delivery.loop import Dispatcher
from tests.make import factories
from tests.make.delivery import FIRST, Purchase, purchase
from tests.make.outside import Outside, reach_over_api, sandbox
from tests.make.recharge import assert_books_balance

_keys = itertools.count()
Headers = dict[str, str]


@pytest.fixture(scope="module")
def outside(shop: Stores) -> Iterator[Outside]:
    with sandbox(shop.settings) as running:
        yield running


@pytest.fixture
async def dispatcher(shop: Stores, outside: Outside) -> AsyncIterator[Dispatcher]:
    """Jio over one channel."""
    outside.reset()
    await reach_over_api(shop, "JIO", (FIRST, f"{outside.base}/operators/{FIRST}"))
    dispatcher = Dispatcher(shop, OperatorClient(shop.settings, timeout_seconds=5))
    yield dispatcher
    await dispatcher.close()
    await reach_over_api(shop, "JIO")


@pytest.fixture
async def manager(app: FastAPI, shop: Stores) -> Headers:
    """A manager for all operators who gave the second factor just now."""
    await factories.know_roles(app)
    admin = await shop.database.run(lambda db: factories.make_admin(db, "Manager"))
    return factories.headers_for(shop.settings, admin, role="Manager")


async def post(
    client: httpx.AsyncClient, headers: Headers, bought: Purchase, act: str, **body: Any
) -> httpx.Response:
    key = body.pop("key", None) or f"oversight-{next(_keys)}"
    return await client.post(
        f"/v1/recharge/admin/{bought.user_id}/{bought.id}/{act}",
        headers=headers | {"Idempotency-Key": key},
        json={"reason": "the operator agreed"} | body,
    )


async def test_a_part_and_then_the_rest_go_back_to_the_wallet_and_the_plan_ends_with_the_rest(
    shop: Stores, dispatcher: Dispatcher, client: httpx.AsyncClient, manager: Headers, relay: Relay
) -> None:
    bought = await purchase(shop)
    await dispatcher.drain()
    part = await post(client, manager, bought, "refund", amount=100)
    assert part.status_code == 201, part.text
    assert part.json()["amount"] == 100.0
    assert ((await bought.recharge()).status, (await bought.plan()).status) == ("delivered", "active")
    assert await bought.balance() == 80_100
    await assert_books_balance(shop)
    too_much = await post(client, manager, bought, "refund", amount=199.01)
    assert (too_much.status_code, too_much.json()["code"]) == (422, "refund_too_large")
    assert "199.00" in too_much.json()["errors"][0]["message"]
    rest = await post(client, manager, bought, "refund")
    assert rest.json()["amount"] == 199.0
    assert ((await bought.recharge()).status, (await bought.plan()).status) == ("refunded", "cancelled")
    assert await bought.balance() == 100_000
    assert (await bought.transfers())[("revenue", "operator:jio")] == 897
    again = await post(client, manager, bought, "refund")
    assert (again.status_code, again.json()["code"]) == (409, "recharge_not_refundable")
    await assert_books_balance(shop)
    await relay.drain()


@pytest.mark.parametrize(
    "body", [{"amount": 0}, {"amount": -5}, {"amount": "1e9"}, {"amount": 1.001}, {"reason": ""}]
)
async def test_a_wrong_refund_is_refused_with_its_field(
    shop: Stores, dispatcher: Dispatcher, client: httpx.AsyncClient, manager: Headers, body: dict[str, Any]
) -> None:
    bought = await purchase(shop)
    await dispatcher.drain()
    answer = await post(client, manager, bought, "refund", **body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"body.{next(iter(body))}"


async def test_twenty_requests_with_one_key_refund_once(
    shop: Stores, dispatcher: Dispatcher, client: httpx.AsyncClient, manager: Headers
) -> None:
    bought = await purchase(shop)
    await dispatcher.drain()
    answers = await asyncio.gather(
        *(post(client, manager, bought, "refund", amount=10, key="one-refund") for _ in range(20))
    )
    refunds = [answer.json()["refund_id"] for answer in answers if answer.status_code == 201]
    assert len(set(refunds)) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert await bought.balance() == 71_100
    other = await post(client, manager, bought, "refund", amount=11, key="one-refund")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    await assert_books_balance(shop)


async def test_what_a_gateway_did_not_pay_cannot_go_back_through_it(
    shop: Stores, dispatcher: Dispatcher, client: httpx.AsyncClient, manager: Headers
) -> None:
    bought = await purchase(shop)
    await dispatcher.drain()
    answer = await post(client, manager, bought, "refund", destination="source")
    assert (answer.status_code, answer.json()["code"]) == (422, "refund_too_large")


async def test_who_is_limited_to_another_operator_or_gave_no_second_factor_is_kept_out(
    shop: Stores, dispatcher: Dispatcher, client: httpx.AsyncClient, manager: Headers, app: FastAPI
) -> None:
    bought = await purchase(shop)
    await dispatcher.drain()
    admin = await shop.database.run(lambda db: factories.make_admin(db, "Manager", operator_scope=["AIRTEL"]))
    airtel = factories.headers_for(shop.settings, admin, role="Manager")
    tired = factories.headers_for(shop.settings, admin, role="Manager", operator_scope=(), second_factor_at=0)
    assert (await post(client, airtel, bought, "refund")).status_code == 404
    late = await post(client, tired, bought, "refund")
    assert (late.status_code, late.json()["code"]) == (403, "step_up_required")
    assert await bought.balance() == 70_100


@pytest.fixture
def limit_of_a_hundred(app: FastAPI) -> Iterator[None]:
    """Refunds above Rs 100 take two admins."""
    settings: Settings = app.state.settings
    app.state.settings = settings.model_copy(update={"refund_alone_limit": 100})
    yield
    app.state.settings = settings


@pytest.mark.usefixtures("limit_of_a_hundred")
async def test_refunds_above_a_sum_take_a_second_admin_of_the_same_operators(
    shop: Stores,
    dispatcher: Dispatcher,
    client: httpx.AsyncClient,
    manager: Headers,
) -> None:
    bought = await purchase(shop)
    await dispatcher.drain()
    assert (await post(client, manager, bought, "refund", amount=60, key="a")).status_code == 201
    asked = await post(client, manager, bought, "refund", amount=50, key="b")
    assert (asked.status_code, asked.json()["status"]) == (202, "pending")
    assert asked.json()["summary"].startswith("Refund Rs 50.00 of ")
    again = await post(client, manager, bought, "refund", amount=50, key="b")
    assert (again.status_code, again.json()) == (202, asked.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await bought.balance() == 76_100
    path, note = f"/v1/approvals/{asked.json()['approval_id']}", {"note": "was checked"}
    own = await client.post(f"{path}/approve", headers=manager, json=note)
    assert (own.status_code, own.json()["code"]) == (403, "approval_second_admin_required")
    for scope, status in ((["AIRTEL"], 404), (["JIO"], 200)):
        admin = await shop.database.run(
            lambda db, scope=scope: factories.make_admin(db, "Manager", operator_scope=scope)  # type: ignore[misc]
        )
        headers = factories.headers_for(shop.settings, admin, role="Manager")
        assert (await client.post(f"{path}/approve", headers=headers, json=note)).status_code == status
    assert await bought.balance() == 81_100
    done = await post(client, manager, bought, "refund", amount=50, key="b")
    assert (done.status_code, done.json()["amount"]) == (201, 50)
    await assert_books_balance(shop)
