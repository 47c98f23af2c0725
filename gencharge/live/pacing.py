"""How many clients are written to in one go: most of the process's time belongs to its requests."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

# After each group.
PAUSE_SECONDS: Final = 0.002
# The pauses of what is for everybody last so long together, in groups as small as that allows. The messages of the next ones are made at the same time, so
# that 2,000 clients have it after little more than this, of the two seconds that they may wait.
FOR_ALL_SECONDS: Final = 1.1
LEAST_AT_ONCE: Final = 4
# What many get of their own comes in larger groups: a worker writes it, one batch after another, and takes most of the time.
OWN_AT_ONCE: Final = 20
T = TypeVar("T")


def at_once_of(clients: int) -> int:
    """How many of so many clients are written to together, if all get the same."""
    return max(LEAST_AT_ONCE, math.ceil(clients * PAUSE_SECONDS / FOR_ALL_SECONDS))


def parts(entries: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The entries in groups of this size; the last one may be smaller."""
    return (entries[first : first + size] for first in range(0, len(entries), size))
