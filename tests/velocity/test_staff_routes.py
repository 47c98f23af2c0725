"""The staff's routes of velocity: filters, masking, allowances with step-up, every error."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core import telemetry
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.velocity.errors import VelocityLimitExceeded
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, fund, make_number
from tests.make.recharge import staff_headers
from tests.make.velocity import limits
from tests.velocity.test_hold_device_payer_back import Shop as DeviceShop

LIST, ALLOWANCES = "/v1/velocity/held-back", "/v1/velocity/allowances"
ONE_A_DAY = limits(recharges_in_a_day=1)


async def held_back_user(shop: Stores, *, attempts: int = 1) -> tuple[UUID, str]:
    """A customer from whom recharges of a number were held back, and that number."""
    user, plan = await shop.database.run(make_user), await find_plan(shop)
    await fund(shop, user.user_id, 5_000)
    number = await make_number(shop)
    await buy(shop, user.user_id, await make_number(shop), plan.plan_id, limits=ONE_A_DAY)
    for _ in range(attempts):
        with pytest.raises(VelocityLimitExceeded):
            await buy(shop, user.user_id, number, plan.plan_id, limits=ONE_A_DAY)
    return user.user_id, number


def allowance(**fields: Any) -> dict[str, Any]:
    ends_at = (clock.now() + timedelta(days=30)).isoformat()
    return {"scope": "user", "factor": 3, "ends_at": ends_at, "reason": "a shop in Pune"} | fields


async def test_the_list_shows_who_what_how_often_and_by_which_rule(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    user_id, number = await held_back_user(shop, attempts=3)
    headers = await staff_headers(app, shop, "SuperAdmin")
    [row] = (await client.get(LIST, params={"user_id": str(user_id)}, headers=headers)).json()["items"]
    shown = {name: row[name] for name in ("rule", "kind", "amount", "phone_number", "attempts", "bound")}
    assert shown == {
        "rule": "recharges_in_a_day",
        "kind": "recharge",
        "amount": 299.0,
        "phone_number": number,
        "attempts": 3,
        "bound": 1,
    }
    assert row["user"]["user_id"] == str(user_id)


async def test_every_filter_keeps_what_it_names_and_drops_the_rest(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    user_id, number = await held_back_user(shop)
    headers = await staff_headers(app, shop, "SuperAdmin")

    async def count(**filters: Any) -> int:
        answer = await client.get(LIST, params={"user_id": str(user_id), **filters}, headers=headers)
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    later = (clock.now() + timedelta(hours=1)).isoformat()
    for keeps, drops in (
        ({"phone_number": number}, {"phone_number": await make_number(shop)}),
        ({"rule": "recharges_in_a_day"}, {"rule": "numbers_in_a_day"}),
        ({"kind": "recharge"}, {"kind": "topup"}),
        ({}, {"address": "203.0.113.250"}),
        ({"min_amount": "299"}, {"min_amount": "299.01"}),
        ({"to": later}, {"from": later}),
    ):
        assert await count(**keeps) == 1, keeps
        assert await count(**drops) == 0, drops
    assert (await client.get(LIST, params={"rule": "none"}, headers=headers)).status_code == 422


async def test_the_list_goes_on_from_page_to_page_in_both_orders(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    users = [(await held_back_user(shop))[0] for _ in range(3)]
    headers = await staff_headers(app, shop, "SuperAdmin")
    for sort, expected in (("first_at", users), ("-first_at", users[::-1])):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            params = {"limit": 1, "sort": sort} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(LIST, params=params, headers=headers)).json()
            seen += [row["user_id"] for row in page["items"]]
            cursor = page["next_cursor"]
        assert [user for user in seen if UUID(user) in users] == [str(user) for user in expected]


async def test_who_may_not_see_whole_numbers_sees_them_masked(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    user_id, number = await held_back_user(shop)
    headers = await staff_headers(app, shop, "Viewer")
    answer = await client.get(LIST, params={"user_id": str(user_id)}, headers=headers)
    assert answer.status_code == 200
    assert number not in answer.text
    assert number[-4:] in answer.text


async def test_an_allowance_lets_a_customer_go_on_until_it_is_withdrawn(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    user_id, _ = await held_back_user(shop)
    headers, plan = await staff_headers(app, shop), await find_plan(shop)
    body = allowance(user_id=str(user_id), factor=9)
    created = await client.post(ALLOWANCES, json=body, headers=headers)
    assert created.status_code == 201, created.text
    allowance_out = created.json()
    assert (allowance_out["scope"], allowance_out["user_id"], allowance_out["phone_number"]) == (
        "user",
        str(user_id),
        None,
    )
    await buy(shop, user_id, await make_number(shop), plan.plan_id, limits=ONE_A_DAY)

    async def live() -> list[str]:
        params = {"user_id": str(user_id), "is_live": "true"}
        items = (await client.get(ALLOWANCES, params=params, headers=headers)).json()["items"]
        return [item["allowance_id"] for item in items]

    assert await live() == [allowance_out["allowance_id"]]
    path = f"{ALLOWANCES}/{allowance_out['allowance_id']}"
    assert (await client.delete(path, headers=headers)).status_code == 204
    assert await live() == []
    with pytest.raises(VelocityLimitExceeded):
        await buy(shop, user_id, await make_number(shop), plan.plan_id, limits=ONE_A_DAY)
    again = await client.delete(path, headers=headers)
    assert (again.status_code, again.json()["code"]) == (404, "velocity_allowance_not_found")
    ended = await client.get(
        ALLOWANCES, params={"user_id": str(user_id), "is_live": "false"}, headers=headers
    )
    assert [item["allowance_id"] for item in ended.json()["items"]] == [allowance_out["allowance_id"]]


async def test_an_allowance_for_a_number_is_found_by_the_number(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    number, headers = await make_number(shop), await staff_headers(app, shop, "SuperAdmin")
    body = allowance(scope="number", phone_number=number)
    created = await client.post(ALLOWANCES, json=body, headers=headers)
    assert created.status_code == 201, created.text
    items = (await client.get(ALLOWANCES, params={"phone_number": number}, headers=headers)).json()["items"]
    assert [(item["scope"], item["phone_number"], item["user_id"]) for item in items] == [
        ("number", number, None)
    ]


async def test_an_allowance_for_an_address_is_found_by_any_address_of_its_network(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    headers = await staff_headers(app, shop, "SuperAdmin")
    body = allowance(scope="address", address="2001:db8:9:9::1")
    created = await client.post(ALLOWANCES, json=body, headers=headers)
    assert created.status_code == 201, created.text
    assert created.json()["address"] == "2001:db8:9:9::"
    for address, count in (("2001:db8:9:9::ffff", 1), ("2001:db8:9:a::1", 0)):
        items = (await client.get(ALLOWANCES, params={"address": address}, headers=headers)).json()["items"]
        assert [(item["scope"], item["user_id"]) for item in items] == [("address", None)] * count
    path = f"{ALLOWANCES}/{created.json()['allowance_id']}"
    assert (await client.delete(path, headers=headers)).status_code == 204


async def test_what_was_held_back_is_found_by_where_it_came_from(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    telemetry.set_context(telemetry.RequestContext("r", "203.0.113.77"))
    try:
        user_id, _ = await held_back_user(shop)
    finally:
        telemetry.set_context(telemetry.RequestContext(""))
    headers = await staff_headers(app, shop, "SuperAdmin")
    for address, users in (("203.0.113.77", [str(user_id)]), ("203.0.113.78", [])):
        items = (await client.get(LIST, params={"address": address}, headers=headers)).json()["items"]
        assert [item["user_id"] for item in items] == users
    assert (await client.get(LIST, params={"address": "somewhere"}, headers=headers)).status_code == 422


async def test_what_was_held_back_on_a_device_is_found_by_the_device(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    on_device = DeviceShop(shop, (await find_plan(shop)).plan_id, 1)
    device = new_id()
    first, second = await on_device.newcomer(), await on_device.newcomer()
    await on_device.buy(first, device)
    await on_device.refused(second, device)
    headers = await staff_headers(app, shop, "SuperAdmin")
    for asked, users in ((device, [str(second)]), (new_id(), [])):
        items = (await client.get(LIST, params={"device_id": str(asked)}, headers=headers)).json()["items"]
        assert [item["user_id"] for item in items] == users
        for item in items:
            assert (item["rule"], item["device_id"]) == ("payers_of_device_in_a_day", str(device))
    user_id, _ = await held_back_user(shop)
    [row] = (await client.get(LIST, params={"user_id": str(user_id)}, headers=headers)).json()["items"]
    assert row["device_id"] is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"factor": 1}, "body.factor"),
        ({"factor": 101}, "body.factor"),
        ({"reason": "  "}, "body.reason"),
        ({"ends_at": "2026-12-01"}, "body.ends_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "body.ends_at"),
        ({"ends_at": "2100-01-01T00:00:00Z"}, "body.ends_at"),
        ({"scope": "all"}, "body.scope"),
        ({"user_id": None}, "body"),
        ({"phone_number": "9876543210"}, "body"),
        ({"scope": "number"}, "body"),
        ({"scope": "address", "user_id": None, "address": "nowhere"}, "body.address"),
    ],
)
async def test_a_wrong_allowance_names_the_field(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores, wrong: dict[str, Any], field: str
) -> None:
    headers = await staff_headers(app, shop)
    body = allowance(user_id=str(uuid4())) | wrong
    answer = await client.post(ALLOWANCES, json=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert field in [problem["field"] for problem in answer.json()["errors"]]


async def test_an_allowance_needs_a_customer_and_a_fresh_second_factor(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    body = allowance(user_id=str(uuid4()))
    answer = await client.post(ALLOWANCES, json=body, headers=await staff_headers(app, shop))
    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")
    stale = await staff_headers(app, shop, second_factor_at=0)
    for answer in (
        await client.post(ALLOWANCES, json=body, headers=stale),
        await client.delete(f"{ALLOWANCES}/{uuid4()}", headers=stale),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
