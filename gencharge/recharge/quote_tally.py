"""How many quotes this process has given since they were last written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final, Generic, TypeVar
from uuid import UUID

from gencharge.core.values import clock

Key = TypeVar("Key", str, UUID)


class Tally(Generic[Key]):
    """Quotes by day in India and a key. A quote writes nothing: `quote_loop` adds these to a table now and then."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[date, Key]] = Counter()

    def count(self, key: Key) -> None:
        """One more quote."""
        self._counts[clock.now().astimezone(clock.IST).date(), key] += 1

    def take(self) -> Mapping[tuple[date, Key], int]:
        """All that were counted, which this forgets."""
        taken = dict(self._counts)
        self._counts.clear()
        return taken

    def put_back(self, taken: Mapping[tuple[date, Key], int]) -> None:
        """Count those again that could not be written down."""
        self._counts.update(taken)


# By the operator of the plan.
OPERATORS: Final = Tally[str]()
# By offer: quotes in which it lowered the price or gave cashback.
OFFERS: Final = Tally[UUID]()
