"""How a channel does, for the staff: its newest submissions, whether it is suspended, and our balance at its operator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import breaker_crud, crud, health_crud
from gencharge.channels.errors import ChannelNotFound
from gencharge.channels.models import ChannelBreaker, OperatorChannel
from gencharge.channels.staff_schemas import ChannelBreakerOut, ChannelFloatOut, ChannelHealthOut
from gencharge.core.values import clock
from gencharge.core.values.money import Money, SignedMoney
from gencharge.sessions.guards import Principal, within

PERIOD: Final = timedelta(hours=1)
AT_MOST: Final = 2_000


async def show(db: AsyncSession, admin: Principal, code: str) -> ChannelHealthOut:
    """How a channel does. Raises ChannelNotFound, also if it is out of the admin's scope."""
    conditions = (OperatorChannel.code == code, within(admin, OperatorChannel.operator.expression))
    rows = await crud.list_channels(db, *conditions)
    if not rows:
        raise ChannelNotFound
    channel = rows[0]
    lately = await health_crud.count_lately(db, code, since=clock.now() - PERIOD, at_most=AT_MOST)
    ended = lately.delivered + lately.refused + lately.not_sent
    balance = await health_crud.get_float(db, code)
    return ChannelHealthOut(
        channel=channel.code,
        operator=channel.operator,
        is_active=channel.is_active,
        pause_reason=channel.pause_reason,
        submissions=lately.submissions,
        delivered=lately.delivered,
        refused=lately.refused,
        not_sent=lately.not_sent,
        without_outcome=lately.without_outcome,
        success_percent=round(100 * lately.delivered / ended, 1) if ended else None,
        median_seconds=_rounded(lately.median_seconds),
        slow_seconds=_rounded(lately.slow_seconds),
        breaker=_breaker(await breaker_crud.list_open(db, code)),
        low_float=Money(channel.low_float),
        balance=None
        if balance is None
        else ChannelFloatOut(
            amount=None if balance.balance is None else SignedMoney(balance.balance),
            answered_at=balance.answered_at,
            asked_at=balance.asked_at,
            failure=balance.failure,
            low_since=balance.low_since,
        ),
    )


def _breaker(rows: Sequence[ChannelBreaker]) -> ChannelBreakerOut | None:
    if not rows:
        return None
    return ChannelBreakerOut(
        opened_at=rows[0].opened_at,
        probe_at=min(row.open_until for row in rows),
        failures=max(row.failures for row in rows),
        processes=len(rows),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
