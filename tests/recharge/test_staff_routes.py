"""What the staff see of all customers' recharges and of the plans that run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.recharge import personal_data
from gencharge.recharge.models import ActivePlan
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.counting import Counted
from tests.make.factories import headers_for, know_roles, make_admin, make_user
from tests.make.money import buy, find_plan, fingerprint, make_customer, make_number

PATH = "/v1/recharge/admin"
Queries = Callable[[], AbstractContextManager[Counted]]


@dataclass(frozen=True)
class Sales:
    """A customer with an active and a queued plan at Jio and an active one at Airtel, and the staff."""

    stores: Stores
    client: httpx.AsyncClient
    settings: Settings
    customer: UUID
    jio_number: str
    airtel_number: str
    all: dict[str, str]
    jio: dict[str, str]

    async def get(
        self, query: str = "", headers: dict[str, str] | None = None, path: str = PATH
    ) -> list[dict[str, Any]]:
        answer = await self.client.get(f"{path}?{query}", headers=headers or self.all)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def statuses(self, query: str = "") -> list[str]:
        """Newest first."""
        return [item["status"] for item in await self.get(f"user_id={self.customer}&{query}")]

    async def count_plans(self, query: str, headers: dict[str, str] | None = None) -> int:
        own_query = f"user_id={self.customer}&{query}"
        return len(await self.get(own_query, headers, path=f"{PATH}/plans"))


@pytest.fixture
async def sales(app: FastAPI, shop: Stores, client: httpx.AsyncClient, settings: Settings) -> Sales:
    await know_roles(app)

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

    customer = await shop.database.run(unit)
    jio, airtel = await make_number(shop), await make_number(shop, "AIRTEL")
    await buy(shop, customer, jio, (await find_plan(shop)).plan_id, source="app")
    await buy(shop, customer, jio, (await find_plan(shop, rupees=349)).plan_id)
    await buy(shop, customer, airtel, (await find_plan(shop, "AIRTEL", 299)).plan_id)
    viewer = await shop.database.run(lambda db: make_admin(db, "Viewer"))
    narrow = await shop.database.run(lambda db: make_admin(db, "Viewer", operator_scope=("JIO",)))
    return Sales(
        shop,
        client,
        settings,
        customer,
        jio,
        airtel,
        headers_for(settings, viewer, role="Viewer"),
        headers_for(settings, narrow, role="Viewer"),
    )


def at(sales: Sales) -> dict[str, str]:
    """The viewer's header at the moved clock."""
    return headers_for(sales.settings, uuid4(), kind="admin", role="Viewer")


async def test_all_customers_recharges_have_every_filter(sales: Sales) -> None:
    expected = {
        "": 3,
        "status=active": 2,
        "status=queued": 1,
        "status=expired": 0,
        "status=failed": 0,
        "status=payment_pending": 0,
        f"phone_number={sales.jio_number[3:]}": 2,
        f"plan_id={uuid4()}": 0,
        "operator=jio": 2,
        "operator=AIRTEL": 1,
        "plan_type=prepaid": 3,
        "plan_type=postpaid": 0,
        "category=unlimited": 3,
        "category=roaming": 0,
        "payment_method=wallet": 3,
        "payment_method=upi": 0,
        "source=app": 1,
        "min_amount=299.01": 1,
        "max_amount=299": 2,
        "from=2000-01-01": 3,
        "to=2000-01-01": 0,
        "operator=JIO&status=active&source=app&min_amount=1": 1,
    }
    for query, count in expected.items():
        assert len(await sales.get(f"user_id={sales.customer}&{query}")) == count, query
    items = await sales.get(f"phone_number={sales.jio_number[3:]}&sort=created_at")
    assert [item["status"] for item in items] == ["active", "queued"]
    assert {item["user"]["name"] for item in items} == {"Asha Rao"}
    assert {item["user_id"] for item in items} == {str(sales.customer)}


async def test_the_lists_ask_no_query_for_each_row(sales: Sales, queries: Queries) -> None:
    for _ in range(4):
        await buy(
            sales.stores,
            await make_customer(sales.stores),
            await make_number(sales.stores),
            (await find_plan(sales.stores)).plan_id,
        )
    asked = {}
    for path in (PATH, f"{PATH}/plans"):
        for limit in (2, 6):
            with queries() as counted:
                assert len(await sales.get(f"limit={limit}", path=path)) == limit
            asked[path, limit] = counted.statements
    assert asked[PATH, 2] == asked[PATH, 6] == 3
    assert asked[f"{PATH}/plans", 2] == asked[f"{PATH}/plans", 6] == 2


@pytest.mark.parametrize("path", [PATH, f"{PATH}/plans"])
async def test_pages_follow_each_other(sales: Sales, path: str) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"limit=1&user_id={sales.customer}" + (f"&cursor={cursor}" if cursor else "")
        page = (await sales.client.get(f"{path}?{query}", headers=sales.all)).json()
        seen += [item["recharge_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == (3 if path == PATH else 2)


async def test_an_admin_of_one_operator_sees_its_recharges_only_in_list_and_detail(sales: Sales) -> None:
    own_query = f"user_id={sales.customer}"
    assert {item["operator"] for item in await sales.get("", sales.jio)} == {"JIO"}
    assert len(await sales.get(own_query, sales.jio)) == 2
    assert await sales.get(f"{own_query}&operator=AIRTEL", sales.jio) == []
    assert await sales.count_plans("", sales.jio) == 1
    assert await sales.count_plans("operator=AIRTEL", sales.jio) == 0
    for item in await sales.get(own_query):
        path = f"{PATH}/{item['user_id']}/{item['recharge_id']}"
        assert (await sales.client.get(path, headers=sales.all)).json() == item
        answer = await sales.client.get(path, headers=sales.jio)
        assert answer.status_code == (200 if item["operator"] == "JIO" else 404)
        if answer.status_code == 404:
            assert answer.json()["code"] == "recharge_not_found"
        elsewhere = f"{PATH}/{uuid4()}/{item['recharge_id']}"
        assert (await sales.client.get(elsewhere, headers=sales.all)).status_code == 404


async def test_what_has_ended_shows_as_expired_though_nothing_is_written(sales: Sales) -> None:
    assert await sales.statuses() == ["active", "queued", "active"]
    before = await fingerprint(sales.stores)
    with clock.later(days=28, seconds=5):
        now = at(sales)
        own_query = f"user_id={sales.customer}"
        listed = await sales.get(own_query, now)
        assert [item["status"] for item in listed] == ["expired", "queued", "expired"]
        for status, count in {"expired": 2, "active": 0, "queued": 1}.items():
            assert len(await sales.get(f"{own_query}&status={status}", now)) == count
        assert await sales.count_plans("", now) == 0
        assert await sales.count_plans("status=queued", now) == 1
        path = f"{PATH}/{sales.customer}/{listed[0]['recharge_id']}"
        assert (await sales.client.get(path, headers=now)).json() == listed[0]
    assert await fingerprint(sales.stores) == before


async def test_current_plans_have_every_filter(sales: Sales) -> None:
    expected = {
        "": 2,
        "status=active": 2,
        "status=queued": 1,
        f"phone_number={sales.jio_number[3:]}": 1,
        f"phone_number={sales.jio_number[3:]}&status=queued": 1,
        "operator=airtel": 1,
        "plan_type=postpaid": 0,
        "category=unlimited": 2,
        "expires_within_days=28": 2,
        "expires_within_days=27": 0,
        "expires_within_days=28&sort=valid_until&operator=JIO": 1,
        "sort=-valid_until": 2,
        "from=2020-01-01&to=2099-01-01": 2,
        "to=2020-01-01": 0,
        "from=2099-01-01": 0,
        f"plan_id={uuid4()}": 0,
    }
    for query, count in expected.items():
        assert await sales.count_plans(query) == count, query
    by_number = await sales.get(f"phone_number={sales.airtel_number[3:]}", path=f"{PATH}/plans")
    assert await sales.count_plans(f"plan_id={by_number[0]['plan_id']}") >= 1
    assert [(plan["user"]["name"], plan["days_left"]) for plan in by_number] == [("Asha Rao", 27)]
    for sort, backwards in (("valid_until", False), ("-valid_until", True), ("created_at", False)):
        column = "bought_at" if sort == "created_at" else "valid_until"
        items = await sales.get(f"sort={sort}&limit=50", path=f"{PATH}/plans")
        ends = [datetime.fromisoformat(plan[column]) for plan in items]
        assert ends == sorted(ends, reverse=backwards)


@pytest.mark.parametrize(
    "wrong",
    [
        f"{PATH}?status=odd",
        f"{PATH}?x=1",
        f"{PATH}?include_total=true",
        f"{PATH}?min_amount=2&max_amount=1",
        f"{PATH}/plans?status=expired",
        f"{PATH}/plans?status=queued&sort=valid_until",
        f"{PATH}/plans?status=queued&expires_within_days=1",
        f"{PATH}/plans?status=queued&from=2026-01-01",
        f"{PATH}/plans?from=2026-02-01&to=2026-01-01",
        f"{PATH}/plans?cursor=x",
        f"{PATH}/1/2",
    ],
)
async def test_a_wrong_filter_is_named(sales: Sales, wrong: str) -> None:
    answer = await sales.client.get(wrong, headers=sales.all)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_who_may_not_read_recharges_is_refused(sales: Sales) -> None:
    editor = headers_for(sales.settings, uuid4(), kind="admin", role="ContentEditor")
    for path in (PATH, f"{PATH}/plans", f"{PATH}/{sales.customer}/{uuid4()}"):
        assert (await sales.client.get(path)).status_code == 401
        as_user = await sales.client.get(path, headers=headers_for(sales.settings, sales.customer))
        assert as_user.json()["code"] == "admins_only"
        assert (await sales.client.get(path, headers=editor)).json()["code"] == "permission_denied"


async def test_a_payment_that_was_not_delivered_is_found_by_its_state(sales: Sales) -> None:
    (first, *_) = await sales.get(f"user_id={sales.customer}")

    async def fail(db: AsyncSession) -> None:
        await db.execute(
            text(
                "INSERT INTO recharges SELECT (r).* FROM (SELECT jsonb_populate_record(recharges, jsonb_build_object("
                "'id', gen_random_uuid(), 'idempotency_key', 'f', 'status', 'failed')) AS r FROM recharges"
                " WHERE user_id = :user AND id = :id) AS made"
            ),
            {"user": sales.customer, "id": UUID(first["recharge_id"])},
        )

    await sales.stores.database.run(fail)
    [shown] = await sales.get("status=failed&limit=1")
    assert (shown["status"], shown["user_id"], shown["valid_until"]) == ("failed", str(sales.customer), None)

    async def undo(db: AsyncSession) -> None:
        await db.execute(
            text("DELETE FROM recharges WHERE user_id = :user AND status = 'failed'"),
            {"user": sales.customer},
        )

    await sales.stores.database.run(undo)


async def test_the_overview_of_a_customer_has_the_last_recharges_and_what_runs(sales: Sales) -> None:
    assert personal_data.PART.overview is not None
    async with sales.stores.database.transaction() as db:
        overview = await personal_data.PART.overview(db, sales.customer)
        nothing = await personal_data.PART.overview(db, uuid4())
        stored = len(list(await db.scalars(select(ActivePlan).where(ActivePlan.user_id == sales.customer))))
    assert [recharge.status for recharge in overview.last_recharges] == ["active", "queued", "active"]
    assert [plan.status for plan in overview.current_plans] == ["active", "active", "queued"]
    assert (nothing.last_recharges, nothing.current_plans) == ([], [])
    assert stored == 3
