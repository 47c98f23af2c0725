"""What each file of tests costs, as a table at the end of a run without workers:

.venv/bin/python -m pytest -p tests.cost tests/wallet

CPU seconds (user and system) of this process before, in and after the tests, of the children that it waited for, and of the
three servers; and how many Python processes the tests start from nothing. They hardly depend on what else the machine does; the seconds of the clock do. What a forked process of the product
uses (tests/make/fork_server.py) is not in it, nor what a server does for an earlier file when it notices that file's end.
"""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Generator
from contextlib import suppress
from functools import cache
from typing import Any

import psutil
import pytest

_CPU = ("setup", "call", "teardown", "children", "postgres", "mongod", "redis")
_COLUMNS = ("tests", "clock", *_CPU, "pythons")
_SERVERS = {"postgres": "postgres", "mongod": "mongod", "redis-server": "redis"}
_costs: dict[str, defaultdict[str, float]] = {}
_running: list[str] = []
_at_start: dict[str, float] = {}


@cache
def _servers() -> dict[str, psutil.Process]:
    """The servers of this run, by the column of each."""
    folder, servers = os.environ["GENCHARGE_TEST_SERVERS"], {}
    for process in reversed(psutil.Process().children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # a connection to PostgreSQL that has just ended
            name = process.name()
            for start, column in _SERVERS.items():
                if name.startswith(start) and folder in " ".join(process.cmdline()):
                    servers[column] = process
    return servers


def _cpu_of(process: psutil.Process) -> float:
    """What it used, with its children: PostgreSQL has one for each connection."""
    total = 0.0
    for one in (process, *process.children()):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue  # counted with its parent's from now on
        total += times.user + times.system
        if one is process:
            total += times.children_user + times.children_system
    return total


def _own() -> dict[str, float]:
    times = os.times()
    return {
        "clock": time.perf_counter(),
        "own": time.process_time(),
        "children": times.children_user + times.children_system,
    }


def _close_file() -> None:
    """What the servers used since the last reading is the cost of the file that ran until now."""
    now = {column: _cpu_of(process) for column, process in _servers().items()}
    if _running:
        for column, reading in now.items():
            _cost_of(_running[-1])[column] += reading - _at_start[column]
    _at_start.update(now)


def _cost_of(path: str) -> defaultdict[str, float]:
    return _costs.setdefault(path, defaultdict(float))


def _count_pythons(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: a Python process starts. The launcher of the embedded servers is none that loads anything."""
    words = [str(word) for word in arguments[1]] if event == "subprocess.Popen" else []
    if _running and words[:1] == [sys.executable] and "-I" not in words:
        _cost_of(_running[-1])["pythons"] += 1


def pytest_configure() -> None:
    """Look at what is started. A hook can't be taken off again; this run is all that there is."""
    sys.addaudithook(_count_pythons)


def pytest_runtest_logstart(location: tuple[str, int | None, str]) -> None:
    """A new file begins?"""
    if _running[-1:] != [location[0]]:
        _close_file()
        _running.append(location[0])


def _measured(item: pytest.Item, phase: str) -> Generator[None, Any, Any]:
    before = _own()
    try:
        return (yield)
    finally:
        cost = _cost_of(item.location[0])
        for name, reading in _own().items():
            cost[phase if name == "own" else name] += reading - before[name]
        cost["tests"] += phase == "call"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """The fixtures."""
    return (yield from _measured(item, "setup"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """The test itself."""
    return (yield from _measured(item, "call"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """The ends of the fixtures."""
    return (yield from _measured(item, "teardown"))


def pytest_sessionfinish() -> None:
    """The last file's servers, before they stop."""
    _close_file()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The dearest file first."""
    spent = {path: sum(cost[name] for name in _CPU) for path, cost in _costs.items()}
    terminalreporter.write_line(f"{'':50}" + "".join(f"{name:>10}" for name in _COLUMNS))
    for path in sorted(spent, key=spent.__getitem__, reverse=True):
        row = "".join(f"{_costs[path][name]:10.1f}" for name in _COLUMNS)
        terminalreporter.write_line(f"{path[-50:]:50}{row}")
