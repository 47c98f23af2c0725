"""How far a long run is: a bar in a terminal, a line for each tenth elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn as Remaining

_LINES: Final = 10


class Meter(Protocol):
    """Receives every part of the work."""

    def begin(self, what: str, total: int) -> None:
        """A part of `total` rows begins; the one before it is over."""

    def advance(self, rows: int) -> None:
        """So many more rows are done."""


class Silent:
    """Says nothing: for tests."""

    def begin(self, what: str, total: int) -> None:
        """Nothing."""

    def advance(self, rows: int) -> None:
        """Nothing."""


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def begin(self, what: str, total: int) -> None:
        self._finish()
        self._task = self._progress.add_task(what, total=total)

    def advance(self, rows: int) -> None:
        if self._task is not None:
            self._progress.advance(self._task, rows)

    def _finish(self) -> None:
        if self._task is not None:
            total = self._progress.tasks[self._task].total
            self._progress.update(self._task, completed=total)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._what, self._total, self._done, self._reported = "", 1, 0, 0

    def begin(self, what: str, total: int) -> None:
        self._what, self._total, self._done, self._reported = what, max(total, 1), 0, 0

    def advance(self, rows: int) -> None:
        self._done += rows
        tenths = min(_LINES, _LINES * self._done // self._total)
        if tenths > self._reported:
            self._reported = tenths
            seconds = time.monotonic() - self._began
            self._console.print(f"{self._what}: {100 * tenths // _LINES} % ({seconds:.0f} s)")


@contextmanager
def shown(console: Console) -> Iterator[Meter]:
    """A meter that shows itself on `console`."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description:24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        Remaining(),
    )
    with Progress(*columns, console=console) as progress:
        yield _Bars(progress)
