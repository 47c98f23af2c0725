"""Which backups are kept: the last one of each hour, day, week and month, for as many of them as the settings say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gencharge.core.values.clock import IST

_PERIODS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "hourly": lambda at: f"{at:%Y-%m-%d %H}",
    "daily": lambda at: f"{at:%Y-%m-%d}",
    "weekly": lambda at: f"{at:%G-%V}",
    "monthly": lambda at: f"{at:%Y-%m}",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A backup as retention sees it. `good`: a restore of it was verified; `failed`: one was, and was wrong. `partial`: some tables only."""

    backup_id: str
    made_at: datetime
    good: bool = False
    failed: bool = False
    partial: bool = False


def superfluous(candidates: Sequence[Candidate], keep: Mapping[str, int]) -> list[str]:
    """The ids of the backups to delete, the oldest first. `keep`: how many hourly, daily, weekly, monthly ones stay.

    The days are India's. The newest backup stays in any case, and so does the newest one that is known to be good. One that is
    known to be damaged, or is of some tables only, takes no other one's place."""
    newest_first = sorted(candidates, key=lambda each: (each.made_at, each.backup_id), reverse=True)
    usable = [each for each in newest_first if not each.failed and not each.partial]
    staying = {each.backup_id for each in newest_first[:1]} | {each.backup_id for each in usable[:1]}
    staying |= {each.backup_id for each in [each for each in usable if each.good][:1]}
    for name, period_of in _PERIODS.items():
        seen = set[str]()
        for each in usable:
            period = period_of(each.made_at.astimezone(IST))
            if period not in seen and len(seen) < keep[name]:
                seen.add(period)
                staying.add(each.backup_id)
    partial = {each.backup_id for each in [each for each in newest_first if each.partial][: keep["daily"]]}
    return [each.backup_id for each in reversed(newest_first) if each.backup_id not in staying | partial]
