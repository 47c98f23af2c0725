"""A clock that jumps by an hour opens nothing, whichever it is: this machine's, PostgreSQL's or Redis' (decision 0064).

Each row has its control: if the process followed the jump, or PostgreSQL's clock counted, the same attempt would get through.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import httpx
import pyotp
import pytest
from fastapi import FastAPI

from gencharge.approvals.errors import ApprovalAlreadyExpired
from gencharge.auth import totp
from gencharge.channels import signing
from gencharge.core.http import signed_links
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.recharge.errors import DuplicateRecharge
from gencharge.sessions import service as sessions
from gencharge.velocity.errors import VelocityLimitExceeded
from tests.auth.conftest import Phones, phones
from tests.make.approvals import ApprovalCase
from tests.make.auth import _ask, _give
from tests.make.factories import headers_for, make_user, new_client
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import staff_headers
from tests.make.sessions import start_session
from tests.make.velocity import be_cautious, limits

__all__ = ["phones"]  # the fixture

HOUR: Final = 3600
# How long ago something ended, or how far from its end a lock is: less than the jump.
LATE: Final = timedelta(minutes=10)
# Whether an attempt got through.
Attempt = Callable[[], Awaitable[bool]]


@contextmanager
def machine_jumps(monkeypatch: pytest.MonkeyPatch, seconds: float, *, followed: bool) -> Iterator[None]:
    """This machine's clock jumps; `followed`: the control, in which the process goes along and nobody corrects it."""
    right, zero = time.time, clock._Course.zero
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: right() + seconds)
        if followed:
            clock._Course.zero += seconds
            patch.setattr(clock, "correct", lambda _ahead: None)
            patch.setattr(clock, "lead", lambda _leads: None)
        try:
            yield
        finally:
            clock._Course.zero = zero


@contextmanager
def postgresql_is_ahead(monkeypatch: pytest.MonkeyPatch, *, noticed: bool) -> Iterator[None]:
    """The true time is an hour before what PostgreSQL says; `noticed`: statements go by the process's clock."""
    zero = clock._Course.zero
    with monkeypatch.context() as patch:
        clock._Course.zero -= HOUR
        clock._Course.leads = noticed
        patch.setattr(clock, "correct", lambda _ahead: None)
        patch.setattr(clock, "lead", lambda _leads: None)
        try:
            yield
        finally:
            clock._Course.zero, clock._Course.leads = zero, False


class Case:
    """What the rows need."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, shop: Stores) -> None:
        self.app, self.client, self.shop, self.settings = app, client, shop, shop.settings

    async def access_token(self) -> Attempt:
        user = await self.shop.database.run(make_user)
        # Of an hour ago: before that it was not valid yet.
        with clock.later(hours=-1, seconds=-20):
            headers = headers_for(self.settings, user)
        return lambda: self._admits("GET", "/v1/users/me", headers, 401)

    async def step_up(self) -> Attempt:
        late = clock.now() - timedelta(minutes=self.settings.step_up_minutes) - LATE

        async def change() -> bool:
            headers = await staff_headers(self.app, self.shop, second_factor_at=int(late.timestamp()))
            return await self._admits("DELETE", f"/v1/velocity/allowances/{uuid4()}", headers, 403)

        return change

    async def _admits(self, method: str, path: str, headers: dict[str, str], refusal: int) -> bool:
        return (await self.client.request(method, path, headers=headers)).status_code != refusal

    async def session(self) -> Attempt:
        with clock.at(clock.now() - timedelta(days=2) - LATE):
            started = await start_session(self.shop)

        async def refresh() -> bool:
            token = started.refresh_token
            return (
                await self.shop.database.run(lambda db: sessions.rotate(db, self.settings, token)) is not None
            )

        return refresh

    async def link(self) -> Attempt:
        thing, expired_at = new_id(), clock.now() - LATE
        query = signed_links.query_of(self.settings, "report", thing, expired_at)
        until, signature = (part.partition("=")[2] for part in query.split("&"))

        async def follow() -> bool:
            return signed_links.is_valid(
                self.settings, "report", thing, until=int(until), signature=signature, now=clock.now()
            )

        return follow

    async def approval(self) -> Attempt:
        case = ApprovalCase(self.shop)
        with clock.at(clock.now() - timedelta(days=7) - LATE):
            asked = (await case.ask("bell:1")).answer

        async def approve() -> bool:
            with suppress(ApprovalAlreadyExpired):
                await case.decide("approve", asked.approval_id)
            return bool(case.done)

        return approve

    async def authenticator_code(self) -> Attempt:
        secret = totp.new_secret()
        old = pyotp.TOTP(secret).at(clock.now() - timedelta(hours=1))

        async def give() -> bool:
            return totp.step_of(secret, old) is not None

        return give

    async def callback(self) -> Attempt:
        message = signing.Message("jio-a", "POST", "/v1/recharge/callbacks/jio-a", b"{}")
        real = clock._Course.zero
        clock._Course.zero -= HOUR - 1
        try:
            headers = signing.sign(["secret"], message)
        finally:
            clock._Course.zero = real

        async def repeat() -> bool:
            proof = headers[signing.TIMESTAMP], headers[signing.SIGNATURE]
            return signing.problem_with(["secret"], *proof, message) is None

        return repeat

    async def lock(self, phones: Phones) -> Attempt:
        number = (await self.shop.database.run(make_user)).phone_number
        client = new_client(self.app)
        assert (await _ask(client, number)).status_code == 200
        right = await phones.code(number)
        wrong = f"{(int(right) + 1) % 10**6:06d}"
        for _ in range(self.settings.otp_attempts):
            await _give(client, number, wrong)
        assert (await _give(client, number, right)).json()["code"] == "otp_locked"

        async def ask() -> bool:
            return (await _ask(client, number)).json().get("code") != "otp_locked"

        return ask


BACK: Final = ("access_token", "step_up", "session", "link", "approval", "authenticator_code", "callback")


@pytest.fixture
def case(app: FastAPI, client: httpx.AsyncClient, shop: Stores) -> Case:
    return Case(app, client, shop)


@pytest.mark.parametrize("name", BACK)
async def test_what_has_expired_is_not_good_again_if_the_machines_clock_is_set_back(
    case: Case, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    attempt: Attempt = await getattr(case, name)()
    assert not await attempt()
    for seconds in (-HOUR, HOUR):
        with machine_jumps(monkeypatch, seconds, followed=False):
            assert not await attempt()
    with machine_jumps(monkeypatch, -HOUR, followed=True):
        assert await attempt(), "the control"


async def test_a_lock_does_not_end_early_if_the_machines_clock_is_set_ahead(
    case: Case, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = await case.lock(phones)
    for seconds in (-HOUR, HOUR):
        with machine_jumps(monkeypatch, seconds, followed=False):
            assert not await attempt()
    with machine_jumps(monkeypatch, HOUR, followed=True):
        assert await attempt(), "the control"


class Sales:
    """Sales that a rule on some minutes refuses a second time."""

    def __init__(self, shop: Stores) -> None:
        self.shop = shop

    async def in_ten_minutes(self) -> Attempt:
        return await self._under(limits(recharges_in_10_minutes=1))

    async def cautious(self) -> Attempt:
        user = await make_customer(self.shop)
        with clock.at(clock.now() - timedelta(hours=24) + LATE):
            await be_cautious(self.shop, user)
        return await self._under(limits(recharge_sum_while_cautious=30_000), user)

    async def _under(self, under: Any, user: Any = None) -> Attempt:
        user, plan = user or await make_customer(self.shop), await find_plan(self.shop)

        async def sell() -> bool:
            try:
                await buy(self.shop, user, await make_number(self.shop), plan.plan_id, limits=under)
            except VelocityLimitExceeded:
                return False
            return True

        return sell

    async def same_plan(self) -> Attempt:
        user, plan = await make_customer(self.shop), await find_plan(self.shop)
        number = await make_number(self.shop)

        async def sell() -> bool:
            try:
                await buy(self.shop, user, number, plan.plan_id)
            except DuplicateRecharge:
                return False
            return True

        return sell


@pytest.mark.parametrize("name", ["in_ten_minutes", "cautious", "same_plan"])
async def test_no_rule_on_sales_ends_early_if_the_clock_of_postgresql_is_set_ahead(
    shop: Stores, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sales = Sales(shop)
    with postgresql_is_ahead(monkeypatch, noticed=True):
        attempt: Attempt = await getattr(sales, name)()
        assert await attempt()
        assert not await attempt()
    with postgresql_is_ahead(monkeypatch, noticed=False):
        assert await attempt(), "the control"


@pytest.mark.parametrize("seconds", [-HOUR, HOUR])
async def test_a_key_is_one_recharge_whatever_a_clock_says(
    shop: Stores, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    user, plan = await make_customer(shop), await find_plan(shop)
    number = await make_number(shop)

    async def sell(key: str) -> tuple[Any, bool]:
        sold = await buy(shop, user, number, plan.plan_id, key=key)
        return sold.answer.recharge_id, sold.replayed

    first, replayed = await sell("one")
    assert not replayed
    for followed in (False, True):
        with machine_jumps(monkeypatch, seconds, followed=followed):
            assert await sell("one") == (first, True)
    with postgresql_is_ahead(monkeypatch, noticed=True):
        assert await sell("one") == (first, True)
    with postgresql_is_ahead(monkeypatch, noticed=False):
        assert await sell("one") == (first, True)
    with clock.later(hours=1):
        assert await sell("one") == (first, True)
        other, _ = await sell("two")
        assert other != first, "the control: another key is another sale by then"
