"""The live figures of a second, and how fast they grow."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from gencharge.core.values.money import Money, SignedMoney
from gencharge.live.figures_schemas import FiguresMessage, NewToday, Rate, TodayOut

WINDOW_SECONDS: Final = 60.0
_SHORTEST_SECONDS: Final = 5.0
_RATED: Final = ("sold", "delivered", "failed")
Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Others:
    """What belongs to no operator. `topped_up` in paise."""

    sign_ups: int
    topups: int
    topped_up: int


@dataclass(frozen=True, slots=True)
class _Look:
    seconds: float
    counts: Counts


class Today:
    """What the looks of the last minute found."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._looks: deque[_Look] = deque()

    def add(self, seconds: float, day: date, counts: Counts) -> None:
        """A look at `seconds` (of a clock that only goes forward). A new day in India forgets the one before."""
        if day != self._day:
            self._day = day
            self._looks.clear()
        self._looks.append(_Look(seconds, counts))
        while self._looks[0].seconds < seconds - WINDOW_SECONDS:
            self._looks.popleft()

    def forget(self) -> None:
        """Nobody listens: the next look is the first one."""
        self._looks.clear()

    def message(self, at: datetime, scope: Collection[str], others: Others | None) -> FiguresMessage:
        """What an admin of these operators sees; of all, if `scope` is empty. Needs a look."""
        assert self._day is not None
        counts = self._looks[-1].counts
        seen = sorted(operator for operator in counts if not scope or operator in scope)
        shown = others if not scope else None
        return FiguresMessage(
            day=self._day,
            counted_at=at,
            total=self._part(None, seen),
            operators=[self._part(operator, [operator]) for operator in seen],
            others=shown
            and NewToday(sign_ups=shown.sign_ups, topups=shown.topups, topped_up=Money(shown.topped_up)),
        )

    def _part(self, operator: str | None, of: Collection[str]) -> TodayOut:
        def total(name: str, counts: Counts = self._looks[-1].counts) -> int:
            return sum(counts[one][name] for one in of if one in counts)

        first, last = self._looks[0], self._looks[-1]
        passed = last.seconds - first.seconds
        rates = None
        if passed >= _SHORTEST_SECONDS:
            # Late corrections may take something off a figure: that is no negative speed.
            grown = {name: max(0, total(name) - total(name, first.counts)) for name in _RATED}
            rates = Rate(**{name: round(number * 60 / passed, 1) for name, number in grown.items()})
        return TodayOut(
            operator=operator,
            sold=total("sold"),
            delivered=total("delivered"),
            failed=total("failed"),
            refunds=total("refunds"),
            paid=SignedMoney(total("delivered_price") - total("delivered_discount")),
            refunded=SignedMoney(total("refunded")),
            commission=SignedMoney(total("commission")),
            per_minute=rates,
        )
