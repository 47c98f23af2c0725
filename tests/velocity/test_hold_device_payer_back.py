"""The payers of a device: newcomers only, to the customer, however many at once, for a day, and not who shows no device."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.sessions import service as sessions
from gencharge.velocity import jobs, personal_data
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.velocity.models import CautionReason
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.velocity import allow, be_cautious, limits, list_held_back
from tests.velocity.test_hold_payer_back import calling_from, money

START = datetime(2027, 3, 1, 12, 20, tzinfo=UTC)
RULE = "payers_of_device_in_a_day"


class Shop:
    """Recharges under a bound on the payers of a device."""

    def __init__(self, stores: Stores, plan_id: UUID, bound: int) -> None:
        self.stores, self.plan_id, self.under = stores, plan_id, limits(**{RULE: bound})

    async def newcomer(self, reason: CautionReason = CautionReason.NEW_DEVICE) -> UUID:
        user = await make_customer(self.stores)
        await be_cautious(self.stores, user, reason)
        return user

    async def signed_in(self, user: UUID, device: UUID | None) -> UUID:
        """The id of a new session of the customer on the device."""
        stores = self.stores
        started = await stores.database.run(
            lambda db: sessions.start(db, stores.settings, user_id=user, kind="user", device_id=device)
        )
        return started.session_id

    async def buy(self, user: UUID, device: UUID | None, **options: Any) -> Any:
        under = self.under._replace(session_id=await self.signed_in(user, device))
        number = await make_number(self.stores)
        return await buy(self.stores, user, number, self.plan_id, **({"limits": under} | options))

    async def refused(self, user: UUID, device: UUID | None) -> VelocityLimitExceeded:
        with pytest.raises(VelocityLimitExceeded) as refused:
            await self.buy(user, device)
        return refused.value


@pytest.fixture
async def under_two(shop: Stores) -> Shop:
    return Shop(shop, (await find_plan(shop)).plan_id, 2)


@pytest.mark.parametrize("reason", list(CautionReason))
async def test_the_third_newcomer_of_a_device_is_held_back_and_the_first_two_go_on(
    under_two: Shop, reason: CautionReason
) -> None:
    device = new_id()
    with clock.at(START):
        first, second, third = [await under_two.newcomer(reason) for _ in range(3)]
        for user in (first, second, first, second):
            await under_two.buy(user, device)
        before = await money(under_two.stores)
        refused = await under_two.refused(third, device)
        assert await money(under_two.stores) == before
        # On another device it goes on.
        await under_two.buy(third, new_id())
    assert (refused.status, refused.extra) == (429, {"rule": RULE})
    assert "you can't pay on this device" in refused.detail
    assert "Nothing was charged." in refused.detail
    # 12:20 the next day reads 13:00, but the caution ends at 12:20.
    assert refused.headers["Retry-After"] == str(24 * 3600)
    [row] = await list_held_back(under_two.stores, third)
    assert (row.rule, row.kind, row.subject, row.bound) == (RULE, "recharge", str(device), 2)


async def test_who_is_known_is_neither_counted_nor_held_back(under_two: Shop) -> None:
    device = new_id()
    known = [await make_customer(under_two.stores) for _ in range(3)]
    for user in known:
        await under_two.buy(user, device)
    newcomers = [await under_two.newcomer() for _ in range(3)]
    for user in newcomers[:2]:
        await under_two.buy(user, device)
    await under_two.refused(newcomers[2], device)
    for user in known:
        await under_two.buy(user, device)


async def test_a_place_is_free_a_day_after_its_customer_paid_last(under_two: Shop) -> None:
    device = new_id()
    with clock.at(START):
        first, second = await under_two.newcomer(), await under_two.newcomer()
        await under_two.buy(first, device)
    with clock.at(START + timedelta(hours=1)):
        await under_two.buy(second, device)
    with clock.at(START + timedelta(hours=23, minutes=59, seconds=59)):
        third, fourth = await under_two.newcomer(), await under_two.newcomer()
        refused = await under_two.refused(third, device)
    # The oldest of the two paid at 12:20: rounded up to the hour.
    assert refused.headers["Retry-After"] == str(40 * 60 + 1)
    with clock.at(START + timedelta(hours=24)):
        await under_two.buy(third, device)
        await under_two.refused(fourth, device)


async def test_thirty_newcomers_at_once_pass_a_bound_of_two_twice(under_two: Shop) -> None:
    device, stores = new_id(), under_two.stores
    users = [await under_two.newcomer() for _ in range(30)]
    signed_in = [await under_two.signed_in(user, device) for user in users]
    numbers = [await make_number(stores) for _ in users]
    results = await asyncio.gather(
        *(
            buy(stores, user, number, under_two.plan_id, limits=under_two.under._replace(session_id=session))
            for user, number, session in zip(users, numbers, signed_in, strict=True)
        ),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, VelocityLimitExceeded)]
    others = [result for result in results if isinstance(result, BaseException) and result not in refused]
    assert others == []
    assert len(refused) == 28


async def test_who_shows_no_device_is_counted_by_address_only(under_two: Shop) -> None:
    for _ in range(3):
        await under_two.buy(await under_two.newcomer(), None)
    both = limits(**{RULE: 2, "payers_of_address_in_a_day": 2})
    with calling_from("203.0.113.41"):
        for _ in range(2):
            await under_two.buy(await under_two.newcomer(), None, limits=both)
        with pytest.raises(VelocityLimitExceeded) as refused:
            await under_two.buy(await under_two.newcomer(), None, limits=both)
    assert refused.value.extra == {"rule": "payers_of_address_in_a_day"}


async def test_both_rules_count_a_payment_and_the_device_is_named_first(under_two: Shop) -> None:
    device, users = new_id(), [await under_two.newcomer() for _ in range(3)]
    both = limits(**{RULE: 2, "payers_of_address_in_a_day": 2})
    with calling_from("203.0.113.42"):
        for user in users[:2]:
            session = await under_two.signed_in(user, device)
            await under_two.buy(user, device, limits=both._replace(session_id=session))
        session = await under_two.signed_in(users[2], device)
        with pytest.raises(VelocityLimitExceeded) as refused:
            await under_two.buy(users[2], device, limits=both._replace(session_id=session))
        assert refused.value.extra == {"rule": RULE}
        elsewhere = await under_two.signed_in(users[2], new_id())
        with pytest.raises(VelocityLimitExceeded) as refused:
            await under_two.buy(users[2], device, limits=both._replace(session_id=elsewhere))
        assert refused.value.extra == {"rule": "payers_of_address_in_a_day"}


async def test_the_session_of_another_customer_names_no_device(under_two: Shop) -> None:
    device = new_id()
    for _ in range(2):
        await under_two.buy(await under_two.newcomer(), device)
    third = await under_two.newcomer()
    foreign = await under_two.signed_in(await make_customer(under_two.stores), device)
    await under_two.buy(third, None, limits=under_two.under._replace(session_id=foreign))


async def test_an_allowance_for_the_customer_lets_them_in(under_two: Shop) -> None:
    device, stores = new_id(), under_two.stores
    users = [await under_two.newcomer() for _ in range(4)]
    for user in users[:2]:
        await under_two.buy(user, device)
    await under_two.refused(users[2], device)
    await allow(stores, f"user:{users[2]}", factor=2)
    await under_two.buy(users[2], device)
    assert (await under_two.refused(users[3], device)).status == 429


async def test_a_bound_of_processes_that_know_no_such_rule_holds_nobody_back(under_two: Shop) -> None:
    device = new_id()
    for _ in range(3):
        user = await under_two.newcomer()
        shorter = under_two.under._replace(
            bounds=(under_two.under.bounds or ())[:10], session_id=await under_two.signed_in(user, device)
        )
        await under_two.buy(user, device, limits=shorter)


async def test_the_list_of_payers_is_emptied_after_a_day_and_with_the_account(under_two: Shop) -> None:
    device, stores = new_id(), under_two.stores

    async def count() -> int:
        async with stores.database.transaction() as db:
            statement = text("SELECT count(*) FROM velocity_device_payers WHERE device_id = :device")
            return int(await db.scalar(statement, {"device": device}) or 0)

    with clock.later(days=700):
        await under_two.buy(await under_two.newcomer(), device)
    with clock.later(days=700, hours=23):
        await jobs.purge(stores)
        assert await count() == 1
    with clock.later(days=701, minutes=1):
        await jobs.purge(stores)
        assert await count() == 0
    user = await under_two.newcomer()
    await under_two.buy(user, device)
    assert await count() == 1
    erase = personal_data.PART.erase
    assert erase is not None
    await erase(stores, user)
    assert await count() == 0
