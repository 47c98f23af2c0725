"""What an update of the staff means to every process and to customers who bought before."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from fastapi import FastAPI

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.plans import service as plans
from tests.make.factories import headers_for
from tests.make.money import buy, make_customer, make_number
from tests.make.plans import (
    create_id,
    staff,
)
from tests.make.processes import another_process, eventually

START = datetime(2031, 7, 1, tzinfo=UTC)


async def test_a_second_after_the_answer_no_process_serves_the_old_price_with_redis_or_without(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_settings: Settings
) -> None:
    plan_id = await create_id(staff_client, manager, status="active", price=311)
    path = f"/v1/plans/{plan_id}"
    deaf = staff_settings.model_copy(update={"redis_url": "unix:///nowhere/redis.sock"})
    async with another_process(staff_settings) as (_, second), another_process(deaf) as (_, third):
        clients = (staff_client, second, third)

        async def prices() -> set[float]:
            listed = [await client.get("/v1/plans?min_price=311&max_price=313") for client in clients]
            single = [await client.get(path) for client in clients]
            assert all(answer.status_code in {200, 404} for answer in single)
            shown = {answer.json().get("price") for answer in single}
            return shown | {
                item["price"]
                for answer in listed
                for item in answer.json()["items"]
                if item["plan_id"] == plan_id
            }

        for price in (312, 313):
            answer = await staff_client.patch(path, json={"price": price}, headers=manager)
            assert answer.json()["cache_status"] == "Invalidated"

            async def shown(price: int = price) -> bool:
                return await prices() == {price}

            await eventually(shown, 1.0)
        off = await staff_client.patch(path, json={"status": "inactive"}, headers=manager)
        assert off.status_code == 200

        async def gone() -> bool:
            return all([(await client.get(path)).json()["status"] == "inactive" for client in clients])

        await eventually(gone, 1.0)


async def test_a_scheduled_plan_goes_on_and_off_sale_by_itself_in_every_process_at_that_instant(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_app: FastAPI, staff_settings: Settings
) -> None:
    window = {"active_from": START.isoformat(), "active_until": (START + timedelta(days=1)).isoformat()}
    plan_id = await create_id(staff_client, manager, status="active", **window)
    async with another_process(staff_settings) as (app, second):
        for one in (staff_app, app):
            await plans.Catalogue.of(one).refresh(one.state.stores.database)
        held = [plans.Catalogue.of(one).snapshot for one in (staff_app, app)]
        seen = []
        moment = timedelta(microseconds=1)
        for instant in (
            START - moment,
            START,
            START + timedelta(days=1) - moment,
            START + timedelta(days=1),
        ):
            with clock.at(instant):
                answers = [await client.get(f"/v1/plans/{plan_id}") for client in (staff_client, second)]
                seen.append({answer.json()["status"] for answer in answers})
        assert seen == [{404}, {"active"}, {"active"}, {"inactive"}]
        # Nothing was written and nothing loaded for it.
        assert [plans.Catalogue.of(one).snapshot for one in (staff_app, app)] == held
        with clock.at(START - moment):
            listed = await staff_client.get(
                "/v1/plans/admin?scheduled=true",
                headers=staff(staff_settings),
            )
        assert plan_id in {item["plan_id"] for item in listed.json()["items"]}


async def test_what_was_sold_keeps_its_price_on_the_receipt_and_in_the_history(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores, staff_settings: Settings
) -> None:
    plan_id = await create_id(staff_client, manager, status="active", name="Sold before", price=399)
    user_id = await make_customer(staff_stores)
    number = await make_number(staff_stores)
    path = f"/v1/plans/{plan_id}"
    first = await buy(staff_stores, user_id, number, UUID(plan_id))
    changed = {"price": 459, "name": "Sold after", "validity": {"n": 30, "unit": "day"}}
    assert (await staff_client.patch(path, json=changed, headers=manager)).status_code == 200
    second = await buy(staff_stores, user_id, number, UUID(plan_id), confirm_duplicate=True)
    headers = headers_for(staff_settings, user_id)
    for sale, price, name in ((first, 399, "Sold before"), (second, 459, "Sold after")):
        receipt = await staff_client.get(
            f"/v1/recharge/{sale.answer.subscription_id}/receipt", headers=headers
        )
        assert (receipt.json()["price"], receipt.json()["plan_name"]) == (price, name)
    history = (await staff_client.get("/v1/recharge", headers=headers)).json()["items"]
    assert [item["total_paid"] for item in history] == [459, 399]
    versions = (await staff_client.get(f"/v1/plans/admin/{plan_id}/versions", headers=manager)).json()[
        "items"
    ]
    assert [(one["version"], one["price"], one["validity"]["n"]) for one in versions] == [
        (2, 459, 30),
        (1, 399, 28),
    ]


async def test_customers_read_the_list_without_a_failure_while_the_staff_change_it(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    plan_id = await create_id(staff_client, manager, status="active")

    async def read() -> set[int]:
        return {(await staff_client.get("/v1/plans?limit=100")).status_code for _ in range(30)}

    async def change() -> set[int]:
        return {
            (
                await staff_client.patch(f"/v1/plans/{plan_id}", json={"price": 500 + n}, headers=manager)
            ).status_code
            for n in range(10)
        }

    assert await asyncio.gather(read(), change(), change(), read()) == [{200}] * 4
