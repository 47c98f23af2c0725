"""The nightly check of the dispatcher's queue: each way to break it is found."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.service import Verdict
from gencharge.core.stores.stores import Stores
from gencharge.delivery.checks import CHECKS
from tests.make.delivery import Purchase, purchase


class RolledBack(Exception):
    """Ends a transaction that must leave nothing."""


async def broken_by(
    stores: Stores, bought: Purchase, statement: str
) -> list[tuple[UUID, str | None, str | None]]:
    """What the check finds after this statement, which is rolled back: recharge, its status, its state."""
    [check] = CHECKS
    rows: list[tuple[UUID, str | None, str | None]] = []

    async def unit(db: AsyncSession) -> None:
        assert (await db.execute(text(check.breaches))).all() == []
        await db.execute(text(statement), {"id": bought.id})
        rows.extend((row.id, row.status, row.state) for row in await db.execute(text(check.breaches)))
        raise RolledBack

    with pytest.raises(RolledBack):
        await stores.database.run(unit)
    return rows


async def test_a_pending_recharge_that_is_not_in_the_queue_is_found(jio: Stores) -> None:
    bought = await purchase(jio)
    statement = "UPDATE fulfilments SET state = 'failed', next_attempt_at = NULL WHERE recharge_id = :id"
    assert await broken_by(jio, bought, statement) == [(bought.id, "processing", None)]


async def test_a_recharge_that_has_ended_and_is_still_in_the_queue_is_found(jio: Stores) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), Verdict.DELIVERED)
    statement = "UPDATE fulfilments SET state = 'due', next_attempt_at = now() WHERE recharge_id = :id"
    assert await broken_by(jio, bought, statement) == [(None, None, "due")]


async def test_an_unknown_recharge_belongs_into_the_queue(jio: Stores) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), Verdict.UNKNOWN)
    statement = "UPDATE fulfilments SET state = 'failed', next_attempt_at = NULL WHERE recharge_id = :id"
    assert await broken_by(jio, bought, statement) == [(bought.id, "unknown", None)]
