"""Python's search for garbage while a process loads, and after.

Half a million objects that a command loads stay. Python looks for garbage after every 700 new objects, and looking through these
took a sixth of a start. At the end of a process Python looks through all of them again, several times, which took a quarter of a
command that loads the whole product.
"""

from __future__ import annotations

import atexit
import gc
from typing import Final

_USUAL: Final = gc.get_threshold()
_WHILE_LOADING: Final = 50_000
_looked = False
_afterwards = _USUAL


def begin(*, afterwards: tuple[int, int, int] = _USUAL) -> None:
    """Look for garbage seldom from now on, and through nothing of what is there when the process ends.

    `afterwards`: the thresholds from `end` on (`gc.set_threshold`); Python's own if nothing is said.
    """
    global _afterwards
    _afterwards = afterwards
    gc.set_threshold(_WHILE_LOADING)
    atexit.unregister(gc.freeze)  # at most once
    atexit.register(gc.freeze)


def end() -> None:
    """For a process that serves: what was loaded is never looked through again, and what is new as often as `begin` said.

    Otherwise each look at all of it stops everybody for a tenth of a second. What was loaded may hold garbage, for which
    Python looks once; a second application in the same process is frozen as it is.
    """
    # Not gc.get_freeze_count(): it counts half a million objects one by one, in a twentieth of a second.
    global _looked
    if not _looked or gc.get_threshold() != _afterwards:
        gc.collect()
        _looked = True
    gc.freeze()
    gc.set_threshold(*_afterwards)
