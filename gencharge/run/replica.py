"""The read replica on the command line: its row of `gencharge doctor`, and commands that read there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from gencharge.run.database_login import without_password
from gencharge.run.embedded import ServerFailed
from gencharge.run.report import Row

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

OnReplica = Annotated[
    bool,
    typer.Option(
        "--replica",
        help="Read from DATABASE_REPLICA_URL, once it has all that is committed now, and nowhere else.",
    ),
]


@contextmanager
def one_line() -> Iterator[None]:
    """A replica that can't be used is a failure that the user can mend. Raises ServerFailed."""
    from gencharge.core.postgres.replica import ReplicaNotUsed

    try:
        yield
    except ReplicaNotUsed as problem:
        raise ServerFailed(str(problem)) from None


def examine(settings: Settings) -> list[Row]:
    """A row, if there is a replica. Takes DATABASE_REPLICA_MAX_LAG_SECONDS at most, if it lags."""
    if not settings.replica_url:
        return []
    row = Row("Replica", origin=f"DATABASE_REPLICA_URL {without_password(settings.replica_url)}")
    started = time.perf_counter()
    try:
        with one_line():
            seconds, is_open = asyncio.run(_ping(settings))
            row.latency = f"{seconds * 1000:.1f} ms"
    except ServerFailed as problem:
        row.state, row.problem = "not used; the primary answers", str(problem)
    else:
        row.state = f"has what was committed {time.perf_counter() - started:.1f} s ago"
        if is_open and not settings.is_development:
            row.problem = (
                "the connection to it is not encrypted, and customers' data goes over it: turn on TLS"
            )
    return [row]


async def _ping(settings: Settings) -> tuple[float, bool]:
    """The seconds of an answer, and whether the connection is open to others."""
    from gencharge.core.postgres.database import Database
    from gencharge.core.postgres.replica import Reading

    primary = Database(settings, name="gencharge-doctor")
    reading = Reading(settings, primary, name="gencharge-doctor")
    try:
        replica = await reading.catch_up()
        started = time.perf_counter()
        await replica.ping()
        return time.perf_counter() - started, reading.is_open
    finally:
        await reading.close()
        await primary.close()
