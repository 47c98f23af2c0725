"""One-time passwords: limits, locks, single use, and nowhere in clear."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

from gencharge.auth import service
from gencharge.auth.challenges import Challenges, Purpose, Verdict
from gencharge.auth.codes import codes_of, random_code
from gencharge.auth.development import fixed_codes
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests import factories
from tests.auth.conftest import Phones, assert_problem, sign_up

PACKAGE = Path(service.__file__).parent.parent


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def _ask(client: httpx.AsyncClient, phone_number: str, path: str = "login") -> httpx.Response:
    return await client.post(f"/auth/{path}", json={"phone_number": phone_number})


async def _give(
    client: httpx.AsyncClient, phone_number: str, otp: str, path: str = "verify-otp-login"
) -> httpx.Response:
    return await client.post(f"/auth/{path}", json={"phone_number": phone_number, "otp": otp})


@pytest.fixture
async def known(stores: Stores) -> str:
    """The number of a user."""
    return (await stores.database.run(factories.make_user)).phone_number


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
    before = phones.desk.codes
    phones.desk.codes = lambda _number: "424242"
    try:
        await _ask(client, unknown)
    finally:
        phones.desk.codes = before
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
        found = await db.execute(
            text(
                "SELECT topic, payload FROM events WHERE payload->>'masked_phone_number' = :n AND topic LIKE 'SignIn%'"
            ),
            {"n": f"{known[:3]}******{known[-4:]}"},
        )
        rows = found.all()
    assert Counter(row.topic for row in rows) == {"SignInFailed": 5, "SignInLocked": 1}
    assert known not in str(rows)


async def test_a_second_code_within_thirty_seconds_is_429_with_the_time_to_wait(
    client: httpx.AsyncClient, phones: Phones, known: str
) -> None:
    with clock.at(clock.now()):
        assert (await _ask(client, known)).status_code == 200
        with clock.later(seconds=10):
            soon = await _ask(client, known)
        assert_problem(soon, 429, "otp_too_soon")
        assert soon.headers["retry-after"] == "20"
        with clock.later(seconds=30):
            assert (await _ask(client, known)).status_code == 200
    assert len(await phones.messages(known)) == 2


async def test_a_number_gets_five_codes_an_hour_whoever_asks(
    app: FastAPI, phones: Phones, known: str
) -> None:
    with clock.at(clock.now()):
        for turn in range(6):
            with clock.later(minutes=turn):
                async with factories.new_client(app) as client:
                    answer = await _ask(client, known)
            if turn < 5:
                assert answer.status_code == 200
                assert f'"phone";r={4 - turn};' in answer.headers["ratelimit"]
        assert_problem(answer, 429, "otp_limit_exceeded")
        assert answer.headers["retry-after"] == str(55 * 60)
        assert answer.headers["ratelimit-policy"] == '"phone";q=5;w=3600, "address";q=20;w=3600'
        with clock.later(hours=1):
            async with factories.new_client(app) as client:
                assert (await _ask(client, known)).status_code == 200
    assert len(await phones.messages(known)) == 6


async def test_an_address_gets_twenty_codes_an_hour_whatever_it_claims_to_be(
    client: httpx.AsyncClient, phones: Phones
) -> None:
    for turn in range(25):
        client.headers["X-Forwarded-For"] = f"203.0.113.{turn}"
        answer = await _ask(client, factories.new_phone())
        assert answer.status_code == (200 if turn < 20 else 429), turn
    assert_problem(answer, 429, "otp_limit_exceeded")
    assert '"address";r=0;' in answer.headers["ratelimit"]


async def test_no_code_is_anywhere_in_clear(
    client: httpx.AsyncClient,
    phones: Phones,
    stores: Stores,
    capfd: pytest.CaptureFixture[str],
) -> None:
    phone_number = factories.new_phone()
    await sign_up(client, phones, phone_number)
    code = await phones.code(phone_number)
    with clock.later(seconds=31):
        answer = await _ask(client, phone_number)
        following = await phones.code(phone_number)
        await _give(client, phone_number, _wrong(following))
        redis = [
            str(await stores.redis.hgetall(key) if await stores.redis.type(key) == "hash" else "") + key
            async for key in stores.redis.scan_iter()
        ]
        await _give(client, phone_number, following)
    async with stores.database.transaction() as db:
        kept = str((await db.execute(text("SELECT events::text FROM events"))).all())
        kept += str((await db.execute(text("SELECT sign_in_failures::text FROM sign_in_failures"))).all())
    logged = "".join(capfd.readouterr())
    for secret in (code, following):
        pattern = re.compile(rf"(?<![\w.:-]){secret}(?![\w-])")
        for place in (" ".join(redis), kept, logged, answer.text, str(answer.headers)):
            assert not pattern.search(place)
    assert phone_number not in " ".join(redis)
    assert phone_number not in logged


def test_random_codes_use_all_digits_evenly() -> None:
    codes = [random_code("") for _ in range(20_000)]
    assert all(re.fullmatch(r"\d{6}", code, re.ASCII) for code in codes)
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        # Chi-square with nine degrees of freedom: 40 is passed by chance once in 130,000 times.
        assert sum((counts[digit] - 2_000) ** 2 / 2_000 for digit in "0123456789") < 40
    assert len(set(codes)) > 19_000


@example(8_999_999_999)
@example(9_000_000_000)
@example(9_000_009_999)
@example(9_000_010_000)
@given(st.integers(min_value=6_000_000_000, max_value=9_999_999_999))
def test_the_fixed_code_is_for_the_reserved_block_only(number: int) -> None:
    settings = Settings(_env_file=None, environment="test", dev_fixed_otp="111111")  # type: ignore[call-arg]
    codes = fixed_codes(settings, lambda _number: "random")
    assert codes(f"+91{number}") == ("111111" if 9_000_000_000 <= number <= 9_000_009_999 else "random")


def test_without_the_setting_and_in_production_there_is_no_fixed_code() -> None:
    settings = Settings(_env_file=None, environment="test")  # type: ignore[call-arg]
    assert codes_of(settings) is random_code
    production = settings.model_copy(update={"environment": "production", "dev_fixed_otp": "111111"})
    with pytest.raises(ValueError, match="production"):
        codes_of(production.model_copy(update={"environment": type(settings.environment)("production")}))


async def test_the_fixed_code_goes_the_normal_way_and_is_good_once(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    number = "+919000009876"
    await stores.database.run(lambda db: factories.make_user(db, phone_number=number))
    assert_problem(await _give(client, number, "111111"), 401, "otp_invalid")  # not asked for
    await _ask(client, number)
    assert await phones.code(number) == "111111"
    assert (await _give(client, number, "111111")).status_code == 200
    assert_problem(await _give(client, number, "111111"), 401, "otp_invalid")


def test_the_product_compares_with_no_constant_code() -> None:
    """The fixed code is a setting; examples in schemas are the one other place where it is written."""
    found = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in PACKAGE.rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "111111" in line and path.parent.name == "auth" and "example" not in line
    ]
    assert found == []


async def test_a_challenge_of_another_secret_is_none_of_ours(settings: Settings, stores: Stores) -> None:
    from pydantic import SecretStr

    ours = Challenges(settings, stores.redis)
    other = Challenges(settings.model_copy(update={"otp_secret": SecretStr("x" * 32)}), stores.redis)
    number = factories.new_phone()
    await ours.issue(Purpose.SIGN_IN, number, "123456", address=factories.new_address())
    assert await other.redeem(Purpose.SIGN_IN, number, "123456") is Verdict.NONE
    assert await ours.redeem(Purpose.SIGN_IN, number, "123457") is Verdict.WRONG
    assert await ours.redeem(Purpose.SIGN_IN, number, "123456") is Verdict.RIGHT
    assert await ours.redeem(Purpose.SIGN_IN, number, "123456") is Verdict.NONE


async def test_what_is_issued_hides_its_code_when_it_is_printed(settings: Settings, stores: Stores) -> None:
    challenges = Challenges(settings, stores.redis)
    issued = await challenges.issue(
        Purpose.SIGN_UP, factories.new_phone(), "135790", address=factories.new_address()
    )
    assert "135790" not in repr(issued)
