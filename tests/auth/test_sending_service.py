"""How many codes are sent: caps without Redis, doubling pauses, budgets that bound the bill."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select

from gencharge.auth import otp_service, sending_service
from gencharge.auth.challenges import Purpose
from gencharge.auth.context import AuthContext
from gencharge.auth.errors import SendingSuspended
from gencharge.auth.models import CodeSends
from gencharge.auth.sending_service import budgets_of
from gencharge.auth.sources import Source
from gencharge.core.events.events import EventRow
from gencharge.core.messenger import Console
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.auth.conftest import Phones
from tests.make import factories
from tests.make.auth import running

BUDGETS = {"otp_sends_per_hour": 6, "otp_sends_per_day": 9, "otp_sends_per_prefix_hour": 4}
PREFIXES = ("+917011", "+917022", "+917033", "+917044")


@pytest.fixture
async def frugal(settings: Settings) -> AsyncIterator[FastAPI]:
    """An application with small budgets, none of which is spent."""
    async with running(settings, **BUDGETS) as app:
        await app.state.stores.database.run(lambda db: db.execute(delete(CodeSends)))
        yield app


def phones_of(app: FastAPI) -> Phones:
    """Everybody's phone, with this application at the other end."""
    context = AuthContext.of(app)
    phones = Phones(context)
    context.courier.channel = Console(phones.stream)
    return phones


async def ask(
    app: FastAPI, phone_number: str, path: str = "signup", address: str | None = None
) -> httpx.Response:
    """Ask for a code, from an address of its own unless one is given."""
    async with factories.new_client(app, address) as client:
        return await client.post(f"/v1/auth/{path}", json={"phone_number": phone_number})


def number(prefix: str) -> str:
    """A new number with this prefix."""
    return prefix + factories.new_phone()[-6:]


async def test_pauses_between_codes_double_twice(app: FastAPI, phones: Phones) -> None:
    phone_number, now = factories.new_phone(), clock.now()
    for pause in (30, 60, 120, 120):
        with clock.at(now):
            answer = await ask(app, phone_number)
            assert (answer.status_code, answer.json()["resend_after_seconds"]) == (200, pause)
        with clock.at(now + timedelta(seconds=pause - 1)):
            answer = await ask(app, phone_number)
            assert (answer.json()["code"], answer.headers["retry-after"]) == ("otp_too_soon", "1")
        now += timedelta(seconds=pause)


async def test_a_flushed_redis_forgets_no_cap_and_no_pause(
    app: FastAPI, phones: Phones, stores: Stores
) -> None:
    phone_number, now = factories.new_phone(), clock.now()
    for _ in range(5):
        with clock.at(now):
            assert (await ask(app, phone_number)).status_code == 200
            await stores.redis.flushdb()
            assert (await ask(app, phone_number)).json()["code"] == "otp_too_soon"
        now += timedelta(seconds=120)
    with clock.at(now):
        assert (await ask(app, phone_number)).json()["code"] == "otp_limit_exceeded"
    assert len(await phones.messages(phone_number)) == 5


async def test_a_code_that_redis_did_not_take_does_not_count(app: FastAPI, settings: Settings) -> None:
    phone_number = factories.new_phone()
    async with running(settings, redis_url="unix:///nowhere/redis.sock") as away:
        for _ in range(6):
            refused = await ask(away, phone_number)
            assert (refused.status_code, refused.json()["code"]) == (503, "sign_in_unavailable")
    assert (await ask(app, phone_number)).status_code == 200
    assert (await ask(app, phone_number)).json()["code"] == "otp_too_soon"


async def test_a_flushed_redis_forgets_no_cap_of_an_address(
    app: FastAPI, phones: Phones, stores: Stores, settings: Settings
) -> None:
    address = factories.new_address()
    answers = []
    for _ in range(settings.otp_sends_per_address_hour + 1):
        answers.append((await ask(app, factories.new_phone(), address=address)).status_code)
        await stores.redis.flushdb()
    assert answers == [200] * settings.otp_sends_per_address_hour + [429]


async def test_a_hundred_numbers_from_a_hundred_addresses_cost_no_more_than_the_budget(
    frugal: FastAPI,
) -> None:
    phones, now = phones_of(frugal), clock.now()
    numbers = [number(PREFIXES[index % len(PREFIXES)]) for index in range(100)]
    with clock.at(now):
        answers = [await ask(frugal, each) for each in numbers]
        await phones.context.courier.drain()
    sent = [each for each in numbers if await phones.messages(each)]
    assert len(sent) == BUDGETS["otp_sends_per_hour"]
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (503, "sending_suspended")
    assert 0 < int(refused.headers["retry-after"]) <= 3_600
    with clock.at(now + timedelta(hours=1, seconds=1)):
        for each in (number(PREFIXES[index % len(PREFIXES)]) for index in range(20)):
            await ask(frugal, each)
            await phones.context.courier.drain()
            sent += [each] if await phones.messages(each) else []
    assert len(sent) == BUDGETS["otp_sends_per_day"]


async def test_a_prefix_has_a_budget_of_its_own_and_the_staff_are_told(
    frugal: FastAPI, stores: Stores
) -> None:
    phones = phones_of(frugal)
    for count in range(1, 7):
        answer = await ask(frugal, number("+917055"))
        assert answer.status_code == (200 if count <= 4 else 503), answer.text
        await phones.context.courier.drain()
    assert (await ask(frugal, number("+917066"))).status_code == 200
    await phones.context.courier.drain()

    async def announced(db: Any) -> list[dict[str, Any]]:
        rows = await db.scalars(select(EventRow.payload).where(EventRow.topic == "CodeBudgetUsed"))
        return [row for row in rows if row["budget"] == "prefix:+917055"]

    events = await stores.database.run(announced)
    assert [(event["used"], event["limit"]) for event in events] == [(4, 4)]


async def test_numbers_without_an_account_spend_nothing_of_the_budget_when_they_sign_in(
    frugal: FastAPI,
) -> None:
    phones = phones_of(frugal)
    for _ in range(20):
        assert (await ask(frugal, number("+917077"), "login")).status_code == 200
        await phones.context.courier.drain()


async def test_a_known_device_gets_its_code_when_strangers_have_used_the_budget_up(frugal: FastAPI) -> None:
    stores: Stores = frugal.state.stores
    phones = phones_of(frugal)
    user = await stores.database.run(factories.make_user)
    address = factories.new_address()
    async with factories.new_client(frugal, address) as client:
        sent = await client.post("/v1/auth/login", json={"phone_number": user.phone_number})
        code = await phones.code(user.phone_number)
        body = {"phone_number": user.phone_number, "challenge_id": sent.json()["challenge_id"], "otp": code}
        assert (await client.post("/v1/auth/verify-otp-login", json=body)).status_code == 200
    for _ in range(12):
        await ask(frugal, number("+917088"))
        await ask(frugal, number("+917099"))
        await phones.context.courier.drain()
    with clock.at(clock.now() + timedelta(minutes=3)):
        assert (await ask(frugal, user.phone_number, "login")).status_code == 503
        assert (await ask(frugal, user.phone_number, "login", address)).status_code == 200


async def test_known_devices_can_not_run_up_any_bill_and_use_up_nothing_of_the_strangers_budget(
    settings: Settings,
) -> None:
    budgets = BUDGETS | {
        "otp_sends_per_prefix_hour": 6,
        "otp_known_factor": 2,
        "otp_sends_per_phone_hour": 100,
    }
    async with running(settings, **budgets) as app:
        stores: Stores = app.state.stores
        await stores.database.run(lambda db: db.execute(delete(CodeSends)))
        context, source = AuthContext.of(app), Source.of_session(new_id())
        phones, now = phones_of(app), clock.now()
        numbers = [number(PREFIXES[index % len(PREFIXES)]) for index in range(20)]
        refused = 0
        with clock.at(now):
            for each in numbers:
                try:
                    await otp_service.send_code(context, Purpose.SIGN_UP, each, source=source)
                except SendingSuspended:
                    refused += 1
                await context.courier.drain()
            sent = [each for each in numbers if await phones.messages(each)]
            assert (len(sent), refused) == (2 * BUDGETS["otp_sends_per_hour"], 20 - len(sent))
            stranger = number(PREFIXES[0])
            assert (await ask(app, stranger)).status_code == 200
            await context.courier.drain()
            assert await phones.messages(stranger)


def test_mail_spends_no_budget(settings: Settings) -> None:
    assert budgets_of(settings, "asha@example.in") == []
    assert [budget.name for budget in budgets_of(settings, "+919876543210")] == [
        "day",
        "hour",
        "prefix:+919876",
    ]
    known = budgets_of(settings, "+919876543210", known=True)
    assert [budget.name for budget in known] == ["known-day", "known-hour", "known-prefix:+919876"]
    assert known[0].limit == settings.otp_known_factor * settings.otp_sends_per_day


async def test_old_counts_are_forgotten(stores: Stores, settings: Settings) -> None:
    async def add(db: Any) -> None:
        for days in (1, 3):
            db.add(CodeSends(name=f"old:{days}", count=1, began_at=clock.now() - timedelta(days=days)))

    await stores.database.run(add)
    await stores.database.run(sending_service.forget_old_sends)
    rows = await stores.database.run(
        lambda db: db.scalars(select(CodeSends.name).where(CodeSends.name.startswith("old:")))
    )
    assert list(rows) == ["old:1"]
