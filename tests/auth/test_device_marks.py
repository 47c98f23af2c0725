"""One device over sign-ins and sign-outs, for pages and for apps; nothing that can be read or used is stored."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.requests import Request

from gencharge.auth import device_marks
from gencharge.auth.browser import HEADER
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.auth.conftest import Phones, assert_problem, bearer
from tests.make import factories
from tests.make.auth import _ask

OWN = {"Origin": "https://testserver", "Sec-Fetch-Site": "same-origin"}
APP, CONSOLE = ({HEADER: name} | OWN for name in ("app", "console"))
MARK = "an-app-made-this-up-0001"


async def sign_in(
    client: httpx.AsyncClient, phones: Phones, number: str, headers: dict[str, str]
) -> httpx.Response:
    asked = await client.post("/v1/auth/login", json={"phone_number": number}, headers=headers)
    body = {
        "phone_number": number,
        "challenge_id": asked.json()["challenge_id"],
        "otp": await phones.code(number),
    }
    return await client.post("/v1/auth/verify-otp-login", json=body, headers=headers)


async def devices_of(stores: Stores, user_id: str) -> list[str | None]:
    """What the customer's sign-ins say, the oldest first."""
    async with stores.database.transaction() as db:
        query = text("SELECT device_id FROM sessions WHERE user_id = :user ORDER BY session_id")
        return [None if row is None else str(row) for row in await db.scalars(query, {"user": user_id})]


async def test_a_browser_stays_one_device_when_customers_sign_out_and_in(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    seen = []
    for _ in range(2):
        user = await stores.database.run(factories.make_user)
        answer = await sign_in(client, phones, user.phone_number, APP)
        assert answer.status_code == 200, answer.text
        [cookie] = [line for line in answer.headers.get_list("set-cookie") if "-device=" in line]
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert attributes == {"httponly", "secure", "samesite=strict", "path=/", "max-age=34560000"}
        seen += await devices_of(stores, str(user.user_id))
        out = await client.post("/v1/auth/logout", headers=bearer(answer.json()) | APP)
        assert out.status_code == 204
        assert set(client.cookies) == {device_marks.COOKIE}
    assert seen[0] is not None
    assert seen[0] == seen[1]
    assert client.cookies[device_marks.COOKIE] not in str(seen)


async def test_two_browsers_are_two_devices(
    app: FastAPI, client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    seen = []
    async with factories.new_client(app) as other:
        for browser in (client, other):
            user = await stores.database.run(factories.make_user)
            assert (await sign_in(browser, phones, user.phone_number, APP)).status_code == 200
            seen += await devices_of(stores, str(user.user_id))
    assert None not in seen
    assert seen[0] != seen[1]


async def test_an_app_says_which_device_it_is_also_when_it_signs_up_and_gets_no_cookie(
    client: httpx.AsyncClient, phones: Phones, stores: Stores, settings: Settings
) -> None:
    user = await stores.database.run(factories.make_user)
    headers = {device_marks.HEADER: MARK}
    answer = await sign_in(client, phones, user.phone_number, headers)
    assert "set-cookie" not in answer.headers
    expected = str(device_marks.device_id_of(settings, MARK))
    assert await devices_of(stores, str(user.user_id)) == [expected]
    number = await factories_number(client, phones, headers)
    assert await devices_of(stores, number) == [expected]


async def factories_number(client: httpx.AsyncClient, phones: Phones, headers: dict[str, str]) -> str:
    """The id of a customer who has just signed up."""
    number = "+919000077001"
    asked = await client.post("/v1/auth/signup", json={"phone_number": number}, headers=headers)
    body = {
        "phone_number": number,
        "challenge_id": asked.json()["challenge_id"],
        "otp": await phones.code(number),
    }
    answer = await client.post("/v1/auth/verify-otp-signup", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["user_id"])


async def test_a_program_that_does_not_say_is_no_device_and_no_cookie_is_read_for_it(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    client.cookies.set(device_marks.COOKIE, MARK, domain="testserver")
    user = await stores.database.run(factories.make_user)
    assert (await sign_in(client, phones, user.phone_number, {})).status_code == 200
    assert await devices_of(stores, str(user.user_id)) == [None]


@pytest.mark.parametrize("mark", ["short", "x" * 129, "sixteen letters and blanks", "मार्क-मार्क-मार्क"])
async def test_a_mark_that_is_none_is_refused_and_named(
    client: httpx.AsyncClient, known: str, mark: str
) -> None:
    asked = await _ask(client, known)
    body = {"phone_number": known, "challenge_id": asked.json()["challenge_id"], "otp": "000000"}
    answer = await client.post(
        "/v1/auth/verify-otp-login", json=body, headers={device_marks.HEADER: mark.encode()}
    )
    problem = assert_problem(answer, 422, "validation_failed")
    assert [entry["field"] for entry in problem["errors"]] == [f"header.{device_marks.HEADER}"]


@pytest.mark.parametrize("stored", ["", "short", "x" * 129])
def test_a_cookie_that_is_no_mark_is_replaced(stored: str) -> None:
    cookie = f"{device_marks.COOKIE}={stored}".encode()
    request = Request({"type": "http", "headers": [(b"cookie", cookie)]})
    assert device_marks.mark_in(request) != stored
    assert len(device_marks.mark_in(request)) == 22
    right = Request({"type": "http", "headers": [(b"cookie", f"{device_marks.COOKIE}={MARK}".encode())]})
    assert device_marks.mark_in(right) == MARK


def test_what_is_stored_depends_on_the_installations_secret(settings: Settings) -> None:
    other = settings.model_copy(update={"otp_secret": type(settings.otp_secret)("another secret, " * 3)})
    first = device_marks.device_id_of(settings, MARK)
    assert first == device_marks.device_id_of(settings, MARK)
    assert first != device_marks.device_id_of(other, MARK)
    assert first != device_marks.device_id_of(settings, f"{MARK}2")
    assert first.version == 8
