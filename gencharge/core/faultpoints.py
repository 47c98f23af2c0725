"""Points at which a process can be made to die, for the fault tests: `docs/RELIABILITY.md`, the fault matrix.

`GENCHARGE_CRASH_AT=submission.committed:20`: whoever comes to that point stays there, until 20 have come or nobody has for
a second and a half. Then the process ends as by kill -9, so that each of the 20 is cut off at the very same place.
`webhook.asked@payment.captured:20` waits for those of one kind. Without the variable a point does nothing; production
refuses to start with it. By convention `x.written` lies right before the commit of x and `x.committed` right after it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Final

VARIABLE: Final = "GENCHARGE_CRASH_AT"
PATIENCE_SECONDS: Final = 1.5

# Read once: a point on a hot path costs one comparison.
_what, _, _count = os.environ.get(VARIABLE, "").partition(":")
_where, _, _about = _what.partition("@")
_wanted = int(_count or 1)
_come = 0


async def point(name: str, about: str = "") -> None:
    """Do nothing; die here where that was asked for. `about`: which of many, where the variable says so."""
    if name == _where and _about in {"", about}:
        await _wait_and_die()


async def _wait_and_die() -> None:
    global _come
    _come += 1
    mine = _come
    if mine < _wanted:
        await asyncio.sleep(PATIENCE_SECONDS)
    if mine != _come:
        await asyncio.Event().wait()  # a later one decides when it ends
    os.write(2, f"crash at {_what}: {_come} came\n".encode())
    os.kill(os.getpid(), signal.SIGKILL)
