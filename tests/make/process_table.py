"""What the table of processes says of those that we watch. Any of them may end while it is asked."""

from __future__ import annotations

from collections.abc import Iterable

import psutil


def command_line(process: psutil.Process) -> str:
    """Its command line; empty once it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # also one that has ended, and that its parent has not waited for
        return ""


def names(processes: Iterable[psutil.Process]) -> set[str]:
    """The names of those that still run, such as `postgres`."""
    running = set()
    for process in processes:
        try:
            running.add(process.name())
        except psutil.NoSuchProcess:
            continue
    return running


def outliving(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after `seconds`."""
    _, alive = psutil.wait_procs(list(processes), timeout=seconds)
    running = []
    for process in alive:
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                running.append(process)
        except psutil.NoSuchProcess:
            continue
    return running
