"""Saved numbers."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.operators import service as operators
from gencharge.users import numbers_service as numbers
from gencharge.users.errors import SavedNumberLimitExceeded
from gencharge.users.models import SavedNumber, User
from tests.make import factories
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


async def test_what_is_said_of_ones_own_number_counts_for_everyone(
    shop: Stores, http: httpx.AsyncClient, user: User, user_headers: Headers
) -> None:
    await http.post(
        "/users/me/numbers",
        headers=user_headers,
        json=saved_number(phone_number=user.phone_number, operator="VI"),
    )
    known = await shop.database.run(lambda db: operators.lookup(db, user.phone_number))
    assert (known.operator, known.known_by) == ("VI", "registry")


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
    async def save() -> SavedNumber | SavedNumberLimitExceeded:
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
        assert isinstance(await save(), SavedNumber)
    done = await asyncio.gather(*(save() for _ in range(20)))
    assert sum(isinstance(one, SavedNumber) for one in done) == 5
    full = next(one for one in done if isinstance(one, SavedNumberLimitExceeded))
    assert (full.status, full.extra["limit"]) == (409, numbers.MAX_SAVED_NUMBERS)
