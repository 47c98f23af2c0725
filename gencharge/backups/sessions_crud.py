"""Work on the tables of a database in several sessions at once: a restore reads each of them, and one session uses one core."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from gencharge.backups import crud
from gencharge.backups.crud import Connection

R = TypeVar("R")
SESSIONS: Final = max(1, min(4, os.cpu_count() or 1))


def for_each_table(
    url: str,
    database: str,
    tables: Sequence[str],
    work: Callable[[Connection, str], R],
    *,
    begin: Callable[[Connection], None] | None = None,
    sessions: int = SESSIONS,
) -> dict[str, R]:
    """Do the work for each table, those that come first are begun first; what it returned. For a database that nobody writes into: each session sees
    an instant of its own. `begin` is called at the beginning of each session, which is one transaction; without it each statement is one.

    Raises psycopg.Error, and what the work raises; then no more is begun."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for table in tables:
        waiting.put(table)
    results = dict[str, R]()

    def session() -> None:
        with crud.connected(url, database, autocommit=begin is None) as connection:
            if begin is not None:
                begin(connection)
            while True:
                try:
                    table = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    results[table] = work(connection, table)
                except BaseException:
                    while not waiting.empty():
                        waiting.get_nowait()
                    raise

    with ThreadPoolExecutor(sessions, thread_name_prefix="tables") as threads:
        for future in [threads.submit(session) for _ in range(min(sessions, len(tables)))]:
            future.result()
    return results
