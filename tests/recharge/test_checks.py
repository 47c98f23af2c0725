"""The nightly checks of recharges: each way to break the books is found by the check that is there for it."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.recharge import lifecycle_crud
from gencharge.recharge import service as recharges
from gencharge.recharge.checks import CHECKS
from tests.make.delivery import Purchase, purchase
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import assert_books_balance

MONEY, ORPHAN, PLAN, HELD, *_ = (check.name for check in CHECKS)


async def broken_by(stores: Stores, *statements: str, **values: object) -> set[str]:
    """The checks that find something after these statements, which are rolled back."""
    names: set[str] = set()

    async def unit(db: AsyncSession) -> None:
        for statement in statements:
            await db.execute(text(statement), values)
        for check in CHECKS:
            if (await db.execute(text(check.breaches))).all():
                names.add(check.name)
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await stores.database.run(unit)
    return names


async def sold(stores: Stores) -> UUID:
    """A delivered recharge of Airtel with another one in the queue: the first one's id."""
    user_id, number = await make_customer(stores), await make_number(stores, "AIRTEL")
    plan = await find_plan(stores, "AIRTEL", 299)
    first = (await buy(stores, user_id, number, plan.plan_id)).answer.recharge_id
    await buy(stores, user_id, number, plan.plan_id, confirm_duplicate=True)
    return first


async def test_nothing_is_found_while_nothing_is_wrong(jio: Stores) -> None:
    await sold(jio)
    await purchase(jio)
    assert await broken_by(jio) == set()


@pytest.mark.parametrize(
    ("statement", "breaches"),
    [
        ("UPDATE recharges SET status = 'failed' WHERE id = :id", {MONEY, PLAN}),
        ("UPDATE recharges SET status = 'refunded' WHERE id = :id", {PLAN}),
        ("UPDATE active_plans SET status = 'cancelled', ended_at = now() WHERE recharge_id = :id", {PLAN}),
        ("UPDATE active_plans SET status = 'pending' WHERE recharge_id = :id", {PLAN}),
    ],
    ids=[
        "failed with its money",
        "refunded with its plan",
        "delivered without a plan",
        "delivered and pending",
    ],
)
async def test_a_recharge_and_a_plan_that_disagree_are_found(
    jio: Stores, statement: str, breaches: set[str]
) -> None:
    recharge_id = await sold(jio)
    assert await broken_by(jio, statement, id=recharge_id) == breaches


@pytest.mark.parametrize(
    ("status", "breaches"),
    [
        ("delivered", {MONEY, PLAN, HELD}),
        ("failed", {HELD}),
        ("refunded", {MONEY, HELD}),
        ("payment_pending", set()),
    ],
)
async def test_a_pending_recharge_that_ended_without_its_money_is_found(
    jio: Stores, status: str, breaches: set[str]
) -> None:
    bought = await purchase(jio)
    statement = "UPDATE recharges SET status = :status WHERE id = :id"
    assert await broken_by(jio, statement, id=bought.id, status=status) == breaches


async def test_money_of_a_recharge_that_does_not_exist_is_found(jio: Stores) -> None:
    recharge_id = await sold(jio)
    statement = """
        INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, created_at)
        SELECT user_id, gen_random_uuid(), debit, credit, amount, code, 'stray', gen_random_uuid(), created_at
        FROM transfers WHERE reference_id = :id
    """
    assert await broken_by(jio, statement, id=recharge_id) == {ORPHAN}


async def test_money_that_was_taken_twice_is_found(jio: Stores) -> None:
    recharge_id = await sold(jio)
    statement = """
        INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, created_at)
        SELECT user_id, gen_random_uuid(), debit, credit, amount, code, 'again', reference_id, created_at
        FROM transfers WHERE reference_id = :id
    """
    assert await broken_by(jio, statement, id=recharge_id) == {MONEY}


# What is right and looks odd


async def _refund(bought: Purchase) -> None:
    await bought.stores.database.run(
        lambda db: lifecycle_crud.refund(
            db, bought.user_id, bought.id, amount=29_900, key="all", reason="late", context="{}"
        )
    )


async def _deliver(bought: Purchase) -> None:
    await bought.stores.database.run(
        lambda db: recharges.deliver(
            db, bought.user_id, bought.id, operator_reference=None, channel="jio-a", commission=0
        )
    )


async def test_a_refund_of_a_plan_that_had_expired_is_no_breach(jio: Stores) -> None:
    bought = await purchase(jio)
    await _deliver(bought)
    with clock.later(days=29):
        await jio.database.run(lambda db: recharges.advance_due_lines(db, limit=1_000))
        await _refund(bought)
    assert ((await bought.recharge()).status, (await bought.plan()).status) == ("refunded", "expired")
    await assert_books_balance(jio)


async def test_a_refund_of_a_plan_that_was_replaced_is_no_breach(jio: Stores) -> None:
    bought = await purchase(jio)
    await _deliver(bought)
    plan = await find_plan(jio, rupees=349)
    second = await buy(jio, bought.user_id, bought.phone_number, plan.plan_id, activation_mode="activate")
    await _deliver(Purchase(jio, bought.user_id, second, bought.phone_number))
    await _refund(bought)
    assert ((await bought.recharge()).status, (await bought.plan()).status) == ("refunded", "replaced")
    await assert_books_balance(jio)
