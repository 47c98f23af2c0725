"""Pages in a browser: cookies of their own, and no request of another site."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.auth.browser import HEADER
from gencharge.core.settings import Environment, Settings
from gencharge.core.values import clock
from tests.auth.conftest import Phones, assert_problem, bearer, log_in
from tests.make import factories
from tests.make.auth import _ask, running

OWN = {"Origin": "https://testserver", "Sec-Fetch-Site": "same-origin"}
EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
APP, CONSOLE = ({HEADER: name} | OWN for name in ("app", "console"))
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def _log_in(
    client: httpx.AsyncClient, phones: Phones, number: str, page: dict[str, str]
) -> httpx.Response:
    """Sign in as a page does."""
    asked = await client.post("/v1/auth/login", json={"phone_number": number}, headers=page)
    assert asked.status_code == 200, asked.text
    body = {
        "phone_number": number,
        "challenge_id": asked.json()["challenge_id"],
        "otp": await phones.code(number),
    }
    answer = await client.post("/v1/auth/verify-otp-login", json=body, headers=page)
    assert answer.status_code == 200, answer.text
    return answer


async def test_a_page_gets_its_refresh_token_as_a_cookie_and_nowhere_else(
    client: httpx.AsyncClient, phones: Phones, known: str
) -> None:
    answer = await _log_in(client, phones, known, APP)
    cookie, *_ = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-gencharge-app=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", "secure", "samesite=strict", "path=/", "max-age=2592000"}
    assert answer.json()["refresh_token"] is None
    token = client.cookies["__Host-gencharge-app"]
    assert token not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    refreshed = await client.post("/v1/auth/refresh", headers=APP)
    assert refreshed.status_code == 200, refreshed.text
    assert refreshed.json()["refresh_token"] is None
    assert client.cookies["__Host-gencharge-app"] != token
    out = await client.post("/v1/auth/logout", headers=bearer(refreshed.json()) | APP)
    assert out.status_code == 204
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert "__Host-gencharge-app" not in client.cookies
    assert_problem(await client.post("/v1/auth/refresh", headers=APP), 401, "refresh_token_invalid")


async def test_the_console_and_the_app_sign_nobody_out_of_the_other(
    client: httpx.AsyncClient, phones: Phones, known: str
) -> None:
    await _log_in(client, phones, known, CONSOLE)
    with clock.later(seconds=31):
        out = (await _log_in(client, phones, known, APP)).json()
        names = {"__Host-gencharge-app", "__Host-gencharge-console", "__Host-gencharge-device"}
        assert set(client.cookies) == names
        await client.post("/v1/auth/logout", headers=bearer(out) | APP)
        assert (await client.post("/v1/auth/refresh", headers=CONSOLE)).status_code == 200
        assert (await client.post("/v1/auth/refresh", headers=APP)).status_code == 401


async def test_a_program_gets_no_cookie_and_none_is_read_for_it(
    client: httpx.AsyncClient, phones: Phones, known: str
) -> None:
    answer = await log_in(client, phones, known)
    assert "set-cookie" not in answer.headers
    refreshed = await client.post("/v1/auth/refresh", json={"refresh_token": answer.json()["refresh_token"]})
    assert refreshed.status_code == 200
    assert "set-cookie" not in refreshed.headers
    out = await client.post("/v1/auth/logout", headers=bearer(refreshed.json()))
    assert "set-cookie" not in out.headers
    with clock.later(seconds=31):
        await _log_in(client, phones, known, APP)
    assert client.cookies
    assert_problem(await client.post("/v1/auth/refresh"), 401, "refresh_token_invalid")


async def test_a_page_that_sends_a_refresh_token_in_the_body_is_told_where_it_belongs(
    client: httpx.AsyncClient, known: str
) -> None:
    for path, body in [("refresh", {}), ("login", {"phone_number": known})]:
        answer = await client.post(f"/v1/auth/{path}", json=body | {"refresh_token": "x"}, headers=APP)
        problem = assert_problem(answer, 422, "validation_failed")
        assert [entry["field"] for entry in problem["errors"]] == ["body.refresh_token"]
    unknown = await client.post("/v1/auth/refresh", headers={HEADER: "toaster"} | OWN)
    assert_problem(unknown, 422, "validation_failed")


async def test_a_browser_is_known_by_its_cookie_wherever_it_is(
    app: FastAPI, client: httpx.AsyncClient, phones: Phones, known: str
) -> None:
    await _log_in(client, phones, known, APP)
    async with factories.new_client(app) as elsewhere, factories.new_client(app) as stranger:
        elsewhere.cookies = client.cookies
        with clock.later(seconds=31):
            assert (await _ask(stranger, known)).status_code == 200
            assert_problem(await _ask(stranger, known), 429, "otp_too_soon")
            again = await elsewhere.post("/v1/auth/login", json={"phone_number": known}, headers=APP)
            assert again.status_code == 200, again.text


@pytest.mark.parametrize("page", [APP, {}], ids=["with the header", "without it"])
@pytest.mark.parametrize(
    "site",
    [
        EVIL,
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://testserver.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://app.testserver"},
    ],
    ids=str,
)
async def test_no_other_site_signs_in_refreshes_or_signs_out(
    client: httpx.AsyncClient, phones: Phones, known: str, page: dict[str, str], site: dict[str, str]
) -> None:
    await _log_in(client, phones, known, APP)
    tokens = (await client.post("/v1/auth/refresh", headers=APP)).json()
    foreign = {name: value for name, value in page.items() if name == HEADER} | site
    with clock.later(seconds=31):
        asked = await _ask(client, known)
        body = {
            "phone_number": known,
            "challenge_id": asked.json()["challenge_id"],
            "otp": await phones.code(known),
        }
        for path, json, headers in [
            ("login", {"phone_number": known}, {}),
            ("signup", {"phone_number": factories.new_phone()}, {}),
            ("verify-otp-login", body, {}),
            ("refresh", None, {}),
            ("logout", None, bearer(tokens)),
        ]:
            answer = await client.post(f"/v1/auth/{path}", json=json, headers=foreign | headers)
            assert_problem(answer, 403, "foreign_origin")
            assert "set-cookie" not in answer.headers
        form = {"username": known, "password": body["otp"], "grant_type": "password"}
        answer = await client.post("/v1/auth/verify-otp-login", data=form, headers=foreign)
        assert_problem(answer, 403, "foreign_origin")
        # Nothing was used up by all that.
        assert (await client.post("/v1/auth/verify-otp-login", json=body)).status_code == 200


async def test_the_form_never_gets_a_cookie(client: httpx.AsyncClient, phones: Phones, known: str) -> None:
    await _ask(client, known)
    form = {"username": known, "password": await phones.code(known)}
    answer = await client.post("/v1/auth/verify-otp-login", data=form, headers=APP)
    assert answer.status_code == 200, answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("environment", "answered"),
    [
        (Environment.DEVELOPMENT, (401, "otp_invalid")),
        # As any other body that is no JSON: no code is tried.
        (Environment.PRODUCTION, (422, "validation_failed")),
    ],
)
async def test_there_is_no_form_in_production(
    settings: Settings, environment: Environment, answered: tuple[int, str]
) -> None:
    form = {"username": factories.new_phone(), "password": "000000"}
    own = {"environment": environment, "allowed_hosts": ["testserver"], "dev_fixed_otp": ""}
    async with running(settings, **own) as app, factories.new_client(app) as client:
        answer = await client.post("/v1/auth/verify-otp-login", data=form)
    assert (answer.status_code, answer.json()["code"]) == answered


async def test_a_site_that_cors_allows_signs_in_without_a_cookie(settings: Settings) -> None:
    shop = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
    async with (
        running(settings, cors_origins=["https://shop.example"]) as app,
        factories.new_client(app) as client,
    ):
        asked = await client.post(
            "/v1/auth/login", json={"phone_number": factories.new_phone()}, headers=shop
        )
        assert asked.status_code == 200, asked.text
        refused = await client.post(
            "/v1/auth/login", json={"phone_number": factories.new_phone()}, headers=shop | {HEADER: "app"}
        )
        assert_problem(refused, 403, "foreign_origin")
        preflight = await client.options(
            "/v1/auth/refresh",
            headers=shop
            | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": HEADER},
        )
        assert preflight.status_code == 400, "no other site may send the header"
