"""What each channel of each operator did, and how long that took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import figures_crud
from gencharge.analytics.figures_crud import Scope
from gencharge.analytics.models import Cut

_NAMES: Final = ("delivered", "failed", "delivery_seconds")


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
    """What each channel of each operator did on these days together, the most used first. Both ends are included.

    Whole months are read as sums. Call it after `figures_crud.freeze`, as `list_keys` says.
    """
    keys = await figures_crud.list_keys(
        db, scope, first, last, cuts=(Cut.CHANNEL, Cut.CHANNEL_WAIT), names=_NAMES
    )
    waits = dict[tuple[str, str], dict[str, int]]()
    channels = list[tuple[str, str, Mapping[str, int]]]()
    for cut, key, operator, sums in keys:
        if cut is Cut.CHANNEL:
            channels.append((operator, key, sums))
        else:
            channel, _, wait = key.rpartition(":")
            waits.setdefault((operator, channel), {})[wait] = sums["delivered"]
    rows = [
        ChannelSums(
            operator,
            channel,
            sums["delivered"],
            sums["failed"],
            sums["delivery_seconds"],
            waits.get((operator, channel), {}),
        )
        for operator, channel, sums in channels
        if sums["delivered"] + sums["failed"] > 0
    ]
    return sorted(rows, key=lambda row: (-row.delivered - row.failed, row.operator, row.channel))
