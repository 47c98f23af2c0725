"""`/analytics/{area}` over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.analytics.area_service import AREAS, count_areas
from gencharge.analytics.areas import Area
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.analytics import count
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import staff_headers


@pytest.fixture
async def headers(app: FastAPI, shop: Stores) -> dict[str, str]:
    return await staff_headers(app, shop, "SuperAdmin")


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
async def test_each_area_answers_in_one_shape_and_its_etag_holds(
    client: httpx.AsyncClient, headers: dict[str, str], area: Area
) -> None:
    answer = await client.get(f"/v1/analytics/{area.name}", headers=headers)
    assert answer.status_code == 200, answer.text
    figures = answer.json()
    assert {"totals", "periods", "daily", "monthly", "growth", "distributions", "top"} <= set(figures)
    assert set(figures["totals"]) == {fact.name for fact in area.facts}
    assert (len(figures["daily"]), len(figures["monthly"])) == (30, 13)
    again = await client.get(
        f"/v1/analytics/{area.name}", headers=headers | {"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


async def test_a_plan_that_is_sold_and_renamed_shows(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    plan = await find_plan(shop, "JIO", 299)
    await buy(shop, await make_customer(shop), await make_number(shop), plan.plan_id)
    await count(shop)
    answer = await client.get("/v1/analytics/plans", headers=headers)
    figures = answer.json()
    assert figures["totals"]["delivered"] == {"count": 1, "amount": 299.0}
    assert figures["top"]["plans"][0]["key"] == str(plan.plan_id)
    assert figures["now"]["total"] == sum(part["count"] for part in figures["now"]["status"])
    async with shop.database.transaction() as db:
        await db.execute(
            text(
                "UPDATE plans SET name = 'Renamed', updated_at = now() + interval '1 s' WHERE plan_id = :id"
            ),
            {"id": plan.plan_id},
        )
    for path in ("plans", "transactions"):
        again = await client.get(
            f"/v1/analytics/{path}", headers=headers | {"If-None-Match": answer.headers["ETag"]}
        )
        assert again.status_code == 200
        assert again.json()["top"]["plans"][0]["name"] == "Renamed"


async def test_what_customers_do_shows_once_it_is_counted(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    async with shop.database.transaction() as db:
        await db.execute(
            text(
                "INSERT INTO users (user_id, phone_number, referral_code, registered_at)"
                " VALUES (gen_random_uuid(), '+919000000002', 'AREAS2', now())"
            )
        )
    await count_areas(shop.database, 2)
    first = await client.get("/v1/analytics/users", headers=headers)
    now = first.json()["now"]
    assert now["total"] == first.json()["totals"]["registered"]["count"] == 1
    assert {part["key"] for part in now["status"]} == {"active"}


async def test_the_figures_of_a_resource_take_its_permission_and_that_of_figures(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    support = await staff_headers(app, shop, "Support")
    assert (await client.get("/v1/analytics/users", headers=support)).status_code == 403
    viewer = await staff_headers(app, shop, "Viewer")
    assert (await client.get("/v1/analytics/users", headers=viewer)).status_code == 200
    assert (await client.get("/v1/analytics/admins", headers=viewer)).status_code == 403
    jio = await staff_headers(app, shop, "Manager", operators=("JIO",))
    assert (await client.get("/v1/analytics/payments", headers=jio)).status_code == 403
    assert (await client.get("/v1/analytics/delivery", headers=jio)).status_code == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"from": "2026-02-01", "to": "2026-01-01"}, "from must not be after to"),
        ({"from": "2020-01-01", "to": "2026-01-01"}, "At most"),
        ({"from": "yesterday"}, "from"),
        ({"operator": "JIO"}, "there are from, to"),
    ],
)
async def test_an_impossible_query_says_why(
    client: httpx.AsyncClient, headers: dict[str, str], query: dict[str, str], message: str
) -> None:
    answer = await client.get("/v1/analytics/users", headers=headers, params=query)
    assert answer.status_code == 422
    assert message in str(answer.json()["errors"])


async def test_the_work_on_backups_shows_as_it_begins_and_ends(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    run = (
        "INSERT INTO backup_runs (run_id, kind, backup_id, requested_by, options, status, failure, created_at, ended_at)"
        " VALUES (gen_random_uuid(), :kind, :backup, :by, '{}', :status, :failure, now() - interval '1 h', :ended)"
    )
    now = datetime.now(UTC)
    admin = new_id()
    runs = (
        ("create", "succeeded", None, None, now - timedelta(days=40)),
        ("create", "succeeded", None, None, now),
        ("verify", "succeeded", admin, None, now),
        ("restore_in_place", "succeeded", admin, None, now),
        ("verify", "failed", admin, "archive_damaged", now),
        ("restore", "cancelled", admin, None, now),
    )
    async with shop.database.transaction() as db:
        for number, (kind, status, by, failure, ended) in enumerate(runs):
            values = {"kind": kind, "status": status, "by": by, "failure": failure, "ended": ended}
            await db.execute(text(run), values | {"backup": f"b{number}"})
    path = "/v1/analytics/backups"
    answer = await client.get(path, headers=headers)
    figures = answer.json()
    assert {fact: value["count"] for fact, value in figures["totals"].items()} == {
        "created": 1,
        "verified": 1,
        "restored": 1,
        "failed": 1,
        "cancelled": 1,
    }
    assert figures["periods"]["last_3_months"]["created"]["count"] == 1, "up to yesterday"
    assert {part["key"]: part["count"] for part in figures["distributions"]["kind"]} == {
        "verify": 2,
        "create": 1,
        "restore": 1,
        "restore_in_place": 1,
    }
    assert [part["key"] for part in figures["distributions"]["failure"]] == ["archive_damaged"]
    assert {part["key"]: part["count"] for part in figures["distributions"]["asked_by"]} == {
        "staff": 4,
        "schedule": 1,
    }
    assert figures["now"] is None
    # What waits, and then what begins, is another answer.
    tag = answer.headers["ETag"]
    for change in (
        "INSERT INTO backup_runs (run_id, kind, backup_id, options, created_at)"
        " VALUES (gen_random_uuid(), 'create', 'open', '{}', now())",
        "UPDATE backup_runs SET status = 'running', started_at = now() + interval '1 s' WHERE backup_id = 'open'",
    ):
        async with shop.database.transaction() as db:
            await db.execute(text(change))
        answer = await client.get(path, headers=headers | {"If-None-Match": tag})
        assert answer.status_code == 200
        tag = answer.headers["ETag"]
    assert answer.json()["now"]["total"] == 1
    assert [part["key"] for part in answer.json()["now"]["status"]] == ["running"]
    manager = await staff_headers(app, shop, "Manager")
    assert (await client.get(path, headers=manager)).status_code == 403
