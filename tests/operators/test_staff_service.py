"""What the staff do with operators."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.operators import service as operators
from gencharge.recharge.errors import OperatorDown
from tests.make.factories import new_phone
from tests.make.money import balance, buy, find_plan, make_customer, make_number
from tests.make.operators import NEW
from tests.make.processes import eventually


async def events_of(stores: Stores, topic: str, code: str) -> list[dict[str, Any]]:
    async with stores.database.transaction() as db:
        rows = await db.scalars(select(EventRow).where(EventRow.topic == topic).order_by(EventRow.id))
        return [row.payload["changes"] for row in rows if row.payload["operator_id"] == code]


async def test_an_operator_is_added_changed_and_deleted_and_each_is_announced(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores
) -> None:
    created = await staff_client.post("/v1/operators", json=NEW, headers=manager)
    assert created.status_code == 201, created.text
    assert (created.json()["code"], created.json()["status"], created.json()["channel"]) == (
        "NEW1",
        "up",
        "internal",
    )
    taken = await staff_client.post("/v1/operators", json=NEW, headers=manager)
    assert (taken.status_code, taken.json()["code"]) == (409, "operator_already_exists")
    assert taken.json()["errors"][0]["field"] == "body.code"
    changed = await staff_client.patch(
        "/v1/operators/new1", json={"channel": "api", "is_active": False, "sort_order": 7}, headers=manager
    )
    assert (changed.json()["channel"], changed.json()["is_active"], changed.json()["name"]) == (
        "api",
        False,
        NEW["name"],
    )
    assert (await staff_client.patch("/v1/operators/NEW1", json={}, headers=manager)).status_code == 200
    (payload,) = await events_of(staff_stores, "OperatorUpdated", "NEW1")
    assert payload["channel"] == {"old": "internal", "new": "api"}
    listed = await staff_client.get("/v1/operators/admin?is_active=false&channel=api", headers=manager)
    assert [one["code"] for one in listed.json()["items"]] == ["NEW1"]
    gone = await staff_client.delete("/v1/operators/NEW1", headers=manager)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await staff_client.delete("/v1/operators/NEW1", headers=manager)).status_code == 404
    assert len(await events_of(staff_stores, "OperatorCreated", "NEW1")) == 1
    assert len(await events_of(staff_stores, "OperatorDeleted", "NEW1")) == 1


async def test_an_operator_that_plans_or_numbers_refer_to_is_not_deleted(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores
) -> None:
    await staff_client.post("/v1/operators", json={**NEW, "code": "NUM"}, headers=manager)
    await staff_stores.database.run(
        lambda db: operators.remember(db, new_phone(), SYSTEM_USER_ID, "NUM", None, "prepaid")
    )
    for code in ("JIO", "NUM"):
        refused = await staff_client.delete(f"/v1/operators/{code}", headers=manager)
        assert (refused.status_code, refused.json()["code"]) == (409, "operator_in_use")
        assert "inactive" in refused.json()["detail"]
        assert await events_of(staff_stores, "OperatorDeleted", code) == []


async def test_down_stops_recharges_with_the_answer_and_shows_in_the_public_list_within_a_second(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores
) -> None:
    user_id: UUID = await make_customer(staff_stores)
    number = await make_number(staff_stores, "VI")
    plan = await find_plan(staff_stores, "VI", 299)
    before = await balance(staff_stores, user_id)

    async def listed(status: str) -> bool:
        items = (await staff_client.get("/v1/operators")).json()["items"]
        return any(item["code"] == "VI" and item["status"] == status for item in items)

    assert (
        await staff_client.patch("/v1/operators/VI", json={"status": "down"}, headers=manager)
    ).status_code == 200
    with pytest.raises(OperatorDown):
        await buy(staff_stores, user_id, number, plan.plan_id)
    assert await balance(staff_stores, user_id) == before
    await eventually(lambda: listed("down"))
    assert (
        await staff_client.patch("/v1/operators/VI", json={"status": "up"}, headers=manager)
    ).status_code == 200
    await buy(staff_stores, user_id, number, plan.plan_id)
    await eventually(lambda: listed("up"))


async def test_two_admins_who_add_the_same_operator_at_once_make_one(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    body = {**NEW, "code": "RACE"}
    answers = await asyncio.gather(
        *(staff_client.post("/v1/operators", json=body, headers=manager) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


def window(**overrides: Any) -> dict[str, Any]:
    now = clock.now()
    times = {"starts_at": now - timedelta(minutes=1), "ends_at": now + timedelta(hours=4)}
    texts = {"text": "Vi works on its systems until 4 a.m.", "text_hi": "वीआई सुबह 4 बजे तक काम करेगा।"}
    return {name: value.isoformat() for name, value in times.items()} | texts | overrides


async def test_maintenance_stops_recharges_shows_its_texts_to_everybody_and_is_announced(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores
) -> None:
    user_id: UUID = await make_customer(staff_stores)
    number, plan = await make_number(staff_stores, "VI"), await find_plan(staff_stores, "VI", 299)
    before = await balance(staff_stores, user_id)
    sent = window()
    answer = await staff_client.patch("/v1/operators/VI", json={"maintenance": sent}, headers=manager)
    assert answer.status_code == 200, answer.text
    assert answer.json()["maintenance"]["text_hi"] == sent["text_hi"]

    async def banner() -> Any:
        items = (await staff_client.get("/v1/operators")).json()["items"]
        return next(item["maintenance"] for item in items if item["code"] == "VI")

    async def is_shown() -> bool:
        return (await banner() or {}).get("text") == sent["text"]

    async def is_gone() -> bool:
        return await banner() is None

    with pytest.raises(OperatorDown):
        await buy(staff_stores, user_id, number, plan.plan_id)
    assert await balance(staff_stores, user_id) == before
    await eventually(is_shown)
    changed = (await events_of(staff_stores, "OperatorUpdated", "VI"))[-1]
    assert changed["maintenance"]["old"] is None
    assert changed["maintenance"]["new"]["text"] == sent["text"]

    ended = await staff_client.patch("/v1/operators/VI", json={"maintenance": None}, headers=manager)
    assert ended.json()["maintenance"] is None
    await buy(staff_stores, user_id, number, plan.plan_id)
    await eventually(is_gone)


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ((-3, -1), "Must be in the future"),
        ((2, 1), "Must be after starts_at, at most 7 days later"),
        ((1, 24 * 7 + 2), "Must be after starts_at, at most 7 days later"),
    ],
)
async def test_a_window_that_is_over_turned_round_or_too_long_is_refused(
    staff_client: httpx.AsyncClient, manager: dict[str, str], hours: tuple[int, int], message: str
) -> None:
    starts, ends = ((clock.now() + timedelta(hours=each)).isoformat() for each in hours)
    body = {"maintenance": window(starts_at=starts, ends_at=ends)}
    refused = await staff_client.patch("/v1/operators/VI", json=body, headers=manager)
    assert refused.status_code == 422
    [problem] = refused.json()["errors"]
    assert (problem["field"], problem["message"]) == ("body.maintenance.ends_at", message)
