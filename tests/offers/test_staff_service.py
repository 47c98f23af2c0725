"""What the staff do with offers, also under races."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.offers import service as offers
from gencharge.offers.models import OfferVersion
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.offers import events_about, make, make_type, market_of, plain, publish, used
from tests.offers.conftest import Headers


async def test_an_offer_is_added_as_a_draft_with_all_its_terms(
    visitor: httpx.AsyncClient, manager: Headers, market_stores: Stores
) -> None:
    bought = await find_plan(market_stores, "JIO", 299)
    body = await plain(
        visitor,
        description="Two lines\nof text",
        code=f"c{uuid4().hex[:8]}",
        is_special=True,
        active_until=(clock.now() + timedelta(days=9)).isoformat(),
        conditions={
            "min_amount": 199.5,
            "user_types": ["prepaid"],
            "new_user_only": True,
            "sources": ["app", "web"],
            "plan_groups": [str(bought.group_id)],
            "plans": [str(bought.plan_id)],
            "operators": ["jio"],
            "circles": ["ka"],
            "payment_methods": ["upi"],
            "weekdays": ["sunday", "monday"],
        },
        reward={"discount": {"kind": "percent", "percent": 12.25, "cap": 75}},
        limits={"total_uses": 1000, "uses_per_user": 2, "budget": 5000},
    )
    answer = await visitor.post("/v1/offers", json=body, headers=manager)
    assert answer.status_code == 201, answer.text
    offer = answer.json()
    assert b'"percent":12.25,"cap":75.00' in answer.content
    assert (offer["status"], offer["version"], offer["window"]) == ("draft", 1, "running")
    assert offer["code"] == body["code"].upper()
    assert offer["conditions"] == body["conditions"] | {
        "operators": ["JIO"],
        "circles": ["KA"],
        "weekdays": ["monday", "sunday"],
        "one_time_code": False,
    }
    assert offer["limits"] == {"total_uses": 1000, "uses_per_user": 2, "budget": 5000.0}
    read = await visitor.get(f"/v1/offers/admin/{offer['offer_id']}", headers=manager)
    assert read.json() == offer
    assert (await visitor.get(f"/v1/offers/{offer['offer_id']}")).status_code == 404
    [event] = await events_about(market_stores, offer["offer_id"])
    assert event["topic"] == "OfferCreated"
    assert event["payload"]["changes"]["discount_basis_points"] == {"old": None, "new": 1225}


async def test_an_update_names_what_changed_and_keeps_the_version_that_was_seen(
    visitor: httpx.AsyncClient, manager: Headers, market_stores: Stores
) -> None:
    offer = await make(visitor, manager, status="active")
    path = f"/v1/offers/{offer['offer_id']}"
    answer = await visitor.patch(
        path,
        headers=manager,
        json={
            "name": offer["name"],
            "description": "More",
            "reward": {"discount": {"kind": "flat", "amount": 20}},
        },
    )
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "etag": answer.headers["etag"].strip('"'),
        "message": "Offer updated successfully",
        "offer_id": offer["offer_id"],
        "version": 2,
        "updated_fields": {
            "description": "More",
            "reward": {"discount": {"kind": "flat", "amount": 20.0}, "cashback": None},
        },
        "cache_status": "Invalidated",
    }
    async with market_stores.database.transaction() as db:
        versions = await db.scalars(
            select(OfferVersion)
            .where(OfferVersion.offer_id == UUID(offer["offer_id"]))
            .order_by(OfferVersion.version)
        )
        assert [row.snapshot["discount_paise"] for row in versions] == [1000, 2000]
    *_, event = await events_about(market_stores, offer["offer_id"])
    assert event["topic"] == "OfferUpdated"
    assert event["payload"]["changes"] == {
        "description": {"old": "", "new": "More"},
        "discount_paise": {"old": 1000, "new": 2000},
    }


async def test_an_update_that_changes_nothing_makes_no_version_and_no_event(
    visitor: httpx.AsyncClient, manager: Headers, market_stores: Stores
) -> None:
    offer = await make(visitor, manager, status="active")
    path = f"/v1/offers/{offer['offer_id']}"
    same = {"reward": offer["reward"], "code": None, "conditions": {"operators": []}}
    answer = await visitor.patch(path, headers=manager, json=same)
    assert (answer.status_code, answer.json()["updated_fields"], answer.json()["version"]) == (200, {}, 1)
    assert answer.json()["cache_status"] == "Unchanged"
    assert [event["topic"] for event in await events_about(market_stores, offer["offer_id"])] == [
        "OfferCreated"
    ]


async def test_null_takes_away_a_code_and_a_window_and_nothing_else(
    visitor: httpx.AsyncClient, manager: Headers
) -> None:
    until = (clock.now() + timedelta(days=3)).isoformat()
    offer = await make(visitor, manager, code=uuid4().hex[:10], active_until=until)
    path = f"/v1/offers/{offer['offer_id']}"
    cleared = await visitor.patch(path, headers=manager, json={"code": None, "active_until": None})
    assert cleared.json()["updated_fields"] == {"code": None, "active_until": None}
    refused = await visitor.patch(path, headers=manager, json={"reward": None, "name": None})
    assert refused.status_code == 422
    assert [problem["field"] for problem in refused.json()["errors"]] == ["body.name", "body.reward"]


async def test_an_offer_goes_from_draft_to_active_and_between_active_and_inactive(
    visitor: httpx.AsyncClient, manager: Headers
) -> None:
    offer = await make(visitor, manager)
    path = f"/v1/offers/{offer['offer_id']}"
    for status, right in [
        ("inactive", False),
        ("active", True),
        ("draft", False),
        ("inactive", True),
        ("draft", False),
        ("active", True),
    ]:
        answer = await visitor.patch(path, headers=manager, json={"status": status})
        if right:
            assert (answer.status_code, answer.json()["updated_fields"]) == (200, {"status": status})
        else:
            assert (answer.status_code, answer.json()["code"]) == (409, "offer_status_not_allowed")
    assert (await visitor.get(f"/v1/offers/admin/{offer['offer_id']}", headers=manager)).json()[
        "status"
    ] == "active"


async def test_only_a_draft_is_removed(
    visitor: httpx.AsyncClient, manager: Headers, market_stores: Stores
) -> None:
    draft, active = await make(visitor, manager), await make(visitor, manager, status="active")
    gone = await visitor.delete(f"/v1/offers/{draft['offer_id']}", headers=manager)
    assert (gone.status_code, gone.content) == (204, b"")
    again = await visitor.delete(f"/v1/offers/{draft['offer_id']}", headers=manager)
    assert (again.status_code, again.json()["code"]) == (404, "offer_not_found")
    refused = await visitor.delete(f"/v1/offers/{active['offer_id']}", headers=manager)
    assert (refused.status_code, refused.json()["code"]) == (409, "offer_already_published")
    *_, event = await events_about(market_stores, draft["offer_id"])
    assert event["topic"] == "OfferDeleted"
    assert event["payload"]["changes"]["name"] == {"old": draft["name"], "new": None}


async def test_of_six_updates_of_one_state_five_are_refused(
    visitor: httpx.AsyncClient, manager: Headers
) -> None:
    offer = await make(visitor, manager)
    path = f"/v1/offers/{offer['offer_id']}"
    headers = {**manager, "If-Match": f'"{offer["etag"]}"'}
    answers = await asyncio.gather(
        *(visitor.patch(path, headers=headers, json={"name": f"Name {number}"}) for number in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    refused = next(answer for answer in answers if answer.status_code == 412)
    assert refused.json()["code"] == "resource_changed"
    present = await visitor.get(f"/v1/offers/admin/{offer['offer_id']}", headers=manager)
    assert (refused.headers["etag"], present.json()["version"]) == (present.headers["etag"], 2)


async def test_a_code_belongs_to_one_offer_even_when_two_ask_at_once(
    visitor: httpx.AsyncClient, manager: Headers
) -> None:
    code = uuid4().hex[:12]
    bodies = [await plain(visitor, code=spelt) for spelt in (code, code.upper(), code)]
    answers = await asyncio.gather(
        *(visitor.post("/v1/offers", json=body, headers=manager) for body in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], refused["errors"][0]["field"]) == ("offer_code_already_exists", "body.code")


async def test_plans_that_no_operator_or_group_of_the_offer_has_are_refused(
    visitor: httpx.AsyncClient, manager: Headers, market_stores: Stores
) -> None:
    bought = await find_plan(market_stores, "JIO", 299)
    other = await find_plan(market_stores, "JIO", 19)
    body = await plain(
        visitor,
        conditions={
            "plans": [str(bought.plan_id)],
            "operators": ["VI"],
            "plan_groups": [str(other.group_id)],
        },
    )
    answer = await visitor.post("/v1/offers", json=body, headers=manager)
    codes = [problem["code"] for problem in answer.json()["errors"]]
    assert codes == ["plan_operator_mismatch", "plan_group_mismatch"]


async def test_an_update_is_checked_as_a_whole(visitor: httpx.AsyncClient, manager: Headers) -> None:
    start = (clock.now() + timedelta(days=5)).isoformat()
    offer = await make(visitor, manager, active_from=start, limits={"budget": 50})
    path = f"/v1/offers/{offer['offer_id']}"
    until = (clock.now() + timedelta(days=4)).isoformat()
    late = await visitor.patch(path, headers=manager, json={"active_until": until})
    assert late.json()["errors"][0]["field"] == "body.active_until"
    dear = {"reward": {"discount": {"kind": "flat", "amount": 60}}}
    costly = await visitor.patch(path, headers=manager, json={**dear})
    assert costly.json()["errors"][0]["field"] == "body.limits.budget"
    unknown = await visitor.patch(path, headers=manager, json={"conditions": {"operators": ["QQ"]}})
    assert "QQ" in unknown.json()["errors"][0]["message"]
    versioned = await visitor.patch(path, headers=manager, json={"version": 1, "name": "Versioned"})
    assert versioned.json()["errors"][0]["field"] == "body.version"


async def listed(visitor: httpx.AsyncClient, staff: Headers, **query: Any) -> list[str]:
    """The names of all offers that a list of the staff gives, page by page."""
    names: list[str] = []
    cursor: str | None = None
    while True:
        page = query | {"limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = await visitor.get("/v1/offers/admin", params=page, headers=staff)
        assert answer.status_code == 200, answer.text
        names += [item["name"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return names


@pytest.fixture
async def mark(visitor: httpx.AsyncClient, manager: Headers) -> str:
    """A word in the names of five offers that differ in their operators only."""
    mark = uuid4().hex
    for operators in (["JIO"], ["JIO", "VI"], ["JIO", "AIRTEL"], ["AIRTEL"], []):
        name = f"{mark} {'+'.join(operators) or 'all'}"
        await make(visitor, manager, name=name, conditions={"operators": operators})
    return mark


async def test_the_list_has_the_offers_that_are_for_operators_of_the_scope_alone(
    visitor: httpx.AsyncClient, manager: Headers, jio_manager: Headers, mark: str
) -> None:
    assert len(await listed(visitor, manager, search=mark)) == 5
    assert set(await listed(visitor, jio_manager, search=mark)) == {f"{mark} JIO", f"{mark} JIO+VI"}
    counted = await visitor.get(
        "/v1/offers/admin", params={"search": mark, "include_total": "true"}, headers=jio_manager
    )
    assert counted.json()["total"] == 2


async def test_what_is_out_of_scope_is_not_found(
    visitor: httpx.AsyncClient, manager: Headers, jio_manager: Headers
) -> None:
    for operators in (["AIRTEL"], ["JIO", "AIRTEL"], []):
        offer = await make(visitor, manager, conditions={"operators": operators})
        path = f"/v1/offers/{offer['offer_id']}"
        for answer in (
            await visitor.get(f"/v1/offers/admin/{offer['offer_id']}", headers=jio_manager),
            await visitor.patch(path, headers=jio_manager, json={"name": "Mine now"}),
            await visitor.delete(path, headers=jio_manager),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "offer_not_found")


async def test_a_limited_manager_works_on_offers_of_the_scope(
    visitor: httpx.AsyncClient, jio_manager: Headers
) -> None:
    offer = await make(visitor, jio_manager, conditions={"operators": ["JIO", "VI"]})
    path = f"/v1/offers/{offer['offer_id']}"
    narrower = {"conditions": {"operators": ["VI"]}}
    assert (await visitor.patch(path, headers=jio_manager, json=narrower)).status_code == 200
    assert (await visitor.delete(path, headers=jio_manager)).status_code == 204


@pytest.mark.parametrize("operators", [["AIRTEL"], ["JIO", "AIRTEL"], []])
async def test_nothing_is_made_or_moved_beyond_the_scope(
    visitor: httpx.AsyncClient, jio_manager: Headers, operators: list[str]
) -> None:
    beyond = {"conditions": {"operators": operators}}
    refused = await visitor.post("/v1/offers", json=await plain(visitor, **beyond), headers=jio_manager)
    assert (refused.status_code, refused.json()["code"]) == (403, "operator_out_of_scope")
    own = await make(visitor, jio_manager, conditions={"operators": ["JIO"]})
    moved = await visitor.patch(f"/v1/offers/{own['offer_id']}", headers=jio_manager, json={**beyond})
    assert (moved.status_code, moved.json()["code"]) == (403, "operator_out_of_scope")
    read = await visitor.get(f"/v1/offers/admin/{own['offer_id']}", headers=jio_manager)
    assert (read.json()["conditions"]["operators"], read.json()["version"]) == (["JIO"], 1)


async def test_types_are_seen_by_all_and_changed_by_those_who_have_all_operators(
    visitor: httpx.AsyncClient, manager: Headers, jio_manager: Headers
) -> None:
    kind = await make_type(visitor, manager)
    for operators in (["JIO"], ["AIRTEL"], []):
        await make(visitor, manager, offer_type_id=kind["offer_type_id"], conditions={"operators": operators})
    for staff, count in ((manager, 3), (jio_manager, 1)):
        answer = await visitor.get("/v1/offers/types/admin", params={"search": kind["name"]}, headers=staff)
        [item] = answer.json()["items"]
        assert item["offer_count"] == count
    path = f"/v1/offers/types/{kind['offer_type_id']}"
    for answer in (
        await visitor.post("/v1/offers/types", json={"name": "Ours"}, headers=jio_manager),
        await visitor.patch(path, json={"name": "Ours"}, headers=jio_manager),
        await visitor.delete(path, headers=jio_manager),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "operator_scope_too_narrow")


async def test_a_limit_that_the_staff_lower_counts_from_the_next_sale_on(
    visitor: httpx.AsyncClient, manager: Headers, market_stores: Stores
) -> None:
    offer = await publish(market_stores)
    market, plan = await market_of(market_stores, offer), await find_plan(market_stores, "AIRTEL", 299)

    async def sell() -> bool:
        user_id, number = await make_customer(market_stores), await make_number(market_stores, "AIRTEL")
        sale = await buy(market_stores, user_id, number, plan.plan_id, market=market)
        return sale.answer.offer_id == offer.offer_id

    async def limit_to(total_uses: int | None) -> None:
        nonlocal market
        body = {"limits": {"total_uses": total_uses}}
        answer = await visitor.patch(f"/v1/offers/{offer.offer_id}", json=body, headers=manager)
        assert answer.status_code == 200, answer.text
        row = await market_stores.database.run(lambda db: offers.load_offers(db))
        market = await market_of(market_stores, row.get(offer.offer_id))

    assert [await sell() for _ in range(2)] == [True, True]
    # Below what is used already: nothing more is sold, and a limit above it allows the difference.
    for limit, allowed in ((1, 0), (3, 1), (2, 0), (5, 2)):
        await limit_to(limit)
        assert [await sell() for _ in range(3)] == [True] * allowed + [False] * (3 - allowed)
    await limit_to(None)
    assert await sell()
    assert await used(market_stores, offer.offer_id) == (6, 30_000)
