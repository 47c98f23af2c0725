"""The staff's side of plans: making, changing, versions, scope, races."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, text

from gencharge.core.events.events import EventRow
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.plans import service as plans
from tests.counting import counting, listening
from tests.make.plans import ADDONS, UNLIMITED, body, staff


@pytest.fixture
def manager(desk_settings: Settings) -> dict[str, str]:
    """The headers of a manager of all operators."""
    return staff(desk_settings)


@pytest.fixture
def jio(desk_settings: Settings) -> dict[str, str]:
    """The headers of a manager of Jio only."""
    return staff(desk_settings, "Manager", "JIO")


async def create(client: httpx.AsyncClient, headers: dict[str, str], **but: Any) -> dict[str, Any]:
    answer = await client.post("/v1/plans", json=body(**but), headers=headers)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def events_of(stores: Stores, topic: str, **but: str) -> list[dict[str, Any]]:
    async with stores.database.transaction() as db:
        rows = await db.scalars(select(EventRow).where(EventRow.topic == topic).order_by(EventRow.id))
        found = [row.payload for row in rows]
    return [payload for payload in found if all(payload[name] == value for name, value in but.items())]


async def test_a_new_plan_is_a_draft_that_only_the_staff_see(
    clerk: httpx.AsyncClient, manager: dict[str, str], desk_stores: Stores
) -> None:
    plan = await create(clerk, manager, circles=["ka", "TN", "KA"], criteria="New numbers")
    assert (plan["status"], plan["version"], plan["on_sale"]) == ("draft", 1, False)
    assert (plan["circles"], plan["price"], plan["group"]) == (["KA", "TN"], 199.00, "Unlimited")
    assert (await clerk.get(f"/v1/plans/{plan['plan_id']}")).status_code == 404
    seen = await clerk.get(f"/v1/plans/admin/{plan['plan_id']}", headers=manager)
    assert seen.status_code == 200
    assert seen.headers["etag"] == f'"{seen.json()["etag"]}"' == f'"{plan["etag"]}"'
    assert [(one["version"], one["price"]) for one in seen.json()["versions"]] == [(1, 199.00)]
    (event,) = await events_of(desk_stores, "PlanCreated", plan_id=plan["plan_id"])
    assert event["changes"]["price_paise"] == {"old": None, "new": 19900}


async def test_an_update_answers_as_the_seeds_say_and_makes_a_version(
    clerk: httpx.AsyncClient, desk_settings: Settings, desk_stores: Stores
) -> None:
    admin_id = new_id()
    headers = staff(desk_settings, admin_id=admin_id)
    plan = await create(clerk, headers)
    path = f"/v1/plans/{plan['plan_id']}"
    answer = await clerk.patch(path, json={"price": 179.5, "status": "active"}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "etag": answer.headers["etag"].strip('"'),
        "message": "Plan updated successfully",
        "plan_id": plan["plan_id"],
        "updated_fields": {"price": 179.5, "status": "active"},
        "cache_status": "Invalidated",
    }
    assert b'"price":179.50' in answer.content
    (event,) = await events_of(desk_stores, "PlanUpdated", plan_id=plan["plan_id"])
    assert event["changes"] == {
        "price_paise": {"old": 19900, "new": 17950},
        "status": {"old": "draft", "new": "active"},
    }
    versions = (await clerk.get(f"/v1/plans/admin/{plan['plan_id']}/versions", headers=headers)).json()
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
    # The same in every xdist worker: a set has no order.
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else str(value),
)
async def test_only_a_change_of_what_is_sold_makes_a_version(
    clerk: httpx.AsyncClient,
    manager: dict[str, str],
    desk_stores: Stores,
    change: dict[str, Any],
    version: int,
    fields: set[str],
) -> None:
    if "name" in change:
        change = {"name": f"Another {uuid4().hex}"}
    plan = await create(clerk, manager)
    answer = await clerk.patch(f"/v1/plans/{plan['plan_id']}", json=change, headers=manager)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["updated_fields"]) == fields
    assert answer.json()["cache_status"] == ("Invalidated" if fields else "Unchanged")
    seen = (await clerk.get(f"/v1/plans/admin/{plan['plan_id']}", headers=manager)).json()
    assert (seen["version"], len(seen["versions"])) == (version, version)
    assert (seen["etag"] != plan["etag"]) == bool(fields)
    assert seen["etag"] == answer.json()["etag"]
    assert len(await events_of(desk_stores, "PlanUpdated", plan_id=plan["plan_id"])) == bool(fields)


async def test_a_plan_goes_from_draft_to_active_to_inactive_and_back_but_never_to_draft(
    clerk: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    plan = await create(clerk, manager)
    path = f"/v1/plans/{plan['plan_id']}"
    for status in ("active", "inactive", "active"):
        assert (await clerk.patch(path, json={"status": status}, headers=manager)).status_code == 200
        refused = await clerk.patch(path, json={"status": "draft"}, headers=manager)
        assert (refused.status_code, refused.json()["code"]) == (409, "plan_status_not_allowed")
    refused = await clerk.delete(path, headers=manager)
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_already_published")
    assert "inactive" in refused.json()["detail"]


async def test_a_draft_can_be_deleted_and_its_history_stays(
    clerk: httpx.AsyncClient, manager: dict[str, str], jio: dict[str, str], desk_stores: Stores
) -> None:
    plan = await create(clerk, manager, operator="VI")
    path = f"/v1/plans/{plan['plan_id']}"
    assert (await clerk.delete(path, headers=jio)).status_code == 404
    gone = await clerk.delete(path, headers=manager)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await clerk.get(f"/v1/plans/admin/{plan['plan_id']}", headers=manager)).status_code == 404
    assert (await clerk.delete(path, headers=manager)).status_code == 404
    assert len(await events_of(desk_stores, "PlanDeleted", plan_id=plan["plan_id"])) == 1
    kept = await desk_stores.database.fetch_row(
        "SELECT count(*) FROM plan_versions WHERE plan_id = $1", UUID(plan["plan_id"])
    )
    assert kept is not None
    assert kept[0] == 1


@pytest.mark.parametrize(
    ("but", "field"),
    [
        ({"operator": "AIRCEL"}, "body.operator"),
        ({"circles": ["KA", "XX"]}, "body.circles"),
        ({"group_id": str(UUID(int=7))}, "body.group_id"),
        ({"category": "postpaid_rental"}, "body.category"),
        ({"plan_type": "postpaid"}, "body.category"),
        ({"validity": {"unit": "day"}}, "body.validity.n"),
        ({"validity": {"n": 0, "unit": "day"}}, "body.validity.n"),
        ({"validity": {"n": 121, "unit": "month"}}, "body.validity.n"),
        ({"validity": {"n": 5, "unit": "base_plan"}, "category": "data_addon"}, "body.validity.n"),
        (
            {"validity": {"unit": "base_plan"}, "category": "postpaid_rental", "plan_type": "postpaid"},
            "body.validity.unit",
        ),
        ({"price": 0}, "body.price"),
        ({"price": 100000.01}, "body.price"),
        ({"price": "1e3"}, "body.price"),
        (
            {"active_from": "2030-02-01T00:00:00Z", "active_until": "2030-02-01T00:00:00Z"},
            "body.active_until",
        ),
        ({"active_from": "2030-02-01T00:00:00"}, "body.active_from"),
        ({"active_from": "0001-01-01T00:00:00+14:00"}, "body.active_from"),
        ({"name": ""}, "body.name"),
        ({"name": "two\nlines"}, "body.name"),
        ({"name": "nul\x00"}, "body.name"),
        ({"description": "bell\x07"}, "body.description"),
        ({"benefits": {"data_total_mb": 10**18}}, "body.benefits.data_total_mb"),
        ({"benefits": {"extras": [""]}}, "body.benefits.extras.0"),
        ({"colour": "red"}, "body.colour"),
    ],
    ids=str,
)
async def test_a_plan_that_makes_no_sense_is_refused_with_the_field_and_what_would_be_right(
    clerk: httpx.AsyncClient, manager: dict[str, str], but: dict[str, Any], field: str
) -> None:
    refused = await clerk.post("/v1/plans", json=body(**but), headers=manager)
    assert refused.status_code == 422, refused.text
    (problem,) = refused.json()["errors"]
    assert problem["field"] == field
    assert problem["message"]


async def test_an_update_is_checked_as_a_whole_plan(
    clerk: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    plan = await create(clerk, manager, active_until="2030-01-01T00:00:00Z")
    path = f"/v1/plans/{plan['plan_id']}"
    for change, field in (
        ({"validity": {"unit": "month"}}, "body.validity.n"),
        ({"plan_type": "postpaid"}, "body.category"),
        ({"active_from": "2030-01-02T00:00:00Z"}, "body.active_until"),
        ({"name": None}, "body.name"),
        ({"price": None}, "body.price"),
    ):
        refused = await clerk.patch(path, json=change, headers=manager)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    opened = await clerk.patch(path, json={"active_until": None}, headers=manager)
    assert opened.json()["updated_fields"] == {"active_until": None}


async def test_two_plans_of_an_operator_do_not_share_their_name_unless_one_is_inactive(
    clerk: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    plan = await create(clerk, manager)
    twin = body(name=plan["name"].upper())
    refused = await clerk.post("/v1/plans", json=twin, headers=manager)
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_already_exists")
    assert plan["plan_id"] in refused.json()["errors"][0]["message"]
    await create(clerk, manager, name=plan["name"], circles=["KA"])
    await create(clerk, manager, name=plan["name"], operator="VI")
    path = f"/v1/plans/{plan['plan_id']}"
    assert (await clerk.patch(path, json={"status": "inactive"}, headers=manager)).status_code == 200
    await create(clerk, manager, name=plan["name"])
    again = await clerk.patch(path, json={"status": "active"}, headers=manager)
    assert (again.status_code, again.json()["code"]) == (409, "plan_already_exists")


async def test_a_manager_of_jio_neither_sees_nor_touches_airtels_plans(
    clerk: httpx.AsyncClient, manager: dict[str, str], jio: dict[str, str]
) -> None:
    theirs = await create(clerk, manager, operator="AIRTEL")
    ours = await create(clerk, jio)
    listed = (await clerk.get("/v1/plans/admin?limit=100", headers=jio)).json()["items"]
    assert {plan["operator"] for plan in listed} == {"JIO"}
    assert (await clerk.get("/v1/plans/admin?operator=AIRTEL", headers=jio)).json()["items"] == []
    path = f"/v1/plans/admin/{theirs['plan_id']}"
    for found in (
        await clerk.get(path, headers=jio),
        await clerk.get(f"{path}/versions", headers=jio),
        await clerk.patch(f"/v1/plans/{theirs['plan_id']}", json={"price": 1}, headers=jio),
        await clerk.delete(f"/v1/plans/{theirs['plan_id']}", headers=jio),
    ):
        assert (found.status_code, found.json()["code"]) == (404, "plan_not_found")
    refused = await clerk.post("/v1/plans", json=body(operator="AIRTEL"), headers=jio)
    assert (refused.status_code, refused.json()["code"]) == (403, "operator_out_of_scope")
    moved = await clerk.patch(f"/v1/plans/{ours['plan_id']}", json={"operator": "AIRTEL"}, headers=jio)
    assert (moved.status_code, moved.json()["code"]) == (403, "operator_out_of_scope")


async def test_the_list_takes_every_filter(clerk: httpx.AsyncClient, manager: dict[str, str]) -> None:
    mark = f"mark{uuid4().hex[:8]}"
    later = (clock.now() + timedelta(days=9)).isoformat()
    plan = await create(
        clerk,
        manager,
        name=f"100% {mark} Alpha",
        description=f"{mark}_x",
        price=777,
        circles=["KA"],
        status="active",
        active_from=later,
        most_popular=True,
        operator="BSNL",
    )
    other = await create(clerk, manager, name=f"{mark} Beta", price=778)

    async def ids(**query: Any) -> list[str]:
        answer = await clerk.get("/v1/plans/admin", params={"search": mark, **query}, headers=manager)
        assert answer.status_code == 200, answer.text
        return [found["plan_id"] for found in answer.json()["items"]]

    both = [plan["plan_id"], other["plan_id"]]
    assert await ids(sort="price") == both
    assert await ids(sort="-price") == both[::-1]
    assert await ids(sort="created_at") == both
    assert sorted(await ids()) == sorted(both)
    for query in (
        {"status": "active"},
        {"scheduled": "true"},
        {"operator": "bsnl"},
        {"circle": "ka", "operator": "BSNL"},
        {"popular": "true"},
        {"max_price": "777"},
        {"search": f"{mark} 100%"},
    ):
        assert await ids(**query) == both[:1], query
    for query in ({"status": "draft"}, {"scheduled": "false"}, {"popular": "false"}, {"min_price": "778"}):
        assert await ids(**query) == both[1:], query
    assert await ids(category="roaming") == []
    assert await ids(plan_type="postpaid") == []
    assert len(await ids(group="UNLIMITED")) == len(await ids(group=str(UNLIMITED))) == 2
    assert await ids(circle="MU") == both[1:]
    assert await ids(search="100_ " + mark) == []
    page = (
        await clerk.get(
            "/v1/plans/admin", params={"search": mark, "limit": 1, "sort": "name"}, headers=manager
        )
    ).json()
    rest = await clerk.get(
        "/v1/plans/admin",
        params={"search": mark, "limit": 1, "sort": "name", "cursor": page["next_cursor"]},
        headers=manager,
    )
    assert page["items"][0]["plan_id"] != rest.json()["items"][0]["plan_id"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("operator=AIRCEL", "query.operator"),
        ("circle=XX", "query.circle"),
        ("group=None", "query.group"),
        ("min_price=2&max_price=1", "query.max_price"),
        ("search=%00", "query.search"),
        ("colour=red", "query.colour"),
        ("sort=colour", "query.sort"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    clerk: httpx.AsyncClient, manager: dict[str, str], query: str, field: str
) -> None:
    refused = await clerk.get(f"/v1/plans/admin?{query}", headers=manager)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_twenty_racing_updates_lose_none(
    clerk: httpx.AsyncClient, manager: dict[str, str], desk_stores: Stores
) -> None:
    plan = await create(clerk, manager)
    path = f"/v1/plans/{plan['plan_id']}"
    changes = [{"price": 300 + number} for number in range(10)] + [
        {"description": f"text {number}"} for number in range(10)
    ]
    answers = await asyncio.gather(*(clerk.patch(path, json=change, headers=manager) for change in changes))
    assert [answer.status_code for answer in answers] == [200] * 20
    page = await clerk.get(f"/v1/plans/admin/{plan['plan_id']}/versions?limit=100", headers=manager)
    assert [one["version"] for one in page.json()["items"]] == list(range(21, 0, -1))
    said = [
        event["changes"] for event in await events_of(desk_stores, "PlanUpdated", plan_id=plan["plan_id"])
    ]
    prices = [change["price_paise"] for change in said if "price_paise" in change]
    # Each found what the one before it had written: a chain without a gap.
    chain = {change["old"]: change["new"] for change in prices}
    price = 19900
    for _ in range(10):
        price = chain.pop(price)
    assert chain == {}
    seen = (await clerk.get(f"/v1/plans/admin/{plan['plan_id']}", headers=manager)).headers["etag"]
    optimistic = await asyncio.gather(
        *(clerk.patch(path, json={"price": 400 + n}, headers={**manager, "If-Match": seen}) for n in range(5))
    )
    assert sorted(answer.status_code for answer in optimistic) == [200, 412, 412, 412, 412]


async def test_what_roles_do_not_allow_is_refused(
    clerk: httpx.AsyncClient, manager: dict[str, str], desk_settings: Settings
) -> None:
    plan = await create(clerk, manager)
    viewer = staff(desk_settings, "Viewer")
    assert (await clerk.get("/v1/plans/admin", headers=viewer)).status_code == 200
    path = f"/v1/plans/{plan['plan_id']}"
    for refused in (
        await clerk.post("/v1/plans", json=body(), headers=viewer),
        await clerk.patch(path, json={"price": 1}, headers=viewer),
        await clerk.delete(path, headers=viewer),
        await clerk.post("/v1/plans/admin/import", content=b"name\nx", headers=viewer),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    for path in ("/v1/plans/admin", "/v1/plans/groups/admin", "/v1/plans/admin/export"):
        assert (await clerk.get(path)).status_code == 401


async def test_a_page_of_the_list_costs_the_same_few_queries_whatever_its_size(
    clerk: httpx.AsyncClient, manager: dict[str, str], desk_stores: Stores
) -> None:
    counted = []
    with listening(desk_stores.database):
        for limit in (1, 100):
            with counting() as seen:
                answer = await clerk.get(f"/v1/plans/admin?limit={limit}", headers=manager)
            assert answer.status_code == 200
            counted.append(seen.statements)
    assert counted[0] == counted[1] <= 5


async def test_groups_are_made_renamed_counted_and_deleted_when_empty(
    clerk: httpx.AsyncClient, manager: dict[str, str], jio: dict[str, str], desk_stores: Stores
) -> None:
    name = f"Festival {uuid4().hex[:6]}"
    made = await clerk.post("/v1/plans/groups", json={"name": name, "sort_order": 99}, headers=manager)
    assert made.status_code == 201, made.text
    group_id = made.json()["group_id"]
    assert made.json()["plans"] == {"draft": 0, "active": 0, "inactive": 0}
    taken = await clerk.post("/v1/plans/groups", json={"name": name.upper()}, headers=manager)
    assert (taken.status_code, taken.json()["code"]) == (409, "plan_group_already_exists")
    assert taken.json()["errors"][0]["field"] == "body.name"
    path = f"/v1/plans/groups/{group_id}"
    assert (await clerk.patch(path, json={"name": "unlimited"}, headers=manager)).status_code == 409
    renamed = await clerk.patch(path, json={"name": name.lower(), "description": "x"}, headers=manager)
    assert (renamed.status_code, renamed.json()["name"]) == (200, name.lower())
    assert (await clerk.patch(path, json={}, headers=manager)).status_code == 200
    assert len(await events_of(desk_stores, "PlanGroupUpdated", plan_group_id=group_id)) == 1
    plan = await create(clerk, manager, group_id=group_id, operator="VI")
    held = await clerk.delete(path, headers=manager)
    assert (held.status_code, held.json()["code"]) == (409, "plan_group_in_use")
    for headers, count in ((manager, 1), (jio, 0)):
        listed = (await clerk.get("/v1/plans/groups/admin", headers=headers)).json()["items"]
        assert next(one for one in listed if one["group_id"] == group_id)["plans"]["draft"] == count
    assert (await clerk.delete(f"/v1/plans/{plan['plan_id']}", headers=manager)).status_code == 204
    assert (await clerk.delete(path, headers=manager)).status_code == 204
    missing = await clerk.delete(path, headers=manager)
    assert (missing.status_code, missing.json()["code"]) == (404, "plan_group_not_found")
    assert "Unlimited" in missing.json()["detail"]
    for topic in ("PlanGroupCreated", "PlanGroupDeleted"):
        assert len(await events_of(desk_stores, topic, plan_group_id=group_id)) == 1
    for refused in (
        await clerk.post("/v1/plans/groups", json={"name": "x"}, headers=jio),
        await clerk.patch(path, json={"name": "x"}, headers=jio),
        await clerk.delete(path, headers=jio),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "operator_scope_too_narrow")


async def test_deleting_a_group_while_a_plan_is_put_into_it_leaves_no_plan_without_a_group(
    clerk: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    for _ in range(5):
        made = await clerk.post("/v1/plans/groups", json={"name": uuid4().hex}, headers=manager)
        group_id = made.json()["group_id"]
        gone, put = await asyncio.gather(
            clerk.delete(f"/v1/plans/groups/{group_id}", headers=manager),
            clerk.post("/v1/plans", json=body(group_id=group_id), headers=manager),
        )
        assert (gone.status_code, put.status_code) in {(204, 422), (409, 201)}


async def test_a_plan_of_an_operator_that_is_not_served_is_off_sale(desk_stores: Stores) -> None:
    async def inactive(db: Any) -> plans.CatalogueSnapshot:
        await db.execute(text("UPDATE operators SET is_active = false WHERE code = 'VI'"))
        found = await plans.load_catalogue(db)
        await db.execute(text("UPDATE operators SET is_active = true WHERE code = 'VI'"))
        return found

    catalogue = await desk_stores.database.run(inactive)
    assert "VI" not in catalogue.operators
    on_sale = catalogue.on_sale(datetime(2030, 1, 1, tzinfo=UTC)).plans
    assert on_sale
    assert "VI" not in {plan.operator for plan in on_sale}
