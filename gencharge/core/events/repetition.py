"""Repeats the steps of the relay, whatever fails, until it is cancelled; then a step comes to its end first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.stopping import raise_if_cancelled

log = telemetry.get_logger(__name__)
_TROUBLE_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 5.0


async def repeat(
    step: Callable[[], Coroutine[Any, Any, bool]], *, pause: float, due: asyncio.Event | None = None
) -> None:
    """Do the step again and again. After one that found nothing: a pause, or a wait until something is `due` again."""
    while True:
        if due is not None:
            await due.wait()
        try:
            if await _whole(step()):
                wait = 0.0
            elif due is None:
                wait = pause
            else:
                due.clear()
                wait = 0.0
        except Unavailable:
            raise_if_cancelled()
            wait = max(pause, _TROUBLE_SECONDS)
        except Exception:
            raise_if_cancelled()
            log.exception("relay_failed")
            wait = max(pause, _TROUBLE_SECONDS)
        if wait:
            await asyncio.sleep(wait)


async def _whole(step: Coroutine[Any, Any, bool]) -> bool:
    """Run `step`; when cancelled, let it come to its end first, unless that takes too long."""
    task = asyncio.create_task(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=_STOP_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
