"""What each channel of each operator did, and how long that took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.figures_crud import Scope
from gencharge.analytics.models import Cut, RechargeFigures


@dataclass(frozen=True, slots=True)
class ChannelSums:
    """What a channel of an operator did. `seconds`: of all deliveries together, from queueing to delivery. `waits`: how many deliveries
    by the time that they took, as the keys of Cut.WAIT."""

    operator: str
    channel: str
    delivered: int
    failed: int
    seconds: int
    waits: Mapping[str, int]


async def list_channels(db: AsyncSession, scope: Scope, first: date, last: date) -> Sequence[ChannelSums]:
    """What each channel of each operator did on these days together, the most used first. Both ends are included."""
    figures = RechargeFigures
    delivered, failed, seconds = (
        func.sum(column) for column in (figures.delivered, figures.failed, figures.delivery_seconds)
    )
    rows = await db.execute(
        select(figures.cut, figures.operator, figures.key, delivered, failed, seconds)
        .where(
            figures.cut.in_((Cut.CHANNEL, Cut.CHANNEL_WAIT)),
            figures.day.between(first, last),
            scope(figures.operator.expression),
        )
        .group_by(figures.cut, figures.operator, figures.key)
        .having(delivered + failed > 0)
        .order_by((delivered + failed).desc(), figures.operator, figures.key)
    )
    channels, waits = list[tuple[str, str, int, int, int]](), dict[tuple[str, str], dict[str, int]]()
    for cut, operator, key, *sums in rows:
        if cut == Cut.CHANNEL:
            channels.append((operator, key, *(int(value) for value in sums)))  # type: ignore[arg-type]
        else:
            channel, _, wait = key.rpartition(":")
            waits.setdefault((operator, channel), {})[wait] = int(sums[0])
    return [ChannelSums(*row, waits.get((row[0], row[1]), {})) for row in channels]
