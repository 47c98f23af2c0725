"""Ctrl-C and its kin, turned into one exception."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

# How soon the stop is tried again where Python could not pass it on.
_AGAIN_SECONDS: Final = 0.01


class Stop(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal: not an error, so no `except Exception` may catch it."""


class StopSignals:
    """The first stop signal raises Stop; every later one is ignored, so that nothing interrupts the stop itself.

    A terminal and `make` often send two at once. Python runs a handler between any two steps, also in a finalizer or in the callback of
    a weak reference; what is raised there goes nowhere but to a hook. Then it is raised once more a little later.
    """

    def __init__(self) -> None:
        # Under nohup a closed terminal is no reason to stop.
        hang_up = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
        self._numbers = [signal.SIGINT, signal.SIGTERM, *hang_up]
        self._held = False
        self._arrived = False
        self._report = sys.unraisablehook

    def __enter__(self) -> Self:
        for number in (*self._numbers, signal.SIGALRM):
            signal.signal(number, self._stop)
        self._report = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        return self

    def __exit__(self, *_error: object) -> None:
        self._arrived = True
        for number in (*self._numbers, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        sys.unraisablehook = self._report

    def _unraisable(self, lost: UnraisableHookArgs) -> None:
        if isinstance(lost.exc_value, Stop):
            self._arrived = False
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
        else:
            self._report(lost)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        # The handlers stay as they are: for a signal that waits for its handler and finds it removed, Python prints
        # "ignored due to race condition" with a traceback.
        if self._arrived:
            return
        self._arrived = True
        if not self._held:
            raise Stop

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let a signal wait until the end of this block: a process that was started must be known before the stop."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._arrived:
            raise Stop
