"""The checks of reconciliation find what was tampered with."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.reconciliation.models import (
    GATEWAY,
)
from tests.make.reconciliation import (
    Shop,
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
