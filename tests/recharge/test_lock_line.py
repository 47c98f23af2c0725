"""`lock_line` and `lock_recharge`: a change of a number's plans waits for the one before."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.recharge import service as recharges
from tests.make.factories import new_phone
from tests.make.money import buy, find_plan, make_customer, make_number

_LOCK = text("SELECT lock_line(:number)")


async def lock(stores: Stores, number: str) -> bool:
    return bool(await stores.database.run(lambda db: db.scalar(_LOCK, {"number": number})))


async def is_blocked(waiting: asyncio.Task[object]) -> bool:
    """True if it is still waiting after a tenth of a second."""
    await asyncio.wait([waiting], timeout=0.1)
    return not waiting.done()


async def test_a_number_is_new_once(shop: Stores) -> None:
    number = new_phone()
    assert [await lock(shop, number) for _ in range(3)] == [True, False, False]


async def test_twenty_who_meet_a_new_number_at_once_find_it_new_once(shop: Stores) -> None:
    number = new_phone()
    answers = await asyncio.gather(*(lock(shop, number) for _ in range(20)))
    assert sum(answers) == 1


async def test_a_number_that_was_new_in_a_rolled_back_transaction_is_new_again(shop: Stores) -> None:
    number = new_phone()
    async with shop.database.transaction() as db:
        assert await db.scalar(_LOCK, {"number": number})
        await db.rollback()
    assert await lock(shop, number)


async def test_the_second_waits_for_the_end_of_the_first(shop: Stores) -> None:
    for number in (new_phone(), await make_number(shop)):
        async with shop.database.transaction() as db:
            await db.execute(_LOCK, {"number": number})
            waiting: asyncio.Task[object] = asyncio.create_task(lock(shop, number))
            assert await is_blocked(waiting)
        assert await waiting is False


async def test_other_numbers_do_not_wait(shop: Stores) -> None:
    async with shop.database.transaction() as db:
        await db.execute(_LOCK, {"number": new_phone()})
        async with asyncio.timeout(5):
            assert await lock(shop, new_phone())


async def test_a_locked_recharge_holds_its_line(shop: Stores) -> None:
    user_id, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    recharge_id = (await buy(shop, user_id, number, plan.plan_id)).answer.recharge_id
    async with shop.database.transaction() as db:
        assert await recharges.lock(db, user_id, recharge_id) == "delivered"
        line: asyncio.Task[object] = asyncio.create_task(lock(shop, number))
        sale: asyncio.Task[object] = asyncio.create_task(
            buy(shop, user_id, number, plan.plan_id, confirm_duplicate=True)
        )
        assert await is_blocked(line)
        assert await is_blocked(sale)
    await asyncio.gather(line, sale)


async def test_a_recharge_that_does_not_exist_locks_nothing(shop: Stores) -> None:
    user_id, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    recharge_id = (await buy(shop, user_id, number, plan.plan_id)).answer.recharge_id

    async def unit(db: AsyncSession) -> list[str | None]:
        wrong = ((uuid4(), recharge_id), (user_id, uuid4()))
        statuses = [await recharges.lock(db, *ids) for ids in wrong]
        async with asyncio.timeout(5):
            await lock(shop, number)
        return statuses

    assert await shop.database.run(unit) == [None, None]
