"""Saved numbers."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.operators import service as operators
from gencharge.users import numbers_service as numbers
from gencharge.users.errors import SavedNumberLimitExceeded
from gencharge.users.models import User
from gencharge.users.schemas import SavedNumberOut
from tests.make import factories
from tests.make.money import find_plan, make_customer
from tests.make.users import Headers, events_of, saved_number

# Whose operators and circles are there to be named.
pytestmark = pytest.mark.usefixtures("shop")


async def test_a_number_is_saved_listed_changed_and_removed(
    shop: Stores, http: httpx.AsyncClient, user: User, user_headers: Headers
) -> None:
    body = saved_number()
    created = await http.post("/users/me/numbers", headers=user_headers, json=body)
    assert created.status_code == 201, created.text
    number_id = created.json()["number_id"]
    assert (created.json()["operator"], created.json()["nickname"]) == ("JIO", "Mother")
    known = await shop.database.run(lambda db: operators.lookup(db, body["phone_number"], user.user_id))
    assert (known.operator, known.circle, known.known_by) == ("JIO", "KA", "user")
    everybody = await shop.database.run(lambda db: operators.lookup(db, body["phone_number"]))
    assert everybody.known_by != "registry"  # it counts for this user only
    path = f"/users/me/numbers/{number_id}"
    changed = await http.patch(path, headers=user_headers, json={"nickname": "Amma", "operator": "AIRTEL"})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["nickname"], changed.json()["operator"], changed.json()["circle"]) == (
        "Amma", "AIRTEL", "KA",
    )  # fmt: skip
    assert (await http.patch(path, headers=user_headers, json={"circle": None})).json()["circle"] is None
    assert (await http.get(path, headers=user_headers)).json()["nickname"] == "Amma"
    listed = (await http.get("/users/me/numbers?include_total=true", headers=user_headers)).json()
    assert (listed["total"], [one["number_id"] for one in listed["items"]]) == (1, [number_id])
    known = await shop.database.run(lambda db: operators.lookup(db, body["phone_number"], user.user_id))
    assert (known.operator, known.circle) == ("AIRTEL", None)
    assert (await http.delete(path, headers=user_headers)).status_code == 204
    assert (await http.delete(path, headers=user_headers)).status_code == 404
    payloads = str(await events_of(shop, user.user_id, "SavedNumberChanged"))
    assert "Amma" not in payloads
    assert len(await events_of(shop, user.user_id, "NumberSaved")) == 1
    assert len(await events_of(shop, user.user_id, "SavedNumberRemoved")) == 1


async def test_saving_ones_own_number_tells_nobody_that_it_is_a_customers(
    shop: Stores, http: httpx.AsyncClient, user: User, user_headers: Headers
) -> None:
    """Look-up, quote and recharge answer another customer as they did before the owner saved the number."""
    other = await make_customer(shop)
    others, plan = factories.headers_for(shop.settings, other), await find_plan(shop)
    sale = {"phone_number": user.phone_number, "plan_id": str(plan.plan_id)}

    async def answers() -> list[Any]:
        seen = [
            await http.get("/operators/lookup", headers=others, params={"phone_number": user.phone_number}),
            await http.post("/recharge/quote", headers=others, json=sale),
        ]
        return [(answer.status_code, answer.json() | {"request_id": None}) for answer in seen]

    before = await answers()
    saved = saved_number(phone_number=user.phone_number, operator="VI", circle="MH")
    assert (await http.post("/users/me/numbers", headers=user_headers, json=saved)).status_code == 201
    assert await answers() == before
    known = await shop.database.run(lambda db: operators.lookup(db, user.phone_number, user.user_id))
    assert (known.operator, known.known_by) == ("VI", "user")


async def test_a_number_is_saved_once(shop: Stores, http: httpx.AsyncClient, user_headers: Headers) -> None:
    body = saved_number()
    assert (await http.post("/users/me/numbers", headers=user_headers, json=body)).status_code == 201
    again = await http.post("/users/me/numbers", headers=user_headers, json=body | {"nickname": "Once more"})
    assert (again.status_code, again.json()["code"]) == (409, "saved_number_already_exists")
    assert again.json()["errors"][0]["field"] == "body.phone_number"


async def test_anothers_saved_number_does_not_exist(
    app: FastAPI, shop: Stores, http: httpx.AsyncClient, user_headers: Headers
) -> None:
    number = (await http.post("/users/me/numbers", headers=user_headers, json=saved_number())).json()
    other = await shop.database.run(factories.make_user)
    theirs = await factories.sign_in(app, other)
    path = f"/users/me/numbers/{number['number_id']}"
    for answer in (
        await http.get(path, headers=theirs),
        await http.patch(path, headers=theirs, json={"nickname": "Mine", "circle": "KA"}),
        await http.delete(path, headers=theirs),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "saved_number_not_found")
    assert (await http.get("/users/me/numbers", headers=theirs)).json()["items"] == []
    assert (await http.get(path, headers=user_headers)).json() == number


async def test_twenty_at_once_near_the_limit_never_pass_it(shop: Stores, user: User) -> None:
    async def save() -> SavedNumberOut | SavedNumberLimitExceeded:
        try:
            return await shop.database.run(
                lambda db: numbers.save(
                    db,
                    user.user_id,
                    phone_number=factories.new_phone(),
                    nickname="One of many",
                    operator="JIO",
                    circle=None,
                    service_type="prepaid",
                )
            )
        except SavedNumberLimitExceeded as error:
            return error

    for _ in range(numbers.MAX_SAVED_NUMBERS - 5):
        assert isinstance(await save(), SavedNumberOut)
    done = await asyncio.gather(*(save() for _ in range(20)))
    assert sum(isinstance(one, SavedNumberOut) for one in done) == 5
    full = next(one for one in done if isinstance(one, SavedNumberLimitExceeded))
    assert (full.status, full.extra["limit"]) == (409, numbers.MAX_SAVED_NUMBERS)
