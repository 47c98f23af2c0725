"""The checks of reconciliation find what was tampered with."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.reconciliation import checks
from gencharge.reconciliation.models import (
    GATEWAY,
)
from tests.make.reconciliation import (
    Shop,
    resolve,
    sell_with_fault,
    top_up,
)


async def test_the_checks_find_books_that_were_changed_behind_a_statement(shop: Shop) -> None:
    user_id, _, _ = await top_up(shop)
    with clock.later(days=1):
        assert (await shop.match(GATEWAY, back=1)).status == "matched"

    async def tamper(db: AsyncSession) -> None:
        await db.execute(text("SET LOCAL ROLE NONE"))
        await db.execute(text("UPDATE transfers SET amount = amount + 1 WHERE user_id = :u"), {"u": user_id})

    await shop.stores.database.run(tamper)
    assert any("moved on the gateway's account" in line for line in await shop.clean())

    async def explain(db: AsyncSession) -> None:
        await db.execute(text("UPDATE reconciliation_runs SET difference_paise = 5"))

    await shop.stores.database.run(explain)
    assert any("explained by a difference" in line for line in await shop.clean())


async def failing(shop: Shop) -> list[str]:
    """The names of the room's checks that fail now."""
    lines = await shop.clean()
    return [check.name for check in checks.CHECKS if any(check.name in line for line in lines)]


async def execute(shop: Shop, statement: str, **values: object) -> None:
    async def unit(db: AsyncSession) -> None:
        await db.execute(text("SET LOCAL ROLE NONE"))
        await db.execute(text(statement), values)

    await shop.stores.database.run(unit)


EXPLAINED, MOVED, WRITTEN_OFF = (check.name for check in checks.CHECKS)


async def test_a_reconciled_day_with_a_write_off_passes_every_check(shop: Shop) -> None:
    difference = await sell_with_fault(shop)
    await resolve(shop, difference, "write_off")
    assert await failing(shop) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reconciliation_runs SET difference_paise = difference_paise + 1",
        "UPDATE reconciliation_runs SET theirs_paise = theirs_paise + 1",
        "UPDATE reconciliation_runs SET ours_paise = ours_paise - 1",
        "UPDATE reconciliation_differences SET ours_paise = ours_paise + 1",
        "UPDATE reconciliation_differences SET theirs_paise = 1",
        "DELETE FROM reconciliation_differences",
    ],
)
async def test_a_sum_that_its_differences_do_not_explain_is_found(shop: Shop, statement: str) -> None:
    await sell_with_fault(shop)
    assert await failing(shop) == []
    await execute(shop, statement)
    assert await failing(shop) == [EXPLAINED]


@pytest.mark.parametrize("column", ["superseded_at = now()", "status = 'failed'"])
async def test_a_run_that_does_not_count_is_not_checked(shop: Shop, column: str) -> None:
    await sell_with_fault(shop)
    await execute(shop, f"UPDATE reconciliation_runs SET difference_paise = 7, {column}")
    assert await failing(shop) == []


async def test_a_write_off_without_its_transfer_is_found(shop: Shop) -> None:
    difference = await sell_with_fault(shop)
    await resolve(shop, difference, "none")
    await execute(shop, "UPDATE reconciliation_differences SET resolution = 'write_off'")
    assert await failing(shop) == [WRITTEN_OFF]


async def test_a_transfer_without_its_write_off_is_found(shop: Shop) -> None:
    difference = await sell_with_fault(shop)
    await resolve(shop, difference, "write_off")
    await execute(shop, "UPDATE reconciliation_differences SET resolution = 'none'")
    assert await failing(shop) == [WRITTEN_OFF]


async def test_a_movement_of_the_gateway_that_no_run_saw_is_found_once_the_day_is_over(shop: Shop) -> None:
    user_id, _, _ = await top_up(shop)
    with clock.later(days=1):
        await shop.match(GATEWAY, back=1)
    assert await failing(shop) == []
    await execute(shop, "UPDATE transfers SET amount = amount + 5 WHERE user_id = :user", user=user_id)
    assert MOVED in await failing(shop)
    await execute(shop, "UPDATE reconciliation_runs SET started_at = :at", at=clock.now())
    assert MOVED not in await failing(shop), "a run before the end of its day could not see everything"
