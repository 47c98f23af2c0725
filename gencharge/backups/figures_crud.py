"""Sums of the work on backups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

_DAYS = text(r"""
    SELECT CAST(ended_at AT TIME ZONE 'Asia/Kolkata' AS date) AS day, kind, status, count(*) AS runs,
           sum(extract(epoch FROM ended_at - started_at)) AS seconds,
           max(CAST(result->>'size_bytes' AS bigint)) AS largest_bytes
    FROM backup_runs WHERE ended_at >= :since AND status IN ('succeeded', 'failed') GROUP BY 1, 2, 3 ORDER BY 1
""")


async def list_days(db: AsyncSession, since: datetime) -> Sequence[Row[Any]]:
    """How work on backups ended, by the day in India, kind and status: `runs`, their `seconds`, the `largest_bytes` of a backup."""
    return (await db.execute(_DAYS, {"since": since})).all()
