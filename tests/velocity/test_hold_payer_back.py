"""The payers of an address: newcomers only, to the customer, however many at once, for a day, per /64, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from gencharge.core import telemetry
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.velocity import jobs
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.velocity.models import CautionReason
from tests.make.money import balance, buy, find_plan, fingerprint, make_customer, make_number
from tests.make.recharge import run_sql
from tests.make.velocity import allow, be_cautious, limits, list_held_back

START = datetime(2027, 3, 1, 12, 20, tzinfo=UTC)
RULE = "payers_of_address_in_a_day"


@contextmanager
def calling_from(address: str) -> Iterator[None]:
    """Requests of this address."""
    telemetry.set_context(telemetry.RequestContext("r", address))
    try:
        yield
    finally:
        telemetry.set_context(telemetry.RequestContext(""))


async def money(stores: Stores) -> dict[str, str]:
    """The tables of money; what was held back is announced."""
    return {name: digest for name, digest in (await fingerprint(stores)).items() if name != "events"}


class Shop:
    """Recharges under a bound on the payers of an address."""

    def __init__(self, stores: Stores, plan_id: UUID, bound: int) -> None:
        self.stores, self.plan_id, self.under = stores, plan_id, limits(**{RULE: bound})

    async def newcomer(self, reason: CautionReason = CautionReason.NEW_DEVICE) -> UUID:
        user = await make_customer(self.stores)
        await be_cautious(self.stores, user, reason)
        return user

    async def buy(self, user: UUID, address: str, **options: Any) -> Any:
        number = await make_number(self.stores)
        with calling_from(address):
            return await buy(self.stores, user, number, self.plan_id, **({"limits": self.under} | options))

    async def refused(self, user: UUID, address: str) -> VelocityLimitExceeded:
        with pytest.raises(VelocityLimitExceeded) as refused:
            await self.buy(user, address)
        return refused.value


@pytest.fixture
async def under_two(shop: Stores) -> Shop:
    return Shop(shop, (await find_plan(shop)).plan_id, 2)


@pytest.mark.parametrize("reason", list(CautionReason))
async def test_the_third_newcomer_of_an_address_is_held_back_and_the_first_two_go_on(
    under_two: Shop, reason: CautionReason
) -> None:
    address = f"203.0.113.{10 + list(CautionReason).index(reason)}"
    with clock.at(START):
        first, second, third = [await under_two.newcomer(reason) for _ in range(3)]
        for user in (first, second, first, second):
            await under_two.buy(user, address)
        before = await money(under_two.stores)
        refused = await under_two.refused(third, address)
        assert await money(under_two.stores) == before
        # Elsewhere it goes on.
        await under_two.buy(third, address.replace("113.", "114."))
    assert (refused.status, refused.extra) == (429, {"rule": RULE})
    assert "the network that you use now" in refused.detail
    assert "Nothing was charged." in refused.detail
    # 12:20 the next day reads 13:00, but the caution ends at 12:20.
    assert refused.headers["Retry-After"] == str(24 * 3600)
    [row] = await list_held_back(under_two.stores, third)
    assert (row.rule, row.kind, row.subject, row.address, row.bound) == (
        RULE,
        "recharge",
        address,
        address,
        2,
    )


async def test_who_is_known_is_neither_counted_nor_held_back(under_two: Shop) -> None:
    address = "203.0.113.20"
    known = [await make_customer(under_two.stores) for _ in range(3)]
    for user in known:
        await under_two.buy(user, address)
    newcomers = [await under_two.newcomer() for _ in range(3)]
    for user in newcomers[:2]:
        await under_two.buy(user, address)
    await under_two.refused(newcomers[2], address)
    for user in known:
        await under_two.buy(user, address)


async def test_a_place_is_free_a_day_after_its_customer_paid_last_and_who_is_known_by_then_passes(
    under_two: Shop,
) -> None:
    address = "203.0.113.21"
    with clock.at(START):
        first, second = await under_two.newcomer(), await under_two.newcomer()
        await under_two.buy(first, address)
    with clock.at(START + timedelta(hours=1)):
        await under_two.buy(second, address)
    late = START + timedelta(hours=23, minutes=59, seconds=59)
    with clock.at(late):
        third, fourth = await under_two.newcomer(), await under_two.newcomer()
        refused = await under_two.refused(third, address)
    # The oldest of the two paid at 12:20: rounded up to the hour.
    assert refused.headers["Retry-After"] == str(40 * 60 + 1)
    with clock.at(START + timedelta(hours=24)):
        await under_two.buy(third, address)
        await under_two.refused(fourth, address)
    with clock.at(late + timedelta(hours=24)):
        await under_two.buy(fourth, address)


async def test_thirty_newcomers_at_once_pass_a_bound_of_two_twice(under_two: Shop) -> None:
    address = "203.0.113.22"
    users = [await under_two.newcomer() for _ in range(30)]
    with calling_from(address):
        numbers = [await make_number(under_two.stores) for _ in users]
        results = await asyncio.gather(
            *(
                buy(under_two.stores, user, number, under_two.plan_id, limits=under_two.under)
                for user, number in zip(users, numbers, strict=True)
            ),
            return_exceptions=True,
        )
    refused = [result for result in results if isinstance(result, VelocityLimitExceeded)]
    others = [result for result in results if isinstance(result, BaseException) and result not in refused]
    assert others == []
    assert len(refused) == 28


async def test_the_addresses_of_one_subscriber_are_one(under_two: Shop) -> None:
    users = [await under_two.newcomer() for _ in range(4)]
    for user, host in zip(users, ("1", "ffff:0:0:1"), strict=False):
        await under_two.buy(user, f"2001:db8:1:2:{host}" if ":" in host else f"2001:db8:1:2::{host}")
    await under_two.refused(users[2], "2001:db8:1:2:aaaa::9")
    await under_two.buy(users[2], "2001:db8:1:3::9")
    [row] = await list_held_back(under_two.stores, users[2])
    assert row.subject == "2001:db8:1:2::"
    # An IPv4 address that comes over IPv6 is that address.
    for user, address in zip(users[:2], ("203.0.113.23", "::ffff:203.0.113.23"), strict=True):
        await under_two.buy(user, address)
    await under_two.refused(users[3], "203.0.113.23")


@pytest.mark.parametrize("address", ["", "unknown", "fe80::1%eth0"])
async def test_without_an_address_nobody_is_counted(under_two: Shop, address: str) -> None:
    for _ in range(3):
        await under_two.buy(await under_two.newcomer(), address)


async def test_an_allowance_for_the_address_or_the_customer_lets_more_in(under_two: Shop) -> None:
    stores, address = under_two.stores, "2001:db8:7:7::5"
    users = [await under_two.newcomer() for _ in range(6)]
    for user in users[:2]:
        await under_two.buy(user, address)
    await under_two.refused(users[2], address)
    await allow(stores, "address:2001:db8:7:7::", factor=2)
    for user in users[2:4]:
        await under_two.buy(user, address)
    assert (await under_two.refused(users[4], address)).status == 429
    [row] = await list_held_back(stores, users[4])
    assert row.bound == 4
    await allow(stores, f"user:{users[4]}", factor=3)
    await under_two.buy(users[4], address)
    await under_two.refused(users[5], address)


async def test_a_bound_of_processes_that_know_no_such_rule_holds_nobody_back(under_two: Shop) -> None:
    shorter = under_two.under._replace(bounds=(under_two.under.bounds or ())[:9])
    for _ in range(3):
        await under_two.buy(await under_two.newcomer(), "203.0.113.24", limits=shorter)


async def test_what_was_refused_for_want_of_money_is_answered_so(under_two: Shop) -> None:
    user = await under_two.newcomer()
    await run_sql(under_two.stores, "UPDATE wallets SET posted = held WHERE user_id = :user", user=user)
    with pytest.raises(Exception, match="balance"):
        await under_two.buy(user, "203.0.113.25")
    assert (await balance(under_two.stores, user)).paise == 0


async def test_the_list_of_payers_is_emptied_after_a_day(under_two: Shop) -> None:
    async def count() -> int:
        async with under_two.stores.database.transaction() as db:
            statement = text("SELECT count(*) FROM velocity_payers WHERE network = '203.0.113.26'")
            return int(await db.scalar(statement) or 0)

    with clock.later(days=700):
        await under_two.buy(await under_two.newcomer(), "203.0.113.26")
    with clock.later(days=700, hours=23):
        await jobs.purge(under_two.stores)
        assert await count() == 1
    with clock.later(days=701, minutes=1):
        await jobs.purge(under_two.stores)
        assert await count() == 0
