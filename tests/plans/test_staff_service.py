"""What the staff do with plans, also under races."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.plans import service as plans
from tests.make.plans import (
    ADDONS,
    body,
    create,
    events_of,
    staff,
)


async def test_a_new_plan_is_a_draft_that_only_the_staff_see(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores
) -> None:
    plan = await create(staff_client, manager, circles=["ka", "TN", "KA"], criteria="New numbers")
    assert (plan["status"], plan["version"], plan["on_sale"]) == ("draft", 1, False)
    assert (plan["circles"], plan["price"], plan["group"]) == (["KA", "TN"], 199.00, "Unlimited")
    assert (await staff_client.get(f"/v1/plans/{plan['plan_id']}")).status_code == 404
    seen = await staff_client.get(f"/v1/plans/admin/{plan['plan_id']}", headers=manager)
    assert seen.status_code == 200
    assert seen.headers["etag"] == f'"{seen.json()["etag"]}"' == f'"{plan["etag"]}"'
    assert [(one["version"], one["price"]) for one in seen.json()["versions"]] == [(1, 199.00)]
    (event,) = await events_of(staff_stores, "PlanCreated", plan_id=plan["plan_id"])
    assert event["changes"]["price_paise"] == {"old": None, "new": 19900}


async def test_an_update_answers_as_the_seeds_say_and_makes_a_version(
    staff_client: httpx.AsyncClient, staff_settings: Settings, staff_stores: Stores
) -> None:
    admin_id = new_id()
    headers = staff(staff_settings, admin_id=admin_id)
    plan = await create(staff_client, headers)
    path = f"/v1/plans/{plan['plan_id']}"
    answer = await staff_client.patch(path, json={"price": 179.5, "status": "active"}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "etag": answer.headers["etag"].strip('"'),
        "message": "Plan updated successfully",
        "plan_id": plan["plan_id"],
        "updated_fields": {"price": 179.5, "status": "active"},
        "cache_status": "Invalidated",
    }
    assert b'"price":179.50' in answer.content
    (event,) = await events_of(staff_stores, "PlanUpdated", plan_id=plan["plan_id"])
    assert event["changes"] == {
        "price_paise": {"old": 19900, "new": 17950},
        "status": {"old": "draft", "new": "active"},
    }
    versions = (await staff_client.get(f"/v1/plans/admin/{plan['plan_id']}/versions", headers=headers)).json()
    assert [(one["version"], one["price"], one["changed_by"]) for one in versions["items"]] == [
        (2, 179.5, str(admin_id)),
        (1, 199.0, str(admin_id)),
    ]


@pytest.mark.parametrize(
    ("change", "version", "fields"),
    [
        ({"most_popular": True}, 1, {"most_popular"}),
        ({"status": "active"}, 1, {"status"}),
        ({"active_until": "2031-01-01T00:00:00Z"}, 1, {"active_until"}),
        ({"name": "Another name"}, 2, {"name"}),
        ({"circles": ["KA"]}, 2, {"circles"}),
        ({"validity": {"n": 1, "unit": "month"}}, 2, {"validity"}),
        ({"benefits": {"sms_total": 5}}, 2, {"benefits"}),
        ({"category": "data_addon", "group_id": str(ADDONS)}, 2, {"category", "group_id", "is_addon"}),
        ({}, 1, set()),
        ({"price": 199, "operator": "jio"}, 1, set()),
    ],
    # The same in every run: a set has no order.
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else str(value),
)
async def test_only_a_change_of_what_is_sold_makes_a_version(
    staff_client: httpx.AsyncClient,
    manager: dict[str, str],
    staff_stores: Stores,
    change: dict[str, Any],
    version: int,
    fields: set[str],
) -> None:
    if "name" in change:
        change = {"name": f"Another {uuid4().hex}"}
    plan = await create(staff_client, manager)
    answer = await staff_client.patch(f"/v1/plans/{plan['plan_id']}", json=change, headers=manager)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["updated_fields"]) == fields
    assert answer.json()["cache_status"] == ("Invalidated" if fields else "Unchanged")
    seen = (await staff_client.get(f"/v1/plans/admin/{plan['plan_id']}", headers=manager)).json()
    assert (seen["version"], len(seen["versions"])) == (version, version)
    assert (seen["etag"] != plan["etag"]) == bool(fields)
    assert seen["etag"] == answer.json()["etag"]
    assert len(await events_of(staff_stores, "PlanUpdated", plan_id=plan["plan_id"])) == bool(fields)


async def test_a_plan_goes_from_draft_to_active_to_inactive_and_back_but_never_to_draft(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    plan = await create(staff_client, manager)
    path = f"/v1/plans/{plan['plan_id']}"
    for status in ("active", "inactive", "active"):
        assert (await staff_client.patch(path, json={"status": status}, headers=manager)).status_code == 200
        refused = await staff_client.patch(path, json={"status": "draft"}, headers=manager)
        assert (refused.status_code, refused.json()["code"]) == (409, "plan_status_not_allowed")
    refused = await staff_client.delete(path, headers=manager)
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_already_published")
    assert "inactive" in refused.json()["detail"]


async def test_a_draft_can_be_deleted_and_its_history_stays(
    staff_client: httpx.AsyncClient, manager: dict[str, str], jio: dict[str, str], staff_stores: Stores
) -> None:
    plan = await create(staff_client, manager, operator="VI")
    path = f"/v1/plans/{plan['plan_id']}"
    assert (await staff_client.delete(path, headers=jio)).status_code == 404
    gone = await staff_client.delete(path, headers=manager)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await staff_client.get(f"/v1/plans/admin/{plan['plan_id']}", headers=manager)).status_code == 404
    assert (await staff_client.delete(path, headers=manager)).status_code == 404
    assert len(await events_of(staff_stores, "PlanDeleted", plan_id=plan["plan_id"])) == 1
    version = await staff_stores.database.fetch_row(
        "SELECT count(*) FROM plan_versions WHERE plan_id = $1", UUID(plan["plan_id"])
    )
    assert version is not None
    assert version[0] == 1


async def test_two_plans_of_an_operator_do_not_share_their_name_unless_one_is_inactive(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    plan = await create(staff_client, manager)
    twin = body(name=plan["name"].upper())
    refused = await staff_client.post("/v1/plans", json=twin, headers=manager)
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_already_exists")
    assert plan["plan_id"] in refused.json()["errors"][0]["message"]
    await create(staff_client, manager, name=plan["name"], circles=["KA"])
    await create(staff_client, manager, name=plan["name"], operator="VI")
    path = f"/v1/plans/{plan['plan_id']}"
    assert (await staff_client.patch(path, json={"status": "inactive"}, headers=manager)).status_code == 200
    await create(staff_client, manager, name=plan["name"])
    again = await staff_client.patch(path, json={"status": "active"}, headers=manager)
    assert (again.status_code, again.json()["code"]) == (409, "plan_already_exists")


async def test_twenty_racing_updates_lose_none(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores
) -> None:
    plan = await create(staff_client, manager)
    path = f"/v1/plans/{plan['plan_id']}"
    changes = [{"price": 300 + number} for number in range(10)] + [
        {"description": f"text {number}"} for number in range(10)
    ]
    answers = await asyncio.gather(
        *(staff_client.patch(path, json=change, headers=manager) for change in changes)
    )
    assert [answer.status_code for answer in answers] == [200] * 20
    page = await staff_client.get(f"/v1/plans/admin/{plan['plan_id']}/versions?limit=100", headers=manager)
    assert [one["version"] for one in page.json()["items"]] == list(range(21, 0, -1))
    changes_of_all = [
        event["changes"] for event in await events_of(staff_stores, "PlanUpdated", plan_id=plan["plan_id"])
    ]
    prices = [change["price_paise"] for change in changes_of_all if "price_paise" in change]
    # Each found what the one before it had written: a chain without a gap.
    chain = {change["old"]: change["new"] for change in prices}
    price = 19900
    for _ in range(10):
        price = chain.pop(price)
    assert chain == {}
    seen = (await staff_client.get(f"/v1/plans/admin/{plan['plan_id']}", headers=manager)).headers["etag"]
    optimistic = await asyncio.gather(
        *(
            staff_client.patch(path, json={"price": 400 + n}, headers={**manager, "If-Match": seen})
            for n in range(5)
        )
    )
    assert sorted(answer.status_code for answer in optimistic) == [200, 412, 412, 412, 412]


async def test_a_plan_of_an_operator_that_is_not_served_is_off_sale(staff_stores: Stores) -> None:
    async def inactive(db: Any) -> plans.CatalogueSnapshot:
        await db.execute(text("UPDATE operators SET is_active = false WHERE code = 'VI'"))
        catalogue = await plans.load_catalogue(db)
        await db.execute(text("UPDATE operators SET is_active = true WHERE code = 'VI'"))
        return catalogue

    catalogue = await staff_stores.database.run(inactive)
    assert "VI" not in catalogue.operators
    on_sale = catalogue.on_sale(datetime(2030, 1, 1, tzinfo=UTC)).plans
    assert on_sale
    assert "VI" not in {plan.operator for plan in on_sale}
