"""The second factor of admins: set up, given once for each code, counted, and asked for again."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from gencharge.admins import service as admins
from gencharge.admins.models import Admin
from gencharge.api.main import create_app
from gencharge.auth.totp import Sealer, hash_of
from gencharge.core.events.relay import Relay
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.sessions.guards import Gate
from tests import factories
from tests.auth.conftest import assert_problem

FACTOR = "/v1/auth/second-factor"


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the authenticator app shows now, or some steps of 30 seconds away."""
    return str(pyotp.TOTP(secret).at(int(clock.now().timestamp()) + 30 * steps))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@contextmanager
def middle_of_a_step() -> Iterator[None]:
    """Hold the clock, so that no step ends in the middle of a test."""
    now = int(clock.now().timestamp())
    with clock.at(datetime.fromtimestamp(now - now % 30 + 15, UTC)):
        yield


@pytest.fixture(autouse=True)
def _held() -> Iterator[None]:
    with middle_of_a_step():
        yield


class Staff:
    """An admin at a client: signs in, and keeps the newest token."""

    def __init__(self, client: httpx.AsyncClient, admin: Admin) -> None:
        self.client, self.admin = client, admin
        self.headers: dict[str, str] = {}
        self.refresh_token = ""
        self.secret = ""
        self.recovery_codes: list[str] = []

    async def sign_in(self) -> Staff:
        """Sign in with the fixed code of development."""
        number = {"phone_number": self.admin.phone_number}
        assert (await self.client.post("/v1/auth/login", json=number)).status_code == 200
        answer = await self.client.post("/v1/auth/verify-otp-login", json=number | {"otp": "111111"})
        self._take(answer)
        return self

    async def refresh(self) -> None:
        """Get a new access token."""
        self._take(await self.client.post("/v1/auth/refresh", json={"refresh_token": self.refresh_token}))

    def _take(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        self.headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        self.refresh_token = tokens.get("refresh_token", self.refresh_token)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path, headers=self.headers)

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.post(path, json=body, headers=self.headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(path, headers=self.headers)

    async def enroll(self) -> Staff:
        """Set an authenticator app up and confirm it."""
        prepared = await self.post(f"{FACTOR}/setup")
        assert prepared.status_code == 200, prepared.text
        self.secret = prepared.json()["secret"]
        answer = await self.post(f"{FACTOR}/confirm", code=code_of(self.secret))
        self._take(answer)
        self.recovery_codes = answer.json()["recovery_codes"]
        return self

    async def verify(self, **given: str) -> httpx.Response:
        """Give a second factor, and go on with the token that comes for it."""
        answer = await self.post(f"{FACTOR}/verify", **given)
        if answer.status_code == 200:
            self._take(answer)
        return answer

    async def step_up_action(self) -> httpx.Response:
        """Something that asks for a second factor given just now."""
        return await self.post("/v1/roles", name=f"R {uuid4().hex[:12]}", description="x", permissions=[])


async def _office(app: FastAPI, role: str = "SuperAdmin") -> Staff:
    stores: Stores = app.state.stores
    number = f"+91900000{secrets.randbelow(8000) + 2000:04d}"
    admin = await stores.database.run(lambda db: factories.make_admin(db, role, phone_number=number))
    for _ in range(300):
        if "Roles:write" in Gate.of(app).grants.get("SuperAdmin", ()):
            break
        await asyncio.sleep(0.01)
    return Staff(factories.new_client(app), admin)


@asynccontextmanager
async def running(settings: Settings, **but: Any) -> AsyncIterator[FastAPI]:
    """An application of its own, with other settings."""
    app = create_app(settings.model_copy(update=but))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def strict(settings: Settings) -> AsyncIterator[FastAPI]:
    """An application where every admin needs a second factor."""
    async with running(settings, admin_second_factor="required") as app:
        yield app


@pytest.fixture
async def ravi(app: FastAPI) -> Staff:
    """A SuperAdmin without a second factor, signed in where none is required."""
    return await (await _office(app)).sign_in()


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


async def test_a_step_up_lasts_ten_minutes_and_no_longer(ravi: Staff) -> None:
    await ravi.enroll()
    with clock.later(minutes=9, seconds=59):
        await ravi.refresh()
        assert (await ravi.step_up_action()).status_code == 201
    with clock.later(minutes=10, seconds=2):
        await ravi.refresh()
        assert_problem(await ravi.step_up_action(), 403, "step_up_required")
        assert (await ravi.get("/v1/admins/me")).status_code == 200
        assert (await ravi.verify(code=code_of(ravi.secret))).status_code == 200
        assert (await ravi.step_up_action()).status_code == 201


async def test_a_code_is_good_once_also_the_one_that_confirmed(ravi: Staff) -> None:
    await ravi.enroll()
    used = code_of(ravi.secret)
    assert_problem(await ravi.verify(code=used), 403, "second_factor_invalid")
    with clock.later(seconds=30):
        fresh = code_of(ravi.secret)
        assert (await ravi.verify(code=fresh)).status_code == 200
        for stale in (fresh, used):
            assert_problem(await ravi.verify(code=stale), 403, "second_factor_invalid")


async def test_twenty_at_once_with_one_code_are_one_success_and_no_lock(ravi: Staff) -> None:
    await ravi.enroll()
    code = code_of(ravi.secret, steps=1)
    answers = await asyncio.gather(*(ravi.post(f"{FACTOR}/verify", code=code) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * 19
    with clock.later(seconds=60):
        await ravi.refresh()
        assert (await ravi.verify(code=code_of(ravi.secret))).status_code == 200


@pytest.mark.parametrize(("steps", "status"), [(-2, 403), (-1, 200), (0, 200), (1, 200), (2, 403)])
async def test_a_clock_may_be_one_step_off(ravi: Staff, steps: int, status: int) -> None:
    await ravi.enroll()
    with clock.later(minutes=5):
        await ravi.refresh()
        assert (await ravi.verify(code=code_of(ravi.secret, steps=steps))).status_code == status


async def test_the_sixth_try_is_refused_even_with_the_right_code_for_fifteen_minutes(
    ravi: Staff, stores: Stores
) -> None:
    await ravi.enroll()
    with clock.later(minutes=1):
        await ravi.refresh()
        for _ in range(4):
            refused = await ravi.verify(code=wrong(code_of(ravi.secret)))
            assert_problem(refused, 403, "second_factor_invalid")
        fifth = await ravi.verify(recovery_code="aaaa-aaaa-aaaa-aaaa")
        assert_problem(fifth, 429, "second_factor_locked")
        assert 890 <= int(fifth.headers["retry-after"]) <= 901
        assert_problem(await ravi.verify(code=code_of(ravi.secret)), 429, "second_factor_locked")
        refused = await ravi.verify(recovery_code=ravi.recovery_codes[0])
        assert_problem(refused, 429, "second_factor_locked")
        assert (await ravi.get(FACTOR)).json()["locked_until"] is not None
    with clock.later(minutes=16, seconds=5):
        await ravi.refresh()
        assert (await ravi.verify(code=code_of(ravi.secret))).status_code == 200
    said = await _said(stores, ravi.admin)
    assert [topic for topic in said if topic.startswith("SecondFactor")] == [
        "SecondFactorPrepared",
        "SecondFactorSet",
        "SecondFactorVerified",
        *["SecondFactorFailed"] * 5,
        "SecondFactorLocked",
        "SecondFactorVerified",
    ]


async def test_fifty_guesses_at_once_count_five_times(ravi: Staff, stores: Stores) -> None:
    await ravi.enroll()
    guess = wrong(code_of(ravi.secret))
    answers = await asyncio.gather(*(ravi.post(f"{FACTOR}/verify", code=guess) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {403, 429}
    async with stores.database.transaction() as db:
        counted = await db.scalar(
            text("SELECT failures FROM admin_second_factors WHERE admin_id = :id"),
            {"id": ravi.admin.admin_id},
        )
    assert counted == 5


async def test_a_recovery_code_is_good_once_however_it_is_written(ravi: Staff) -> None:
    await ravi.enroll()
    first, second, *rest = ravi.recovery_codes
    answers = await asyncio.gather(*(ravi.post(f"{FACTOR}/verify", recovery_code=first) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 403, 403, 403]
    plain = second.replace("-", "").upper()
    assert (await ravi.verify(recovery_code=plain)).json()["recovery_codes_left"] == 8
    renewed = await ravi.post(f"{FACTOR}/recovery-codes")
    fresh = renewed.json()["recovery_codes"]
    assert len(fresh) == 10
    assert not set(fresh) & set(ravi.recovery_codes)
    assert_problem(await ravi.verify(recovery_code=rest[0]), 403, "second_factor_invalid")
    assert (await ravi.verify(recovery_code=fresh[0])).status_code == 200


async def test_another_admins_code_is_good_for_nothing(app: FastAPI, ravi: Staff) -> None:
    await ravi.enroll()
    other = await (await (await _office(app)).sign_in()).enroll()
    refused = await ravi.verify(code=code_of(other.secret, steps=1))
    assert_problem(refused, 403, "second_factor_invalid")
    refused = await ravi.verify(recovery_code=other.recovery_codes[0])
    assert_problem(refused, 403, "second_factor_invalid")


async def test_confirming_ends_the_other_sessions_and_replacing_needs_a_step_up(
    app: FastAPI, ravi: Staff
) -> None:
    elsewhere = Staff(factories.new_client(app), ravi.admin)
    with clock.later(seconds=31):
        await elsewhere.sign_in()
        await ravi.enroll()
        assert_problem(await elsewhere.get(FACTOR), 401, "session_ended")
        assert (await ravi.get("/v1/admins/me")).status_code == 200
    with clock.later(minutes=2):
        await elsewhere.sign_in()  # owes the second factor, and can't set up one of its own
        assert_problem(await elsewhere.post(f"{FACTOR}/setup"), 403, "step_up_required")
        assert_problem(
            await elsewhere.post(f"{FACTOR}/confirm", code="000000"), 409, "second_factor_setup_not_started"
        )
        assert (await elsewhere.verify(code=code_of(ravi.secret))).status_code == 200
        await elsewhere.enroll()
        assert elsewhere.secret != ravi.secret
    with clock.later(minutes=3):
        await elsewhere.refresh()
        refused = await elsewhere.verify(code=code_of(ravi.secret))
        assert_problem(refused, 403, "second_factor_invalid")
        assert (await elsewhere.verify(code=code_of(elsewhere.secret))).status_code == 200


async def test_a_wrong_first_code_confirms_nothing(ravi: Staff) -> None:
    assert_problem(
        await ravi.post(f"{FACTOR}/confirm", code="123456"), 409, "second_factor_setup_not_started"
    )
    secret = (await ravi.post(f"{FACTOR}/setup")).json()["secret"]
    refused = await ravi.post(f"{FACTOR}/confirm", code=wrong(code_of(secret)))
    assert_problem(refused, 403, "second_factor_invalid")
    assert (await ravi.get(FACTOR)).json()["enrolled"] is False
    assert (await ravi.get("/v1/admins/me")).status_code == 200


async def test_where_it_is_optional_a_code_by_message_steps_up_until_there_is_an_app(ravi: Staff) -> None:
    assert_problem(await ravi.step_up_action(), 403, "step_up_required")
    # The code of the sign-in is none for this, though it reads the same.
    assert_problem(await ravi.verify(otp="111111"), 403, "second_factor_invalid")
    with clock.later(seconds=31):
        number = {"phone_number": ravi.admin.phone_number}
        sent = await ravi.post(f"{FACTOR}/otp")
        assert (sent.status_code, sent.json()["expires_in_seconds"]) == (200, 300)
        assert_problem(await ravi.post(f"{FACTOR}/otp"), 429, "otp_too_soon")
        refused = await ravi.client.post("/v1/auth/verify-otp-login", json=number | {"otp": "111111"})
        assert_problem(refused, 401, "otp_invalid")
        assert_problem(await ravi.verify(otp="222222"), 403, "second_factor_invalid")
        assert (await ravi.verify(otp="111111")).status_code == 200
        assert (await ravi.step_up_action()).status_code == 201
        await ravi.enroll()
        assert_problem(await ravi.post(f"{FACTOR}/otp"), 409, "authenticator_code_required")
        assert_problem(await ravi.verify(otp="111111"), 409, "authenticator_code_required")


async def test_where_it_is_required_no_code_by_message_is_enough(strict: FastAPI) -> None:
    ravi = await (await _office(strict)).sign_in()
    assert_problem(await ravi.post(f"{FACTOR}/otp"), 409, "authenticator_code_required")
    assert_problem(await ravi.verify(otp="111111"), 409, "authenticator_code_required")
    assert_problem(await ravi.delete(FACTOR), 403, "second_factor_required")
    await ravi.enroll()
    assert_problem(await ravi.delete(FACTOR), 409, "second_factor_not_removable")


async def test_verify_takes_one_of_the_three(ravi: Staff) -> None:
    for body in ({}, {"code": "123456", "otp": "123456"}, {"code": "12345"}, {"recovery_code": "abc"}):
        assert_problem(await ravi.verify(**body), 422, "validation_failed")


async def test_my_own_second_factor_comes_off_with_a_step_up(ravi: Staff) -> None:
    assert_problem(await ravi.delete(FACTOR), 403, "step_up_required")
    await ravi.enroll()
    assert (await ravi.delete(FACTOR)).status_code == 204
    assert_problem(await ravi.delete(FACTOR), 409, "second_factor_not_set_up")
    with clock.later(minutes=2):
        await ravi.sign_in()
        assert (await ravi.get("/v1/admins/me")).status_code == 200


async def test_another_admin_takes_it_off_for_who_lost_everything(
    app: FastAPI, ravi: Staff, stores: Stores
) -> None:
    lost = await (await (await _office(app, "Manager")).sign_in()).enroll()
    path = f"/v1/admins/{lost.admin.admin_id}/second-factor"
    assert_problem(await ravi.delete(path), 403, "step_up_required")
    await ravi.enroll()
    assert (await ravi.get(path)).json()["enrolled"] is True
    assert_problem(
        await lost.delete(f"/v1/admins/{ravi.admin.admin_id}/second-factor"), 403, "permission_denied"
    )
    assert (await ravi.delete(path)).status_code == 204
    assert_problem(await lost.get(FACTOR), 401, "session_ended")
    assert_problem(await ravi.delete(path), 404, "second_factor_not_found")
    assert_problem(await ravi.delete(f"/v1/admins/{uuid4()}/second-factor"), 404, "admin_not_found")
    with clock.later(minutes=2):
        await lost.sign_in()
        assert (await lost.get(FACTOR)).json()["due"] is False
    assert "SecondFactorRemoved" in await _said(stores, lost.admin)


async def test_a_role_change_while_a_code_is_given_leaves_no_token_with_the_old_role(
    app: FastAPI, ravi: Staff, stores: Stores
) -> None:
    from gencharge.sessions import service as sessions

    await ravi.enroll()
    await stores.database.run(lambda db: sessions.revoke(db, ravi.admin.admin_id, reason="role_changed"))
    for session_id in list(Gate.of(app)._ended):
        del Gate.of(app)._ended[session_id]  # this process has not heard of it yet
    refused = await ravi.verify(code=code_of(ravi.secret, steps=1))
    assert_problem(refused, 401, "session_ended")


async def test_an_archived_admins_secret_is_forgotten(ravi: Staff, stores: Stores, relay: Relay) -> None:
    from gencharge.admins import staff_service as staff

    await ravi.enroll()
    boss = await stores.database.run(factories.make_admin)
    await stores.database.run(lambda db: staff.archive(db, boss.admin_id, ravi.admin.admin_id))
    await relay.drain()
    async with stores.database.transaction() as db:
        for table in ("admin_second_factors", "admin_recovery_codes"):
            left = await db.scalar(
                text(f"SELECT count(*) FROM {table} WHERE admin_id = :id"), {"id": ravi.admin.admin_id}
            )
            assert left == 0


async def test_neither_secret_nor_codes_are_readable_in_the_database(ravi: Staff, stores: Stores) -> None:
    await ravi.enroll()
    async with stores.database.transaction() as db:
        kept = await db.execute(
            text(
                "SELECT secret, encode(secret, 'escape') AS text FROM admin_second_factors WHERE admin_id = :id"
            ),
            {"id": ravi.admin.admin_id},
        )
        row = kept.one()
        hashes = (
            await db.scalars(
                text("SELECT code_hash FROM admin_recovery_codes WHERE admin_id = :id"),
                {"id": ravi.admin.admin_id},
            )
        ).all()
        payloads = (await db.scalars(text("SELECT payload::text FROM events"))).all()
    assert ravi.secret not in row.text
    assert {bytes(found) for found in hashes} == {
        hash_of(ravi.admin.admin_id, code) for code in ravi.recovery_codes
    }
    for secret in (ravi.secret, *ravi.recovery_codes):
        assert not [payload for payload in payloads if secret in payload]


async def test_a_secret_outlives_one_change_of_the_key_and_is_sealed_anew(
    settings: Settings, ravi: Staff, stores: Stores
) -> None:
    await ravi.enroll()
    new = {"secret_key": SecretStr("another-secret-key-0123456789-abcdefghijklmnopqrst")}
    async with running(settings, **new, previous_secret_key=settings.secret_key) as app:
        there = Staff(factories.new_client(app), ravi.admin)
        with clock.later(minutes=1):
            await there.sign_in()
            assert (await there.verify(code=code_of(ravi.secret))).status_code == 200
    async with running(settings, **new) as app:
        there = Staff(factories.new_client(app), ravi.admin)
        with clock.later(minutes=2):
            await there.sign_in()
            assert (await there.verify(code=code_of(ravi.secret))).status_code == 200
    # Here nobody has the new key: the secret can't be opened, a recovery code still works.
    with clock.later(minutes=3):
        await ravi.refresh()
        refused = await ravi.verify(code=code_of(ravi.secret))
        assert_problem(refused, 409, "second_factor_not_usable")
        assert (await ravi.verify(recovery_code=ravi.recovery_codes[0])).status_code == 200


async def test_a_sealed_secret_is_bound_to_its_admin(settings: Settings) -> None:
    sealer, mine, other = Sealer(settings), uuid4(), uuid4()
    sealed = sealer.seal(mine, "JBSWY3DPEHPK3PXP")
    assert sealer.open(mine, sealed) == ("JBSWY3DPEHPK3PXP", False)
    assert sealer.open(other, sealed) is None
    assert sealer.seal(mine, "JBSWY3DPEHPK3PXP") != sealed


async def test_a_token_that_owes_a_second_factor_opens_no_admin_route(app: FastAPI, ravi: Staff) -> None:
    settings: Settings = app.state.settings
    owing = factories.headers_for(settings, ravi.admin, second_factor_at=0, second_factor_due=True)
    for path in ("/v1/admins", "/v1/admins/me", "/v1/roles", "/v1/sessions", "/v1/auth/sessions"):
        answer = await ravi.client.get(path, headers=owing)
        assert_problem(answer, 403, "second_factor_required")
    assert (await ravi.client.get(FACTOR, headers=owing)).status_code == 200


async def _said(stores: Stores, admin: Admin) -> list[str]:
    async with stores.database.transaction() as db:
        rows = await db.scalars(
            text("SELECT topic FROM events WHERE payload ->> 'admin_id' = :id ORDER BY id"),
            {"id": str(admin.admin_id)},
        )
        return list(rows.all())


async def test_the_seeded_admins_sign_in_with_the_fixed_code(app: FastAPI, stores: Stores) -> None:
    await stores.database.run(admins.seed)
    async with stores.database.transaction() as db:
        admin = await db.scalar(
            text("SELECT admin_id FROM admins WHERE email = 'superadmin_admin1@example.com'")
        )
        found = await admins.get(db, admin)
    assert found.phone_number == "+919000000001"
    await stores.redis.flushdb()
    signed_in = await Staff(factories.new_client(app), found).sign_in()
    assert (await signed_in.get("/v1/admins/me")).json()["role"] == "SuperAdmin"
