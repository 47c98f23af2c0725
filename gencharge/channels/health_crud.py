"""Queries of how channels do: the submissions of late, and our balance. Amounts in paise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.models import ChannelFloat, OperatorChannel
from gencharge.core.values import clock
from gencharge.operators.models import Operator

# The newest submissions only: a busy channel makes hundreds in a second.
_LATELY: Final = text("""
    SELECT count(*) AS submissions,
        count(*) FILTER (WHERE outcome = 'delivered') AS delivered,
        count(*) FILTER (WHERE outcome = 'refused') AS refused,
        count(*) FILTER (WHERE outcome = 'not_sent') AS not_sent,
        count(*) FILTER (WHERE outcome IS NULL) AS without_outcome,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE outcome = 'delivered') AS median_seconds,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE outcome = 'delivered') AS slow_seconds
    FROM (
        SELECT outcome, extract(epoch FROM ended_at - started_at)\\:\\:float8 AS seconds FROM operator_attempts
        WHERE user_id IS NOT NULL AND channel = :channel AND started_at >= :since
        ORDER BY started_at DESC LIMIT :at_most
    ) AS lately
""")


@dataclass(frozen=True, slots=True)
class Lately:
    """What became of a channel's newest submissions. Seconds from the submission to the proof of its delivery; None without one."""

    submissions: int
    delivered: int
    refused: int
    not_sent: int
    without_outcome: int
    median_seconds: float | None
    slow_seconds: float | None


async def count_lately(db: AsyncSession, channel: str, *, since: datetime, at_most: int) -> Lately:
    """What became of the newest submissions since an instant."""
    row = (await db.execute(_LATELY, {"channel": channel, "since": since, "at_most": at_most})).one()
    return Lately(*row)


async def get_float(db: AsyncSession, channel: str) -> ChannelFloat | None:
    """Our balance at a channel; None until it was asked."""
    return await db.get(ChannelFloat, channel)


async def list_to_ask(db: AsyncSession) -> list[str]:
    """The codes of the channels that recharges may take, but those of an operator that works on its systems."""
    now = clock.now()
    in_maintenance = select(Operator.code).where(
        Operator.maintenance_from <= now, Operator.maintenance_until > now
    )
    query = select(OperatorChannel.code).where(
        OperatorChannel.is_active.is_(True),
        OperatorChannel.url.is_not(None),
        OperatorChannel.operator.not_in(in_maintenance),
    )
    return list(await db.scalars(query.order_by(OperatorChannel.code)))


async def put_float(db: AsyncSession, channel: str, **values: Any) -> None:
    """Write down what a channel answered."""
    statement = insert(ChannelFloat).values(channel=channel, **values)
    await db.execute(statement.on_conflict_do_update(index_elements=["channel"], set_=values))
