"""How a process stops: what lasts is told that the server stops, and a cancelled task ends whatever else goes wrong then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

_callbacks: Final[list[Callable[[], None]]] = []


def on_stop(callback: Callable[[], None]) -> Callable[[], None]:
    """Call this when the server begins to stop; returns what takes it back."""
    _callbacks.append(callback)

    def forget() -> None:
        if callback in _callbacks:
            _callbacks.remove(callback)

    return forget


class Draining:
    """Whether this process was told to stop, and still serves what comes: who asks whether it is ready hears no."""

    is_on = False


draining: Final = Draining()


def begin() -> None:
    """Tell the rooms that hold clients for long that the server stops. Requests get some seconds to end by themselves."""
    for callback in list(_callbacks):
        callback()


def raise_if_cancelled() -> None:
    """Raise CancelledError if the running task was cancelled. Call it first in an `except Exception` of a loop.

    A cancellation can be lost on its way up: a roll-back that fails while the task is being cancelled raises its own
    error, and a TaskGroup turns the two into an ExceptionGroup. A loop that logs the error and goes on would
    then never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
