"""The routes of an admin's own second factor."""

from __future__ import annotations

from collections.abc import Iterator

import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.admins import service as admins
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.auth.conftest import assert_problem
from tests.make import factories
from tests.make.auth import FACTOR, Staff, _office, code_of, middle_of_a_step


@pytest.fixture(autouse=True)
def _held() -> Iterator[None]:
    with middle_of_a_step():
        yield


async def test_from_the_first_sign_in_to_an_action_that_asks_for_a_step_up(strict: FastAPI) -> None:
    ravi = await (await _office(strict)).sign_in()
    assert_problem(await ravi.get("/v1/admins/me"), 403, "second_factor_required")
    assert_problem(await ravi.step_up_action(), 403, "second_factor_required")
    status = (await ravi.get(FACTOR)).json()
    assert (status["enrolled"], status["required"], status["due"], status["given_at"]) == (
        False,
        True,
        True,
        None,
    )
    prepared = await ravi.post(f"{FACTOR}/setup")
    assert prepared.headers["cache-control"] == "no-store"
    uri = pyotp.parse_uri(prepared.json()["uri"])
    assert (uri.secret, uri.issuer, uri.name) == (prepared.json()["secret"], "GenCharge", ravi.admin.email)
    assert_problem(await ravi.verify(code=code_of(uri.secret)), 409, "second_factor_not_set_up")
    await ravi.enroll()
    assert len(set(ravi.recovery_codes)) == 10
    assert (await ravi.get("/v1/admins/me")).status_code == 200
    assert (await ravi.step_up_action()).status_code == 201
    status = (await ravi.get(FACTOR)).json()
    assert (status["enrolled"], status["due"], status["recovery_codes_left"]) == (True, False, 10)
    # The next sign-in owes it again, and goes on after one code.
    with clock.later(seconds=60):
        await ravi.sign_in()
        assert_problem(await ravi.get("/v1/admins/me"), 403, "second_factor_required")
        await ravi.refresh()
        assert_problem(await ravi.get("/v1/auth/sessions"), 403, "second_factor_required")
        assert (await ravi.verify(code=code_of(ravi.secret))).status_code == 200
        assert (await ravi.step_up_action()).status_code == 201
        await ravi.refresh()
        assert (await ravi.step_up_action()).status_code == 201
        assert len((await ravi.get("/v1/auth/sessions")).json()["items"]) == 2


async def test_who_owes_a_second_factor_can_still_sign_out(strict: FastAPI) -> None:
    ravi = await (await _office(strict)).sign_in()
    assert (await ravi.post("/v1/auth/logout")).status_code == 204
    assert_problem(await ravi.get(FACTOR), 401, "session_ended")


async def test_users_are_not_asked_for_a_second_factor(strict: FastAPI) -> None:
    stores: Stores = strict.state.stores
    user = await stores.database.run(factories.make_user)
    async with factories.new_client(strict) as client:
        headers = await factories.sign_in(strict, user)
        assert (await client.get("/users/me", headers=headers)).status_code == 200
        for method, path in [("GET", ""), ("POST", "/setup"), ("POST", "/otp"), ("POST", "/recovery-codes")]:
            answer = await client.request(method, f"{FACTOR}{path}", headers=headers)
            assert_problem(answer, 403, "admins_only")


async def test_a_token_that_owes_a_second_factor_opens_no_admin_route(app: FastAPI, ravi: Staff) -> None:
    settings: Settings = app.state.settings
    owing = factories.headers_for(settings, ravi.admin, second_factor_at=0, second_factor_due=True)
    for path in ("/v1/admins", "/v1/admins/me", "/v1/roles", "/v1/sessions", "/v1/auth/sessions"):
        answer = await ravi.client.get(path, headers=owing)
        assert_problem(answer, 403, "second_factor_required")
    assert (await ravi.client.get(FACTOR, headers=owing)).status_code == 200


async def test_the_seeded_admins_sign_in_with_the_fixed_code(app: FastAPI, stores: Stores) -> None:
    await stores.database.run(admins.seed)
    async with stores.database.transaction() as db:
        admin = await db.scalar(
            text("SELECT admin_id FROM admins WHERE email = 'superadmin_admin1@example.com'")
        )
        stored = await admins.get(db, admin)
    assert stored.phone_number == "+919000000001"
    await stores.redis.flushdb()
    signed_in = await Staff(factories.new_client(app), stored).sign_in()
    assert (await signed_in.get("/v1/admins/me")).json()["role"] == "SuperAdmin"
