"""What a look at the queues and the wallets reads. Each statement follows an index to one row, or reads a bounded number of rows;
only the sum of the wallets reads all of them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

MANY: Final = 10_000
# The instant since which the oldest entry of each queue has been due; null: the queue is empty.
_OLDEST: Final = text("""
    SELECT 'events' AS queue, (SELECT occurred_at FROM events ORDER BY id LIMIT 1) AS since
    UNION ALL SELECT 'deliveries', (SELECT min(occurred_at) FROM (
        SELECT occurred_at FROM deliveries WHERE parked_at IS NULL ORDER BY user_id, event_id, listener LIMIT 10000) AS late)
    UNION ALL SELECT 'recharges', (SELECT next_attempt_at FROM fulfilments WHERE next_attempt_at IS NOT NULL
        ORDER BY next_attempt_at LIMIT 1)
    UNION ALL SELECT 'payments', (SELECT next_check_at FROM payments WHERE next_check_at IS NOT NULL
        ORDER BY next_check_at LIMIT 1)
    UNION ALL SELECT 'autopays', (SELECT wake_at FROM autopays WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1)
    UNION ALL SELECT 'auto_topups', (SELECT wake_at FROM auto_topups WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1)
    UNION ALL SELECT 'jobs', (SELECT min(scheduled_at) FROM procrastinate_jobs
        WHERE status = 'todo' AND scheduled_at IS NOT NULL)
""")
_PARKED: Final = text(
    "SELECT count(*) FROM (SELECT FROM deliveries WHERE parked_at IS NOT NULL LIMIT :many) AS parked"
)
_WALLETS: Final = text(
    "SELECT sum(posted - held) AS free, sum(held) AS held, count(user_id) AS wallets FROM wallets"
)


async def list_oldest(db: AsyncSession) -> dict[str, datetime | None]:
    """Since when the oldest entry of each queue has been due; in the future: not due yet."""
    return {row.queue: row.since for row in await db.execute(_OLDEST)}


async def count_parked(db: AsyncSession) -> int:
    """How many deliveries are parked, up to MANY."""
    return int(await db.scalar(_PARKED, {"many": MANY}) or 0)


async def sum_wallets(db: AsyncSession) -> tuple[dict[str, int], int]:
    """The money in all wallets in paise, by whether it is held, and how many wallets there are. Reads every wallet."""
    row = (await db.execute(_WALLETS)).one()
    return {"free": int(row.free or 0), "held": int(row.held or 0)}, int(row.wallets)
