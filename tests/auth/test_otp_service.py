"""Codes, limits and locks."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from base64 import urlsafe_b64decode
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.admins.models import Admin
from gencharge.auth import crud
from gencharge.auth.sources import NEWCOMERS
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.sessions import service as sessions
from gencharge.users.models import User
from tests.auth.conftest import Phones, assert_problem, log_in
from tests.make import factories
from tests.make.auth import _ask, _give, _wrong
from tests.make.sessions import start_session


async def test_known_and_unknown_numbers_get_the_same_answer_and_about_the_same_time(
    app: FastAPI, phones: Phones, stores: Stores
) -> None:
    known = [(await stores.database.run(factories.make_user)).phone_number for _ in range(30)]
    unknown = [factories.new_phone() for _ in range(30)]
    times: dict[bool, list[float]] = {True: [], False: []}
    answers = set()
    for pair in zip(known, unknown, strict=True):
        for phone_number in pair:
            async with factories.new_client(app) as client:
                started = time.perf_counter()
                answer = await client.post("/auth/login", json={"phone_number": phone_number})
                times[phone_number in known].append(time.perf_counter() - started)
                await phones.context.courier.drain()
            body = answer.json()
            assert re.fullmatch(r"[A-Za-z0-9_-]{22}", body.pop("challenge_id"))
            varying = {"x-request-id"}
            headers = {name: value for name, value in answer.headers.items() if name not in varying}
            answers.add((answer.status_code, str(body), str(sorted(headers.items()))))
            assert bool(await phones.messages(phone_number)) is (phone_number in known)
    assert len(answers) == 1
    medians = [statistics.median(times[kind]) for kind in (True, False)]
    assert max(medians) < 2 * min(medians) + 0.005


async def test_a_wrong_code_for_an_unknown_number_looks_like_one_for_a_known_number(
    app: FastAPI, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    unknown = factories.new_phone()
    seen: dict[str, list[Any]] = {}
    with clock.at(clock.now()):
        for phone_number in (user.phone_number, unknown):
            async with factories.new_client(app) as client:
                await _ask(client, phone_number)
                for _ in range(6):
                    answer = await _give(client, phone_number, "000000")
                    body = {key: value for key, value in answer.json().items() if key != "request_id"}
                    reply = (answer.status_code, body, answer.headers.get("retry-after"))
                    seen.setdefault(phone_number, []).append(reply)
    if await phones.code(user.phone_number) != "000000":
        assert seen[user.phone_number] == seen[unknown]
        assert [status for status, *_ in seen[unknown]] == [401, 401, 401, 401, 429, 429]


async def test_fifty_verifies_of_one_code_at_once_make_one_session(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    await _ask(client, user.phone_number)
    code = await phones.code(user.phone_number)
    answers = await asyncio.gather(*(_give(client, user.phone_number, code) for _ in range(50)))
    # On a busy machine some wait too long for a store, and are told to come again (503); none of them gets in.
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[200] == 1
    assert statuses.keys() <= {200, 401, 503}
    async with stores.database.transaction() as db:
        count = await db.scalar(
            text("SELECT count(*) FROM sessions WHERE user_id = :id"), {"id": user.user_id}
        )
    assert count == 1


async def test_a_code_is_good_once(client: httpx.AsyncClient, phones: Phones, known: str) -> None:
    await _ask(client, known)
    code = await phones.code(known)
    assert (await _give(client, known, code)).status_code == 200
    assert_problem(await _give(client, known, code), 401, "otp_invalid")


async def test_a_code_is_good_for_five_minutes(
    client: httpx.AsyncClient, phones: Phones, known: str, stores: Stores
) -> None:
    other = (await stores.database.run(factories.make_user)).phone_number
    with clock.at(clock.now()):
        for number, seconds, status in [(known, 299, 200), (other, 300, 401)]:
            await _ask(client, number)
            with clock.later(seconds=seconds):
                answer = await _give(client, number, await phones.code(number))
            assert answer.status_code == status


async def test_a_new_code_takes_the_place_of_the_old_one(
    client: httpx.AsyncClient, phones: Phones, known: str
) -> None:
    await _ask(client, known)
    first = await phones.code(known)
    with clock.later(seconds=31):
        await _ask(client, known)
        second = await phones.code(known)
        if first != second:
            assert_problem(await _give(client, known, first), 401, "otp_invalid")
        assert (await _give(client, known, second)).status_code == 200


async def test_a_code_for_one_purpose_is_nothing_for_the_other(
    client: httpx.AsyncClient, phones: Phones, known: str
) -> None:
    await _ask(client, known, "signup")
    code = await phones.code(known)
    assert_problem(await _give(client, known, code), 401, "otp_invalid")
    assert_problem(await _give(client, known, code, "verify-otp-signup"), 409, "account_already_exists")
    fresh = factories.new_phone()
    await _ask(client, fresh, "login")
    assert not await phones.messages(fresh)


async def test_nobodys_number_that_guesses_right_still_gets_in_nowhere(
    client: httpx.AsyncClient, phones: Phones
) -> None:
    unknown = factories.new_phone()
    before = phones.context.codes
    phones.context.codes = lambda _number: "424242"
    try:
        await _ask(client, unknown)
    finally:
        phones.context.codes = before
    assert_problem(await _give(client, unknown, "424242"), 401, "otp_invalid")


async def test_the_sixth_try_is_refused_even_with_the_right_code_for_fifteen_minutes(
    client: httpx.AsyncClient, phones: Phones, known: str
) -> None:
    with clock.at(clock.now()):
        await _ask(client, known)
        code = await phones.code(known)
        for _ in range(4):
            assert_problem(await _give(client, known, _wrong(code)), 401, "otp_invalid")
        fifth = await _give(client, known, _wrong(code))
        assert_problem(fifth, 429, "otp_locked")
        assert 890 <= int(fifth.headers["retry-after"]) <= 901
        assert_problem(await _give(client, known, code), 429, "otp_locked")
        assert_problem(await _ask(client, known), 429, "otp_locked")
        with clock.later(minutes=15, seconds=1):
            assert (await _ask(client, known)).status_code == 200
            assert (await _give(client, known, await phones.code(known))).status_code == 200


async def test_fifty_guesses_at_once_count_five_times(
    client: httpx.AsyncClient, phones: Phones, known: str, stores: Stores
) -> None:
    await _ask(client, known)
    wrong = _wrong(await phones.code(known))
    answers = await asyncio.gather(*(_give(client, known, wrong) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {401, 429}
    async with stores.database.transaction() as db:
        counted = await db.scalar(
            text("SELECT consecutive FROM sign_in_failures WHERE phone_number = :n"), {"n": known}
        )
    assert counted == 5


async def test_neither_a_new_code_nor_a_flushed_redis_forgets_wrong_tries(
    client: httpx.AsyncClient, phones: Phones, known: str, stores: Stores
) -> None:
    await _ask(client, known)
    wrong = _wrong(await phones.code(known))
    for _ in range(4):
        await _give(client, known, wrong)
    await stores.redis.flushdb()
    with clock.later(seconds=30):
        await _ask(client, known)
        assert_problem(await _give(client, known, _wrong(await phones.code(known))), 429, "otp_locked")
        await stores.redis.flushdb()
        assert_problem(await _ask(client, known), 429, "otp_locked")


async def test_after_a_hundred_wrong_codes_in_a_row_an_admin_has_to_help(
    client: httpx.AsyncClient,
    phones: Phones,
    user: User,
    stores: Stores,
    support: Admin,
    settings: Settings,
) -> None:
    known = user.phone_number
    async with stores.database.transaction() as db:
        await db.execute(
            text(
                "INSERT INTO sign_in_failures (phone_number, consecutive, updated_at) VALUES (:n, 99, now())"
            ),
            {"n": known},
        )
    await _ask(client, known)
    code = await phones.code(known)
    assert_problem(await _give(client, known, _wrong(code)), 403, "sign_in_suspended")
    with clock.later(days=365):
        assert_problem(await _ask(client, known), 403, "sign_in_suspended")
        assert_problem(await _give(client, known, code), 403, "sign_in_suspended")
        opened = await client.post(
            f"/v1/users/{user.user_id}/open-sign-in",
            headers=factories.headers_for(settings, support, role="Support"),
            json={"reason": "Called us."},
        )
        assert opened.status_code == 204, opened.text
        assert (await _ask(client, known)).status_code == 200
        assert (await _give(client, known, await phones.code(known))).status_code == 200


async def test_a_right_code_ends_the_count(
    client: httpx.AsyncClient, phones: Phones, known: str, stores: Stores
) -> None:
    await _ask(client, known)
    code = await phones.code(known)
    for _ in range(4):
        await _give(client, known, _wrong(code))
    assert (await _give(client, known, code)).status_code == 200
    async with stores.database.transaction() as db:
        rows = await db.execute(text("SELECT 1 FROM sign_in_failures WHERE phone_number = :n"), {"n": known})
        assert rows.first() is None


async def test_wrong_codes_and_locks_are_announced_with_the_number_masked(
    client: httpx.AsyncClient, phones: Phones, known: str, stores: Stores
) -> None:
    await _ask(client, known)
    code = await phones.code(known)
    for _ in range(5):
        await _give(client, known, _wrong(code))
    async with stores.database.transaction() as db:
        result = await db.execute(
            text(
                "SELECT topic, payload FROM events WHERE payload->>'masked_phone_number' = :n AND topic LIKE 'SignIn%'"
            ),
            {"n": f"{known[:3]}******{known[-4:]}"},
        )
        rows = result.all()
    assert Counter(row.topic for row in rows) == {"SignInFailed": 5, "SignInLocked": 1}
    assert known not in str(rows)


async def _attack(app: FastAPI, phones: Phones, phone_number: str) -> None:
    """Strangers use up what they are allowed for a number, each from an address of its own."""
    for turn in range(6):
        with clock.later(minutes=turn):
            async with factories.new_client(app) as stranger:
                if (await _ask(stranger, phone_number)).status_code == 200:
                    guess = _wrong(await phones.code(phone_number))
                    for _ in range(6):
                        await _give(stranger, phone_number, guess)


async def _set_ceiling(stores: Stores, phone_number: str, consecutive: int) -> None:
    async with stores.database.transaction() as db:
        await db.execute(
            text("UPDATE sign_in_failures SET consecutive = :c WHERE phone_number = :n AND source = ''"),
            {"n": phone_number, "c": consecutive},
        )


async def test_no_number_of_strangers_keeps_a_known_device_out(
    app: FastAPI, phones: Phones, user: User, stores: Stores
) -> None:
    known = user.phone_number
    home = factories.new_address()
    now = clock.now()
    with clock.at(now):
        async with factories.new_client(app, home) as device:
            tokens = (await log_in(device, phones, known)).json()
    with clock.at(now + timedelta(hours=1)):
        await _attack(app, phones, known)
        await _set_ceiling(stores, known, 100)
    with clock.at(now + timedelta(hours=1, minutes=8)):
        async with factories.new_client(app) as other:
            assert_problem(await _ask(other, known), 403, "sign_in_suspended")
            # The device elsewhere, by its token.
            asked = await _ask(other, known, refresh_token=tokens["refresh_token"])
            assert asked.status_code == 200, asked.text
            await phones.messages(known)  # so that the next message is the last one
        async with factories.new_client(app, home) as device:
            asked = await _ask(device, known)
            assert asked.status_code == 200, asked.text
            assert (await _give(device, known, await phones.code(known))).status_code == 200
    # Its right code has opened the number for everybody.
    with clock.at(now + timedelta(hours=3)):
        async with factories.new_client(app) as other:
            assert (await _ask(other, known)).status_code == 200


async def test_signing_in_and_up_are_answered_with_a_challenge_of_128_random_bits(
    app: FastAPI, user: User
) -> None:
    challenges = []
    for path, number in [("login", user.phone_number)] + [
        ("signup", factories.new_phone()) for _ in range(9)
    ]:
        async with factories.new_client(app) as client:
            answer = await client.post(f"/v1/auth/{path}", json={"phone_number": number})
        challenges.append(urlsafe_b64decode(answer.json()["challenge_id"] + "=="))
    assert {len(challenge) for challenge in challenges} == {16}
    # Ten of 16 random bytes: at no place all have the same one.
    assert all(len(set(column)) > 1 for column in zip(*challenges, strict=True))


async def test_only_who_began_a_challenge_spends_its_tries(
    app: FastAPI, client: httpx.AsyncClient, phones: Phones, known: str, stores: Stores
) -> None:
    now = clock.now()
    with clock.at(now):
        own = (await _ask(client, known)).json()["challenge_id"]
        code = await phones.code(known)
    with clock.at(now + timedelta(seconds=31)):
        async with factories.new_client(app) as stranger:
            strangers = (await _ask(stranger, known)).json()["challenge_id"]
            for _ in range(5):
                await _give(stranger, known, _wrong(await phones.code(known)), challenge_id=strangers)
            blind = await _give(stranger, known, code, challenge_id="B" * 22)
            assert_problem(blind, 401, "otp_invalid")
        assert (await _give(client, known, code, challenge_id=own)).status_code == 200


async def test_a_guess_without_a_challenge_is_not_counted(
    client: httpx.AsyncClient, known: str, stores: Stores
) -> None:
    for number in (known, factories.new_phone()):
        assert_problem(await _give(client, number, "123456"), 401, "otp_invalid")
    async with stores.database.transaction() as db:
        rows = await db.execute(text("SELECT 1 FROM sign_in_failures WHERE phone_number = :n"), {"n": known})
        assert rows.first() is None


async def test_wrong_codes_of_a_known_device_lock_that_device_only(
    app: FastAPI, phones: Phones, known: str
) -> None:
    now = clock.now()
    with clock.at(now):
        async with factories.new_client(app) as first:
            tokens = (await log_in(first, phones, known)).json()
    with clock.at(now + timedelta(minutes=1)):
        async with factories.new_client(app) as thief, factories.new_client(app) as other:
            token = {"refresh_token": tokens["refresh_token"]}
            await _ask(thief, known, **token)
            guess = _wrong(await phones.code(known))
            for _ in range(4):
                assert_problem(await _give(thief, known, guess), 401, "otp_invalid")
            assert_problem(await _give(thief, known, guess), 429, "otp_locked")
            assert_problem(await _ask(thief, known, **token), 429, "otp_locked")
            assert (await _ask(other, known)).status_code == 200


@pytest.mark.parametrize("ended", ["signed_out", "ended_by_owner", "refresh_token_reused", "blocked"])
async def test_a_device_is_known_unless_its_session_was_ended_for_it(
    stores: Stores, user: User, ended: str
) -> None:
    owner, address = user.user_id, factories.new_address()
    started = await start_session(stores, user_id=owner, address=address)

    async def state() -> tuple[UUID | None, bool, bool]:
        async with stores.database.transaction() as db:
            return (
                await sessions.session_of_token(db, owner, started.refresh_token),
                await sessions.has_signed_in_from(db, owner, address),
                await sessions.has_signed_in_from(db, owner, factories.new_address()),
            )

    assert await state() == (started.session_id, True, False)
    await stores.database.run(lambda db: sessions.revoke(db, owner, reason=ended))
    expected = (started.session_id, True, False) if ended == "signed_out" else (None, False, False)
    assert await state() == expected


async def test_a_number_without_an_account_is_closed_to_signing_up_for_a_day_and_not_for_good(
    app: FastAPI, phones: Phones, stores: Stores
) -> None:
    number = factories.new_phone()
    now = clock.now()
    with clock.at(now):
        async with stores.database.transaction() as db:
            for _ in range(99):
                await crud.add_failure(db, number, NEWCOMERS, now=now)
        async with factories.new_client(app) as stranger:
            await _ask(stranger, number, "signup")
            guess = _wrong(await phones.code(number))
            closed = await _give(stranger, number, guess, "verify-otp-signup")
        assert_problem(closed, 429, "otp_locked")
        assert int(closed.headers["retry-after"]) == 86_401
        async with factories.new_client(app) as newcomer:
            assert_problem(await _ask(newcomer, number, "signup"), 429, "otp_locked")
    with clock.at(now + timedelta(days=1, seconds=1)):
        async with factories.new_client(app) as newcomer:
            assert (await _ask(newcomer, number, "signup")).status_code == 200
            # One more wrong code closes nothing.
            code = await phones.code(number)
            refused = await _give(newcomer, number, _wrong(code), "verify-otp-signup")
            assert_problem(refused, 401, "otp_invalid")
            assert (await _give(newcomer, number, code, "verify-otp-signup")).status_code == 201


async def test_guesses_at_signing_up_close_no_sign_in(
    app: FastAPI, phones: Phones, known: str, stores: Stores
) -> None:
    async with stores.database.transaction() as db:
        for _ in range(200):
            await crud.add_failure(db, known, NEWCOMERS, now=clock.now())
    async with factories.new_client(app) as client:
        assert (await log_in(client, phones, known)).status_code == 200


async def test_anothers_token_makes_no_device_known(
    app: FastAPI, phones: Phones, known: str, stores: Stores
) -> None:
    async with factories.new_client(app) as client:
        await _ask(client, known)
    with clock.later(seconds=10):
        for token in ((await start_session(stores)).refresh_token, "x", ""):
            async with factories.new_client(app) as client:
                refused = await _ask(client, known, refresh_token=token)
                assert_problem(refused, 429, "otp_too_soon")
