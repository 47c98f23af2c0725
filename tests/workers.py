"""Tests in several processes, each forked from the one that has collected them: `pytest --workers 4`.

To import and collect all tests takes ten seconds of CPU, which pytest-xdist spends in each of its workers. A worker gets one file after
another, those that take longest (tests/long_files.txt) first, so that all workers end at about the same time. A worker that
dies fails the test that it ran; another one takes its place.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import pytest

from gencharge.run.processes import end_with_parent

LONG_FILES = Path(__file__).with_name("long_files.txt")
# The ends of fixtures may stop whole installations.
_STOP_SECONDS = 120
_HEAD = "# Files of tests that take 5 s or more, with their seconds; written by `pytest --workers 5 --write-long-files`.\n"
_LONG_SECONDS = 5
_fork = multiprocessing.get_context("fork")
_name = "master"
_SUMMARY = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def worker_id() -> str:
    """`gw0`, `gw1`, ... in a worker; `master` in a run without workers."""
    return _name


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--workers` and `--write-long-files`."""
    parser.addoption("--workers", type=int, default=0, help="run the tests in so many processes")
    parser.addoption(
        "--write-long-files", action="store_true", help=f"write {LONG_FILES.name}, by which they are ordered"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Take the place of pytest's own loop, if there are to be workers."""
    options = session.config.option
    if not options.workers or options.collectonly or not session.items:
        return None
    if session.testsfailed and not options.continue_on_collection_errors:
        return None  # pytest says so
    if options.usepdb:
        raise pytest.UsageError("--pdb needs the tests in this process: --workers 0")
    Run(session).run()
    return True


def unit_of(item: pytest.Item) -> str:
    """What one worker runs as a whole: a file, or a folder whose tests share a fixture that takes long to make."""
    fixtures = item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
    path = item.nodeid.partition("::")[0]
    return str(Path(path).parent) if any(each[-1].scope == "package" for each in fixtures) else path


def seconds_of_files() -> dict[str, float]:
    """How long the files take that take long, by their paths."""
    if not LONG_FILES.exists():
        return {}
    lines = [line.split() for line in LONG_FILES.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    return {path: float(seconds) for seconds, path in lines}


def units(items: Sequence[pytest.Item], seconds: dict[str, float]) -> list[list[int]]:
    """The numbers of the tests of each unit, the longest unit first; others in the order of their tests."""
    together: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        together.setdefault(unit_of(item), []).append(number)

    def seconds_of(numbers: list[int]) -> float:
        return sum(seconds.get(path, 0) for path in {items[one].nodeid.partition("::")[0] for one in numbers})

    return sorted(together.values(), key=seconds_of, reverse=True)


@dataclass
class Worker:
    """A worker as its parent sees it."""

    number: int
    process: ForkProcess
    connection: Connection
    # The tests that it has got and not reported yet. It runs the first one.
    tests: deque[int] = field(default_factory=deque)
    last: int = 0


class Run:
    """All tests of a session, in workers."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        self._hook = session.config.hook
        self._waiting = deque(units(session.items, seconds_of_files()))
        self._workers: dict[Connection, Worker] = {}
        self._seconds: dict[str, float] = {}
        self._ends: list[float] = []
        self._began_at = time.monotonic()

    def run(self) -> None:
        """Return when all tests have run; raises what pytest's own loop raises when it is to stop."""
        if threading.active_count() > 1:
            raise RuntimeError(f"a process with threads can't be forked: {threading.enumerate()}")
        self._session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        try:
            for number in range(min(self._session.config.option.workers, len(self._waiting))):
                self._start(number)
            while self._workers:
                for connection in wait([*self._workers]):
                    assert isinstance(connection, Connection)
                    self._listen(self._workers[connection])
                if self._session.shouldfail:
                    raise self._session.Failed(self._session.shouldfail)
                if self._session.shouldstop:
                    raise self._session.Interrupted(self._session.shouldstop)
        finally:
            self._end()
        self._note()

    def _start(self, number: int) -> None:
        connection, inner = _fork.Pipe()
        others = [connection, *self._workers]
        process = _fork.Process(target=_work, args=(self._session, number, inner, others, os.getpid()))
        process.start()
        inner.close()
        self._workers[connection] = Worker(number, process, connection)

    def _listen(self, worker: Worker) -> None:
        """Read one message of a worker: None if it wants another file, or what a test has reported."""
        try:
            message = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            self._ended(worker)
            return
        if message is None:
            numbers = self._waiting.popleft() if self._waiting else []
            worker.tests.extend(numbers)
            with suppress(BrokenPipeError):
                worker.connection.send(numbers)
            return
        number, reports, alerts = message
        worker.last = worker.tests.popleft()
        assert number == worker.last
        for alert in alerts:
            self._hook.pytest_warning_recorded.call_historic(kwargs=_warning(alert))
        for data in reports:
            self._report(self._hook.pytest_report_from_serializable(config=self._session.config, data=data))
        item = self._session.items[number]
        self._hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    def _report(self, report: pytest.TestReport) -> None:
        path = report.nodeid.partition("::")[0]
        self._seconds[path] = self._seconds.get(path, 0) + report.duration
        self._hook.pytest_runtest_logreport(report=report)

    def _ended(self, worker: Worker) -> None:
        del self._workers[worker.connection]
        worker.connection.close()
        worker.process.join()
        code = worker.process.exitcode or 0
        self._ends.append(time.monotonic() - self._began_at)
        if code == 0 and not worker.tests:
            return
        ended = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        number = worker.tests.popleft() if worker.tests else worker.last
        item = self._session.items[number]
        self._report(
            pytest.TestReport(
                nodeid=item.nodeid,
                location=item.location,
                keywords={},
                outcome="failed",
                longrepr=f"the worker gw{worker.number} {ended}; it ran, or had just run, {item.nodeid}",
                when="call",
            )
        )
        if worker.tests:
            self._waiting.appendleft([*worker.tests])
        if self._waiting:
            self._start(worker.number)

    def _end(self) -> None:
        """End the workers that are left, as Ctrl-C would end each of them: with the ends of its fixtures."""
        for worker in self._workers.values():
            worker.connection.close()
            if worker.process.pid:
                with suppress(ProcessLookupError):
                    os.kill(worker.process.pid, signal.SIGINT)
        end = time.monotonic() + _STOP_SECONDS
        for worker in self._workers.values():
            worker.process.join(max(0, end - time.monotonic()))
            if worker.process.exitcode is None:
                worker.process.kill()
                worker.process.join()

    def _note(self) -> None:
        """Keep what the summary tells, and write the list of long files if that was asked for."""
        config = self._session.config
        ends = ", ".join(f"{seconds:.0f}" for seconds in sorted(self._ends))
        config.stash[_SUMMARY] = f"The workers ended after {ends} s."
        if config.option.write_long_files:
            lines = [
                f"{seconds:.0f} {path}\n"
                for path, seconds in sorted(self._seconds.items(), key=lambda each: (-each[1], each[0]))
                if seconds >= _LONG_SECONDS
            ]
            LONG_FILES.write_text(_HEAD + "".join(lines), encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """When each worker ended: far apart, and a file is too long, or missing in the list of long files."""
    if line := config.stash.get(_SUMMARY, ""):
        terminalreporter.write_line(line)


class Reporter:
    """In a worker: collects what is to be told of a test."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._reports: list[Any] = []
        self._alerts: list[Any] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase of the test is over."""
        hook = self._config.hook.pytest_report_to_serializable
        self._reports.append(hook(config=self._config, report=report))

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str, location: Any
    ) -> None:
        """A warning that is no error."""
        place = (warning_message.filename, warning_message.lineno)
        self._alerts.append((str(warning_message.message), *place, when, nodeid, location))

    def take(self) -> tuple[list[Any], list[Any]]:
        """The reports and warnings since the last call."""
        collected = self._reports, self._alerts
        self._reports, self._alerts = [], []
        return collected


def _warning(alert: Any) -> dict[str, Any]:
    text, filename, line, when, nodeid, location = alert
    message = warnings.WarningMessage(UserWarning(text), UserWarning, filename, line)
    return {"warning_message": message, "when": when, "nodeid": nodeid, "location": location}


def _work(
    session: pytest.Session, number: int, connection: Connection, others: list[Connection], parent: int
) -> None:
    """What a worker does: run files of tests until there are no more."""
    global _name
    for other in others:
        other.close()
    os.setsid()  # Ctrl-C in a terminal reaches the parent, which ends the workers
    # Also where it is ignored, as in the background of a shell without job control: it is how the parent stops a worker.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    end_with_parent(parent)
    _name = f"gw{number}"
    config, reporter = session.config, Reporter(session.config)
    config.pluginmanager.unregister(name="terminalreporter")
    config.pluginmanager.register(reporter)
    reporter.take()  # warnings that the parent knows, of which a new plugin is told
    # The files that it writes what it captures to are the parent's: two processes would write into each other's text.
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
    capture.suspend_global_capture()
    folder = config._tmp_path_factory.getbasetemp() / _name  # type: ignore[attr-defined]
    folder.mkdir(exist_ok=True)
    config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined]
    try:
        for index, item, following in _tests(session, connection):
            config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            connection.send((index, *reporter.take()))
            if session.shouldfail or session.shouldstop:
                break
    except (KeyboardInterrupt, BrokenPipeError):
        pass  # the parent stops
    finally:
        session._setupstate.teardown_exact(None)


def _tests(
    session: pytest.Session, connection: Connection
) -> Iterator[tuple[int, pytest.Item, pytest.Item | None]]:
    """Number, test, and the one after it. The next file is asked for before the last test of one: fixtures that both use stay."""
    waiting: deque[int] = deque()

    def ask() -> None:
        connection.send(None)
        waiting.extend(connection.recv())

    ask()
    while waiting:
        index = waiting.popleft()
        if not waiting:
            ask()
        yield index, session.items[index], session.items[waiting[0]] if waiting else None
