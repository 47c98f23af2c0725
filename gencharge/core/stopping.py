"""How a background task ends when it is cancelled, whatever else goes wrong at that moment."""

from __future__ import annotations

import asyncio


def raise_if_cancelled() -> None:
    """Raise CancelledError if the running task was cancelled. Call it first in an `except Exception` of a loop.

    A cancellation can be lost on its way up: a roll-back that fails while the task is being cancelled raises its own
    error, and a TaskGroup turns the two into an ExceptionGroup. A loop that logs the error and goes on would
    then never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
