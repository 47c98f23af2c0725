"""When the customers of the scale data act: more of them each month, most of them in the evening, at weekends, in the festive season
and in the first days of a month, when salaries are paid. Hours and days are those of India (IST)."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from datetime import UTC, datetime
from typing import Final

from gencharge.core.values import clock

HOUR_MS: Final = 3_600_000
# How busy an hour of the day is, from 00 to 23; Monday to Sunday; January to December. 1 is usual.
_HOURS: Final = (
    *(0.25, 0.12, 0.08, 0.06, 0.08, 0.20, 0.45, 0.80, 1.10, 1.35, 1.50, 1.45),
    *(1.35, 1.20, 1.10, 1.10, 1.20, 1.40, 1.65, 1.90, 2.00, 1.75, 1.20, 0.65),
)
_WEEKDAYS: Final = (1.0, 0.96, 0.95, 0.97, 1.03, 1.12, 1.08)
_MONTHS: Final = (1.02, 0.94, 1.0, 0.97, 0.98, 0.96, 0.98, 1.03, 1.04, 1.18, 1.15, 1.06)
_SALARY_DAYS: Final = 5
_SALARY: Final = 1.2


def weight(at: datetime) -> float:
    """How busy the hour of an instant is, beside others of the same year."""
    local = at.astimezone(clock.IST)
    paid = _SALARY if local.day <= _SALARY_DAYS else 1.0
    return _HOURS[local.hour] * _WEEKDAYS[local.weekday()] * _MONTHS[local.month - 1] * paid


class Calendar:
    """The time from `started_ms` to `ended_ms` (milliseconds since 1970), each part as long as it is busy."""

    def __init__(self, started_ms: int, ended_ms: int) -> None:
        # India's hours begin at half past; so the parts are half hours.
        step = HOUR_MS // 2
        edges = [started_ms, *range((started_ms // step + 1) * step, ended_ms, step), ended_ms]
        self._edges = array("q", edges)
        self._sums = array("d", [0.0])
        total = 0.0
        for number in range(len(edges) - 1):
            begins, ends = edges[number], edges[number + 1]
            # As many more as there are customers more: these sign up evenly.
            growth = begins + ends - 2 * started_ms
            total += weight(datetime.fromtimestamp(begins / 1000, UTC)) * (ends - begins) * growth
            self._sums.append(total)

    def at(self, share: float) -> int:
        """When this share (0 to 1) of everything has happened, in milliseconds since 1970."""
        sums, edges = self._sums, self._edges
        done = share * sums[-1]
        number = min(max(bisect_right(sums, done), 1), len(edges) - 1)
        within = (done - sums[number - 1]) / (sums[number] - sums[number - 1])
        begins, ends = int(edges[number - 1]), int(edges[number])
        return begins + int(within * (ends - begins))
