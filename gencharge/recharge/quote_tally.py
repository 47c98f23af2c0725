"""How many quotes this process has given since they were last written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final

from gencharge.core.values import clock

# By day in India and operator. A quote writes nothing: `quote_loop` adds these to the table now and then.
_TALLY: Final = Counter[tuple[date, str]]()


def count(operator: str) -> None:
    """One more quote was given for a plan of this operator."""
    _TALLY[clock.now().astimezone(clock.IST).date(), operator] += 1


def take() -> Mapping[tuple[date, str], int]:
    """All that were counted, which this forgets."""
    taken = dict(_TALLY)
    _TALLY.clear()
    return taken


def put_back(taken: Mapping[tuple[date, str], int]) -> None:
    """Count those again that could not be written down."""
    _TALLY.update(taken)
