"""Queries of the circuit breakers that processes opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.models import ChannelBreaker
from gencharge.core.values import clock


def _open() -> tuple[ColumnElement[bool], ...]:
    return (ChannelBreaker.closed_at.is_(None), ChannelBreaker.expires_at > clock.now())


async def list_open(db: AsyncSession, channel: str) -> Sequence[ChannelBreaker]:
    """The breakers of a channel that are open, the one that opened first at first."""
    query = select(ChannelBreaker).where(ChannelBreaker.channel == channel, *_open())
    return (await db.scalars(query.order_by(ChannelBreaker.opened_at, ChannelBreaker.process))).all()


async def find_last_alert(db: AsyncSession, channel: str) -> datetime | None:
    """When the staff were last told that the channel is suspended."""
    alerts = (ChannelBreaker.channel == channel, ChannelBreaker.alerted_at.is_not(None))
    query = select(ChannelBreaker.alerted_at).where(*alerts).order_by(ChannelBreaker.alerted_at.desc())
    last: datetime | None = await db.scalar(query.limit(1))
    return last


async def put_open(
    db: AsyncSession,
    channel: str,
    process: UUID,
    *,
    opened_at: datetime,
    open_until: datetime,
    expires_at: datetime,
    failures: int,
) -> None:
    """Write down that a process has opened a breaker, or goes on keeping it open."""
    values = {
        "opened_at": opened_at,
        "open_until": open_until,
        "expires_at": expires_at,
        "failures": failures,
        "closed_at": None,
    }
    statement = insert(ChannelBreaker).values(channel=channel, process=process, **values)
    keys = ["channel", "process"]
    await db.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))


async def set_alerted(db: AsyncSession, channel: str, process: UUID) -> None:
    """Write down that the staff are told now."""
    own = (ChannelBreaker.channel == channel, ChannelBreaker.process == process)
    await db.execute(update(ChannelBreaker).where(*own).values(alerted_at=clock.now()))


async def set_closed(db: AsyncSession, channel: str, process: UUID) -> None:
    """Write down that a process sends the channel recharges again."""
    own = (ChannelBreaker.channel == channel, ChannelBreaker.process == process)
    await db.execute(update(ChannelBreaker).where(*own).values(closed_at=clock.now()))


async def delete_expired(db: AsyncSession, *, before: datetime) -> None:
    """Delete the rows that have counted for nothing since an instant."""
    await db.execute(delete(ChannelBreaker).where(ChannelBreaker.expires_at < before))
