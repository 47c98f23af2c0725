"""Points at which a process can be made to die, for the fault tests: `docs/RELIABILITY.md`, the fault matrix.

`GENCHARGE_CRASH_AT=submission.committed:20`: every task that reaches that point waits there until 20 have
reached it, or none has for a second and a half. Then the process ends as by kill -9, so that all 20 are cut off at the same place.
`webhook.asked@payment.captured:20` waits for those of one kind. Without the variable a point does nothing; production
refuses to start with it. By convention `x.written` lies right before the commit of x and `x.committed` right after it.

The simulation dies in another way: it sets `on_passing`, which is asked at every point.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Final

VARIABLE: Final = "GENCHARGE_CRASH_AT"
PATIENCE_SECONDS: Final = 1.5

# Read once: a point on a hot path costs one comparison.
_what, _, _count = os.environ.get(VARIABLE, "").partition(":")
_where, _, _about = _what.partition("@")
_limit = int(_count or 1)
_reached = 0
# Called with the name at every point, if somebody in this process has set it.
on_passing: Callable[[str], Awaitable[None]] | None = None


async def point(name: str, about: str = "") -> None:
    """Do nothing, or die here if the variable names this point. `about` narrows it to one kind, after the `@`."""
    if name == _where and _about in {"", about}:
        await _wait_and_die()
    if on_passing is not None:
        await on_passing(name)


async def _wait_and_die() -> None:
    global _reached
    _reached += 1
    own_count = _reached
    if own_count < _limit:
        await asyncio.sleep(PATIENCE_SECONDS)
    if own_count != _reached:
        await asyncio.Event().wait()  # a later one decides when it ends
    os.write(2, f"crash at {_what}: {_reached} reached\n".encode())
    os.kill(os.getpid(), signal.SIGKILL)
