"""How long deliveries take, from how many of them took less than so many seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gencharge.analytics.area_schemas import DeliveryChannel, DeliveryTimes
from gencharge.analytics.models import WAITS

# The channel of what was delivered in an operator's own system, which takes no time.
INTERNAL: Final = "internal"
_PERCENTS: Final = (50, 95, 99)


def percentile(waits: Mapping[str, int], percent: int) -> int | None:
    """Within less than how many seconds so many percent were delivered, as one of WAITS; None: longer, or none was delivered.

    `waits`: how many took less than so many seconds, and no less than the bound before, by the bound.
    """
    whole = sum(waits.values())
    within = 0
    for bound in WAITS:
        within += waits.get(str(bound), 0)
        if whole and within * 100 >= whole * percent:
            return bound
    return None


def of_channels(rows: Iterable[Any]) -> list[DeliveryChannel]:
    """Each channel, in the order of the rows (`channels_crud.ChannelSums`)."""
    return [
        DeliveryChannel(
            operator=row.operator,
            channel=row.channel,
            **_measures(row.delivered, row.failed, _timed([row]), row.waits),
        )
        for row in rows
    ]


def of_operators(rows: Sequence[Any]) -> list[DeliveryTimes]:
    """The channels of each operator together, the most used first."""
    by_operator: dict[str, list[Any]] = {}
    for row in rows:
        by_operator.setdefault(row.operator, []).append(row)
    times = []
    for operator, own in by_operator.items():
        waits = Counter[str]()
        for row in own:
            waits.update(row.waits)
        delivered, failed = sum(row.delivered for row in own), sum(row.failed for row in own)
        times.append(DeliveryTimes(operator=operator, **_measures(delivered, failed, _timed(own), waits)))
    return sorted(times, key=lambda part: (-part.delivered - part.failed, part.operator))


def _timed(rows: Iterable[Any]) -> tuple[int, int]:
    """How many were delivered over an API, and the seconds that took together."""
    over_api = [row for row in rows if row.channel != INTERNAL]
    return sum(row.delivered for row in over_api), sum(row.seconds for row in over_api)


def _measures(
    delivered: int, failed: int, timed: tuple[int, int], waits: Mapping[str, int]
) -> dict[str, Any]:
    count, seconds = timed
    return {
        "delivered": delivered,
        "failed": failed,
        "failure_percent": round(failed * 100 / (delivered + failed), 2),
        "average_seconds": round(seconds / count, 2) if count else None,
        **{f"p{percent}_seconds": percentile(waits, percent) for percent in _PERCENTS},
    }
