"""The queue of a number over HTTP: the happy path, the guard, and what is refused."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.make.factories import headers_for, make_user
from tests.make.money import buy, find_plan, make_number

QUEUE = "/v1/recharge/plans/queue"


async def add_customer(stores: Stores) -> UUID:
    async def unit(db: AsyncSession) -> UUID:
        user = await make_user(db)
        await wallet.credit(
            db,
            user.user_id,
            Money.rupees(5_000),
            source_account=Account.OPENING,
            code=Code.OPENING,
            key="opening",
        )
        return user.user_id

    return await stores.database.run(unit)


@pytest.fixture
async def customer(shop: Stores) -> UUID:
    return await add_customer(shop)


@pytest.fixture
def headers(settings: Settings, customer: UUID) -> dict[str, str]:
    return headers_for(settings, customer) | {"Idempotency-Key": str(uuid4())}


async def line(stores: Stores, user_id: UUID, number: str) -> list[str]:
    """An active plan and two that wait: the ids of their recharges."""
    ids = []
    for rupees in (299, 249, 189):
        plan = await find_plan(stores, rupees=rupees)
        ids.append(str((await buy(stores, user_id, number, plan.plan_id, window=0)).answer.recharge_id))
    return ids


async def test_a_customer_reads_orders_starts_and_cancels(
    shop: Stores, client: httpx.AsyncClient, customer: UUID, headers: dict[str, str]
) -> None:
    number = await make_number(shop)
    first, second, third = await line(shop, customer, number)
    shown = (await client.get(QUEUE, params={"phone_number": number[3:]}, headers=headers)).json()
    assert shown["phone_number"] == number
    assert [item["recharge_id"] for item in shown["plans"]] == [second, third]
    assert shown["plans"][0]["ends_at"] == shown["plans"][1]["starts_at"]

    body = {"phone_number": number, "recharge_ids": [third, second]}
    ordered = await client.put(QUEUE, json=body, headers=headers)
    assert [item["recharge_id"] for item in ordered.json()["plans"]] == [third, second]

    refused = await client.post(f"/v1/recharge/{third}/start", json={}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "running_plan_ends")
    assert refused.json()["running_plan"]["recharge_id"] == first
    started = await client.post(
        f"/v1/recharge/{third}/start", json={"replaced_recharge_id": first}, headers=headers
    )
    assert (started.status_code, started.json()["status"]) == (200, "active")

    cancelled = await client.post(f"/v1/recharge/{second}/cancel", headers=headers)
    assert cancelled.status_code == 200, cancelled.text
    assert b'"amount":249.00' in cancelled.content
    again = await client.post(f"/v1/recharge/{second}/cancel", headers=headers)
    assert (again.content, again.headers["idempotent-replayed"]) == (cancelled.content, "true")
    shown = (await client.get(f"/v1/recharge/{second}", headers=headers)).json()
    assert shown["status"] == "refunded"
    other_key = headers | {"Idempotency-Key": str(uuid4())}
    late = await client.post(f"/v1/recharge/{second}/cancel", headers=other_key)
    assert (late.status_code, late.json()["code"]) == (409, "plan_not_queued")
    assert late.json()["plan_status"] == "cancelled"


async def test_anothers_plan_is_not_found(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, customer: UUID
) -> None:
    number = await make_number(shop)
    first, second, third = await line(shop, customer, number)
    stranger = headers_for(settings, await add_customer(shop)) | {"Idempotency-Key": "k"}
    acts: tuple[tuple[str, dict[str, str] | None], ...] = (
        ("cancel", None),
        ("start", {"replaced_recharge_id": first}),
    )
    for act, body in acts:
        answer = await client.post(f"/v1/recharge/{second}/{act}", json=body, headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "recharge_not_found")
    shown = await client.get(QUEUE, params={"phone_number": number}, headers=stranger)
    assert shown.json()["plans"] == []
    order = {"phone_number": number, "recharge_ids": [third, second]}
    assert (await client.put(QUEUE, json=order, headers=stranger)).json()["code"] == "plan_queue_changed"


async def test_what_is_wrong_is_named(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    number = "+919876543210"
    for body, field in (
        ({"phone_number": number}, "body.recharge_ids"),
        ({"phone_number": number, "recharge_ids": []}, "body.recharge_ids"),
        ({"phone_number": "12", "recharge_ids": [str(uuid4())]}, "body.phone_number"),
        ({"phone_number": number, "recharge_ids": ["x"]}, "body.recharge_ids.0"),
    ):
        answer = await client.put(QUEUE, json=body, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    without = {name: value for name, value in headers.items() if name != "Idempotency-Key"}
    answer = await client.post(f"/v1/recharge/{uuid4()}/cancel", headers=without)
    assert answer.json()["code"] == "idempotency_key_required"
