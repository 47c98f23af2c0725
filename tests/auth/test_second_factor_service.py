"""The second factor of admins: set up, given once for each code, counted, and asked for again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text, update

from gencharge.auth.models import SecondFactor
from gencharge.auth.totp import hash_of
from gencharge.core.sealer import Sealer
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.vault.columns import Sealed
from gencharge.sessions.guards import Gate
from tests.auth.conftest import assert_problem
from tests.make import factories
from tests.make.auth import (
    FACTOR,
    Staff,
    _give,
    _office,
    code_of,
    middle_of_a_step,
    running,
    topics_of,
    wrong,
)


@pytest.fixture(autouse=True)
def _held() -> Iterator[None]:
    with middle_of_a_step():
        yield


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
        sent = await ravi.ask_otp()
        assert (sent.status_code, sent.json()["expires_in_seconds"]) == (200, 300)
        assert_problem(await ravi.post(f"{FACTOR}/otp"), 429, "otp_too_soon")
        refused = await _give(ravi.client, ravi.admin.phone_number, "111111", challenge_id=ravi.challenge_id)
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
    assert "SecondFactorRemoved" in await topics_of(stores, lost.admin)


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


async def test_neither_secret_nor_codes_are_readable_in_the_database(ravi: Staff, stores: Stores) -> None:
    await ravi.enroll()
    async with stores.database.transaction() as db:
        result = await db.execute(
            text(
                "SELECT secret, encode(secret, 'escape') AS text FROM admin_second_factors WHERE admin_id = :id"
            ),
            {"id": ravi.admin.admin_id},
        )
        row = result.one()
        hashes = (
            await db.scalars(
                text("SELECT code_hash FROM admin_recovery_codes WHERE admin_id = :id"),
                {"id": ravi.admin.admin_id},
            )
        ).all()
        payloads = (await db.scalars(text("SELECT payload::text FROM events"))).all()
    assert ravi.secret not in row.text
    assert {bytes(digest) for digest in hashes} == {
        hash_of(ravi.admin.admin_id, code) for code in ravi.recovery_codes
    }
    for secret in (ravi.secret, *ravi.recovery_codes):
        assert not [payload for payload in payloads if secret in payload]


async def test_a_secret_of_an_earlier_version_needs_the_secret_key_of_then(
    settings: Settings, ravi: Staff, stores: Stores
) -> None:
    await ravi.enroll()
    older = Sealer(settings, "gencharge admin second factor").seal(ravi.admin.admin_id, ravi.secret)
    query = update(SecondFactor).where(SecondFactor.admin_id == ravi.admin.admin_id)
    await stores.database.run(lambda db: db.execute(query.values(secret=Sealed(older.decode("latin-1")))))
    new = {"secret_key": SecretStr("another-secret-key-0123456789-abcdefghijklmnopqrst")}
    async with running(settings, **new, previous_secret_key=settings.secret_key) as app:
        there = Staff(factories.new_client(app), ravi.admin)
        with clock.later(minutes=1):
            await there.sign_in()
            assert (await there.verify(code=code_of(ravi.secret))).status_code == 200
    # Nobody has the old key here: the secret can't be opened, a recovery code still works.
    async with running(settings, **new) as app:
        there = Staff(factories.new_client(app), ravi.admin)
        with clock.later(minutes=2):
            await there.sign_in()
            refused = await there.verify(code=code_of(ravi.secret))
            assert_problem(refused, 409, "second_factor_not_usable")
            assert (await there.verify(recovery_code=ravi.recovery_codes[0])).status_code == 200
