"""Codes, limits and locks."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.auth import service
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.users.models import User, UserStatus
from tests.auth.conftest import Phones, assert_problem, bearer, log_in, sign_up
from tests.make import factories
from tests.make.auth import _ask, _give, _wrong


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
            varying = {"x-request-id"}
            headers = {name: value for name, value in answer.headers.items() if name not in varying}
            answers.add((answer.status_code, answer.content, str(sorted(headers.items()))))
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
                await client.post("/auth/login", json={"phone_number": phone_number})
                for _ in range(6):
                    answer = await client.post(
                        "/auth/verify-otp-login", json={"phone_number": phone_number, "otp": "000000"}
                    )
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
    await client.post("/auth/login", json={"phone_number": user.phone_number})
    body = {"phone_number": user.phone_number, "otp": await phones.code(user.phone_number)}
    answers = await asyncio.gather(*(client.post("/auth/verify-otp-login", json=body) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 49
    async with stores.database.transaction() as db:
        count = await db.scalar(
            text("SELECT count(*) FROM sessions WHERE user_id = :id"), {"id": user.user_id}
        )
    assert count == 1


async def test_a_blocked_user_is_told_after_proving_the_number_and_a_deactivated_one_is_back(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    await _set_status(stores, user, UserStatus.BLOCKED)
    assert_problem(await log_in(client, phones, user.phone_number), 403, "user_blocked")
    other = await stores.database.run(factories.make_user)
    await _set_status(stores, other, UserStatus.DEACTIVATED)
    back = await log_in(client, phones, other.phone_number)
    profile = await client.get("/users/me", headers=bearer(back.json()))
    assert profile.json()["status"] == "active"


async def test_a_user_who_is_blocked_meanwhile_gets_no_new_tokens(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    tokens = await sign_up(client, phones, factories.new_phone())
    async with stores.database.transaction() as db:
        user = await db.get(User, tokens["user_id"])
    assert user is not None
    await _set_status(stores, user, UserStatus.BLOCKED)
    client.cookies.clear()
    answer = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert_problem(answer, 403, "user_blocked")


async def _set_status(stores: Stores, user: User, status: UserStatus) -> None:
    async with stores.database.transaction() as db:
        await db.execute(
            text("UPDATE users SET status = :status WHERE user_id = :id"),
            {"status": status.value, "id": user.user_id},
        )


async def test_a_stolen_refresh_token_shuts_thief_and_owner_out_and_tells_the_owner(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    tokens = await sign_up(client, phones, factories.new_phone())
    client.cookies.clear()
    thief = (await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
    client.cookies.clear()
    with clock.later(seconds=11):
        assert_problem(
            await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}),
            401,
            "refresh_token_invalid",
        )
    assert_problem(await client.get("/users/me", headers=bearer(thief)), 401, "session_ended")
    assert_problem(await client.get("/users/me", headers=bearer(tokens)), 401, "session_ended")
    async with stores.database.transaction() as db:
        result = await db.execute(
            text("SELECT 1 FROM events WHERE topic = 'RefreshTokenReused' AND user_id = :id"),
            {"id": tokens["user_id"]},
        )
        assert result.first() is not None


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
    await _ask(client, known)
    assert_problem(await _give(client, known, _wrong(await phones.code(known))), 429, "otp_locked")
    await stores.redis.flushdb()
    assert_problem(await _ask(client, known), 429, "otp_locked")


async def test_after_a_hundred_wrong_codes_in_a_row_an_admin_has_to_help(
    client: httpx.AsyncClient, phones: Phones, known: str, stores: Stores
) -> None:
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
        await stores.database.run(lambda db: service.open_again(db, known))
        assert (await _ask(client, known)).status_code == 200


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
