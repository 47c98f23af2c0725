"""Whether the clocks of an installation agree: this machine's, the stores', the API's and the workers'.

Signatures, access tokens and codes are dated. A machine whose clock is minutes off has its recharges refused by operators, and
tokens that another machine signed are refused as expired or not valid yet.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.stores.redis import is_away

if TYPE_CHECKING:
    from gencharge.core.settings import Settings
    from gencharge.core.stores.stores import Stores

# Half of what a token may be dated ahead of the machine that reads it (`sessions.tokens.LEEWAY_SECONDS`).
ALLOWED_SECONDS: Final = 5.0
_PREFIX: Final = "gencharge:clock:"
_EVERY_SECONDS: Final = 60.0
_KEPT_SECONDS: Final = 180
_PATIENCE_SECONDS: Final = 3
log = telemetry.get_logger(__name__)


async def watch(stores: Stores) -> None:
    """Compare this worker's clock with PostgreSQL's each minute, for as long as it runs."""
    while True:
        try:
            await measure(stores)
        except Exception as error:
            raise_if_cancelled()
            if not isinstance(error, Unavailable) and not is_away(error):
                log.warning("clock_not_measured", error=telemetry.scrub(repr(error)))
        await asyncio.sleep(_EVERY_SECONDS)


async def measure(stores: Stores) -> float:
    """By how many seconds this process's clock is ahead of PostgreSQL's; kept in Redis, where `gencharge doctor` finds it."""
    before = time.time()
    row = await stores.database.fetch_row("SELECT extract(epoch FROM clock_timestamp())::float8 AS seconds")
    assert row is not None, "a SELECT without FROM gives a row"
    ahead: float = (before + time.time()) / 2 - row["seconds"]
    telemetry.CLOCK_AHEAD.set(ahead)
    if abs(ahead) > ALLOWED_SECONDS:
        log.error("clock_is_off", ahead_of_postgresql_seconds=round(ahead, 1), cure="set it by NTP")
    name = f"{_PREFIX}worker {os.getpid()} on {socket.gethostname()}"
    await stores.redis.set(name, f"{ahead:.3f}", ex=_KEPT_SECONDS)
    return ahead


def examine(settings: Settings) -> tuple[str, str]:
    """What `gencharge doctor` says about the clocks: their state, and what is wrong and what to do ("" if nothing is)."""
    clocks = read(settings)
    if not clocks:
        return "nothing runs that has another clock", ""
    widest = max(clocks.values(), key=abs)
    state = f"{', '.join(clocks)}: at most {abs(widest):.1f} s from this machine's"
    return state, problem_with(clocks)


def problem_with(clocks: Mapping[str, float]) -> str:
    """What is wrong with clocks that are so many seconds ahead of this machine's, and what to do; "" if nothing is."""
    wrong = [
        f"{name} is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine"
        for name, ahead in clocks.items()
        if abs(ahead) > ALLOWED_SECONDS
    ]
    return f"{'; '.join(wrong)}: set the clocks by NTP (timedatectl set-ntp true)" if wrong else ""


def read(settings: Settings) -> dict[str, float]:
    """By how many seconds each clock that answers is ahead of this machine's."""
    sources: dict[str, Callable[[Settings], float]] = {
        "PostgreSQL": _postgres,
        "Redis": _redis,
        "API": _api,
    }
    clocks: dict[str, float] = {}
    for name, ask in sources.items():
        # What does not answer has a line of its own in the report.
        with suppress(Exception):
            before = time.time()
            clocks[name] = ask(settings) - (before + time.time()) / 2
    with suppress(Exception):
        for name, ahead in _workers(settings).items():
            clocks[name] = ahead + clocks.get("PostgreSQL", 0.0)
    return clocks


def _postgres(settings: Settings) -> float:
    import psycopg

    with psycopg.connect(settings.postgres_url, connect_timeout=_PATIENCE_SECONDS) as connection:
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    assert row is not None
    return float(row[0])


def _redis(settings: Settings) -> float:
    with _client(settings) as client:
        seconds, microseconds = client.time()
    return float(seconds) + float(microseconds) / 1e6


def _workers(settings: Settings) -> dict[str, float]:
    with _client(settings) as client:
        keys = list(client.scan_iter(f"{_PREFIX}*", count=1_000))
        return {key.removeprefix(_PREFIX): float(client.get(key)) for key in keys}


def _client(settings: Settings) -> Any:
    from gencharge.core.stores.redis import connect_blocking

    return connect_blocking(settings.redis_server_url, timeout_seconds=_PATIENCE_SECONDS)


def _api(settings: Settings) -> float:
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", "/health/live")
        date = connection.getresponse().getheader("Date", "")
    finally:
        connection.close()
    # It says whole seconds only.
    return parsedate_to_datetime(date).timestamp() + 0.5
