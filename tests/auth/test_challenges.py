"""One-time passwords in Redis: limits, cool-down, attempts, secrecy."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.auth.challenges import Challenges, Purpose, Verdict
from gencharge.auth.errors import OtpLimitExceeded
from gencharge.auth.sources import Source
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.auth.conftest import Phones, assert_problem, sign_up
from tests.make import factories
from tests.make.auth import _ask, _give, _wrong

STRANGER = Source.of_address("somewhere", known=False)


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
            with clock.later(minutes=2 * turn):
                async with factories.new_client(app) as client:
                    answer = await _ask(client, known)
            if turn < 5:
                assert answer.status_code == 200
                assert f'"phone";r={4 - turn};' in answer.headers["ratelimit"]
        assert_problem(answer, 429, "otp_limit_exceeded")
        assert answer.headers["retry-after"] == str(50 * 60)
        policy = '"phone";q=5;w=3600, "address";q=20;w=3600, "sign-in";'
        assert answer.headers["ratelimit-policy"].startswith(policy)
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
        stored = str((await db.execute(text("SELECT events::text FROM events"))).all())
        stored += str((await db.execute(text("SELECT sign_in_failures::text FROM sign_in_failures"))).all())
    logged = "".join(capfd.readouterr())
    for secret in (code, following):
        pattern = re.compile(rf"(?<![\w.:-]){secret}(?![\w-])")
        for place in (" ".join(redis), stored, logged, answer.text, str(answer.headers)):
            assert not pattern.search(place)
    assert phone_number not in " ".join(redis)
    assert phone_number not in logged


async def test_a_challenge_of_another_secret_is_none_of_ours(settings: Settings, stores: Stores) -> None:
    from pydantic import SecretStr

    ours = Challenges(settings, stores.redis)
    other = Challenges(settings.model_copy(update={"otp_secret": SecretStr("x" * 32)}), stores.redis)
    number = factories.new_phone()
    issued = await ours.issue(Purpose.SIGN_IN, number, "123456", source=STRANGER, address="203.0.113.7")
    assert await other.find(Purpose.SIGN_IN, number, issued.challenge_id) is None
    waiting = await ours.find(Purpose.SIGN_IN, number, issued.challenge_id)
    assert waiting is not None
    assert waiting.source == STRANGER
    assert await other.redeem(Purpose.SIGN_IN, number, waiting, "123456") is Verdict.WRONG
    assert await ours.redeem(Purpose.SIGN_IN, number, waiting, "123457") is Verdict.WRONG
    assert await ours.redeem(Purpose.SIGN_IN, number, waiting, "123456") is Verdict.RIGHT
    assert await ours.redeem(Purpose.SIGN_IN, number, waiting, "123456") is Verdict.NONE
    assert await ours.find(Purpose.SIGN_IN, number, issued.challenge_id) is None


async def test_a_challenge_is_one_of_its_purpose_and_number_only(settings: Settings, stores: Stores) -> None:
    challenges = Challenges(settings, stores.redis)
    numbers = {purpose: factories.new_phone() for purpose in Purpose}
    places = [(purpose, number) for purpose in Purpose for number in numbers.values()]
    for purpose, number in numbers.items():
        issued = await challenges.issue(
            purpose, number, "123456", source=STRANGER, address=factories.new_address()
        )
        hits = [place for place in places if await challenges.find(*place, issued.challenge_id)]
        assert hits == [(purpose, number)]


async def test_a_new_code_replaces_that_of_the_same_source_and_nobody_elses(
    settings: Settings, stores: Stores
) -> None:
    challenges = Challenges(settings, stores.redis)
    number = factories.new_phone()
    device = Source.of_session(new_id())

    async def ask(source: Source) -> str:
        issued = await challenges.issue(
            Purpose.SIGN_IN, number, "123456", source=source, address=factories.new_address()
        )
        return issued.challenge_id

    async def waits(challenge_id: str) -> bool:
        return await challenges.find(Purpose.SIGN_IN, number, challenge_id) is not None

    first = await ask(device)
    with clock.later(seconds=31):
        strangers = await ask(STRANGER)
        assert [await waits(first), await waits(strangers)] == [True, True]
        second = await ask(device)
        assert [await waits(first), await waits(second), await waits(strangers)] == [False, True, True]


async def test_strangers_use_up_no_allowance_of_a_known_device(settings: Settings, stores: Stores) -> None:
    challenges = Challenges(settings, stores.redis)
    number, shared = factories.new_phone(), factories.new_address()
    device = Source.of_session(new_id())
    limit, by_address = settings.otp_sends_per_phone_hour, settings.otp_sends_per_address_hour
    for turn in range(limit):
        with clock.later(minutes=turn):
            source = Source.of_address(str(turn), known=False)
            await challenges.issue(
                Purpose.SIGN_IN, number, "123456", source=source, address=f"203.0.113.{turn}"
            )
    for _ in range(by_address):
        await challenges.issue(
            Purpose.SIGN_IN, factories.new_phone(), "123456", source=STRANGER, address=shared
        )
    with clock.later(minutes=limit), pytest.raises(OtpLimitExceeded):
        await challenges.issue(
            Purpose.SIGN_IN, number, "123456", source=STRANGER, address=factories.new_address()
        )
    with clock.later(minutes=limit):
        issued = await challenges.issue(Purpose.SIGN_IN, number, "123456", source=device, address=shared)
    assert issued.headers["RateLimit"].startswith(f'"phone";r={limit - 1};')
    assert "address" not in issued.headers["RateLimit"]


async def test_what_is_issued_hides_its_code_when_it_is_printed(settings: Settings, stores: Stores) -> None:
    challenges = Challenges(settings, stores.redis)
    issued = await challenges.issue(
        Purpose.SIGN_UP, factories.new_phone(), "135790", source=STRANGER, address=factories.new_address()
    )
    assert "135790" not in repr(issued)


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_jumps_by_an_hour_opens_no_limit_and_keeps_no_code_alive(
    settings: Settings, stores: Stores, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    short = settings.model_copy(
        update={"otp_expire_minutes": 0.02, "otp_resend_seconds": 0, "otp_sends_per_phone_hour": 3}
    )
    challenges, number = Challenges(short, stores.redis), f"+9197{new_id().int % 10**8:08d}"
    address = str(new_id())

    async def issue() -> str:
        issued = await challenges.issue(Purpose.SIGN_IN, number, "123456", source=STRANGER, address=address)
        return issued.challenge_id

    for _ in range(2):
        await issue()
    last = await challenges.find(Purpose.SIGN_IN, number, await issue())
    assert last is not None
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(hours=hours))
    with pytest.raises(OtpLimitExceeded) as refused:
        await issue()
    assert 3500 < int(refused.value.headers["Retry-After"]) <= 3600
    await asyncio.sleep(1.3)
    assert await challenges.redeem(Purpose.SIGN_IN, number, last, "123456") is Verdict.NONE


async def test_a_code_is_still_good_after_a_jump_of_our_clock(
    settings: Settings, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenges, number = Challenges(settings, stores.redis), f"+9197{new_id().int % 10**8:08d}"
    issued = await challenges.issue(Purpose.SIGN_IN, number, "123456", source=STRANGER, address=str(new_id()))
    waiting = await challenges.find(Purpose.SIGN_IN, number, issued.challenge_id)
    assert waiting is not None
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(hours=1))
    assert await challenges.redeem(Purpose.SIGN_IN, number, waiting, "123456") is Verdict.RIGHT


async def test_a_code_lives_no_longer_if_the_clock_of_redis_is_set_back(
    settings: Settings, stores: Stores
) -> None:
    short = settings.model_copy(update={"otp_expire_minutes": 0.01, "otp_resend_seconds": 0})
    challenges, number = Challenges(short, stores.redis), f"+9197{new_id().int % 10**8:08d}"

    async def issued(verdict: Verdict) -> None:
        sent = await challenges.issue(
            Purpose.SIGN_IN, number, "123456", source=STRANGER, address=str(new_id())
        )
        waiting = await challenges.find(Purpose.SIGN_IN, number, sent.challenge_id)
        assert waiting is not None
        # What a clock that is set back by an hour does to them.
        await stores.redis.hincrby(waiting.name, "ends", 3_600_000)
        await stores.redis.pexpire(waiting.name, 3_600_000)
        if verdict is Verdict.NONE:
            await asyncio.sleep(0.7)
        assert await challenges.redeem(Purpose.SIGN_IN, number, waiting, "123456") is verdict

    for verdict in (Verdict.RIGHT, Verdict.NONE):
        await issued(verdict)
