"""`gencharge doctor`: what runs, where it comes from, what is wrong and what to do."""

from __future__ import annotations

import asyncio
import http.client
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gencharge.run import clocks, database_login, providers, recoverability, replica
from gencharge.run.database_login import without_password
from gencharge.run.embedded import EmbeddedServers, Server, ServerFailed, disk
from gencharge.run.report import Report, Row

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

_TIMEOUT_SECONDS: Final = 3


@dataclass(frozen=True)
class Answer:
    """A store that answered."""

    version: str
    latency_ms: float
    problem: str | None = None


def require(settings: Settings, store: str) -> None:
    """Raise ServerFailed with one clear line unless the store answers."""
    server = _servers(settings)[store]
    try:
        _ask(settings, server)
    except Exception as problem:
        raise ServerFailed(_unreachable(settings, server, problem)) from None


def require_postgres_at(url: str, setting: str) -> None:
    """Raise ServerFailed with one clear line, which names the setting, unless a PostgreSQL answers there."""
    try:
        _probe_postgres(url)
    except Exception as problem:
        raise ServerFailed(_not_reachable("PostgreSQL", url, problem, setting)) from None


def examine(settings: Settings) -> Report:
    """Ask every store, and look at what they run on."""
    # Side by side, because a store that is away takes its whole time limit to say so.
    with ThreadPoolExecutor() as threads:
        rows = threads.map(lambda server: _examine_store(settings, server), _servers(settings).values())
        report = Report(list(rows))
    report.rows.insert(0, _examine_settings(settings))
    report.rows += [
        *replica.examine(settings),
        _examine_schema(settings),
        _examine_data_keys(settings),
        _examine_api(settings),
        _examine_sandbox(settings),
        _examine_clocks(settings),
        _examine_python(),
        _examine_disk(settings),
        *recoverability.examine(settings),
        *providers.examine(settings),
    ]
    return report


def _servers(settings: Settings) -> dict[str, Server]:
    servers = EmbeddedServers(settings.data_dir)
    return {"postgres": servers.postgres, "mongo": servers.mongo, "redis": servers.redis}


def _configured_url(settings: Settings, store: str) -> str:
    return {
        "postgres": settings.database_url,
        "mongo": settings.mongo_url,
        "redis": settings.redis_url,
    }[store]


def _url(settings: Settings, store: str) -> str:
    return {
        "postgres": settings.postgres_url,
        "mongo": settings.mongodb_url,
        "redis": settings.redis_server_url,
    }[store]


def _ask(settings: Settings, server: Server) -> Answer:
    if not _configured_url(settings, server.name) and not server.socket.exists():
        raise ServerFailed(server.unreachable)
    return _PROBES[server.name](_url(settings, server.name))


def _unreachable(settings: Settings, server: Server, problem: Exception) -> str:
    url = _configured_url(settings, server.name)
    if not url:
        return server.unreachable
    return _not_reachable(server.label, url, problem, server.setting)


def _not_reachable(label: str, url: str, problem: Exception, setting: str) -> str:
    reason = next(
        (line.strip() for line in str(problem).splitlines() if line.strip()), type(problem).__name__
    )
    # The driver's own time limits and its picture of the servers say nothing to who reads this.
    reason = reason.partition(" (configured timeouts")[0].partition(", Timeout: ")[0]
    return (
        f"{label} at {without_password(url)} isn't reachable ({reason[:200]}): start it, or correct {setting}"
    )


def _examine_store(settings: Settings, server: Server) -> Row:
    url = _configured_url(settings, server.name)
    row = Row(server.label, origin=f"{server.setting} {without_password(url)}" if url else "embedded")
    try:
        answer = _ask(settings, server)
    except Exception as problem:
        if url:
            row.state, row.problem = "not reachable", _unreachable(settings, server, problem)
        else:
            _examine_stopped(server, row, problem)
        return row
    row.version, row.state, row.latency = answer.version, "running", f"{answer.latency_ms:.1f} ms"
    row.problem = answer.problem or ""
    if not url:
        row.origin = _origin(server)
    return row


def _examine_stopped(server: Server, row: Row, problem: Exception) -> None:
    """What can be said about an embedded server that does not answer."""
    try:
        row.origin, row.version = _origin(server), server.version
        row.problem = server.binary.problem() or ""
    except ServerFailed as missing:
        row.state, row.problem = "not installed", str(missing)
        return
    row.state = "not running; `make run` starts it"
    if server.left_running():
        row.state = "running, but does not answer"
        row.problem = row.problem or f"{problem}: see {server.log}"


def _origin(server: Server) -> str:
    try:
        return f"embedded, {server.binary.origin}"
    except ServerFailed:
        return "embedded"


def http_status(host: str, port: int, path: str, timeout: float = _TIMEOUT_SECONDS) -> int | None:
    """The status that the API answers to GET `path`; None if nobody listens."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _examine_settings(settings: Settings) -> Row:
    # Where a command found no file it works with the defaults, which are a development installation's.
    file = Path(str(settings.model_config.get("env_file"))).resolve()
    origin = (
        str(file) if file.is_file() else f"{file.parent} has no .env: the environment and the defaults only"
    )
    return Row("Settings", origin=origin, state=settings.environment.value)


def _examine_api(settings: Settings) -> Row:
    row = Row("API", origin=f"http://{settings.host}:{settings.port}")
    status, latency = _timed(lambda: http_status(settings.host, settings.port, "/health/ready"))
    if status is None:
        command = "make run" if settings.is_development else "gencharge serve"
        row.state = f"not running; `{command}` starts it"
        return row
    row.latency = f"{latency:.1f} ms"
    row.state = "ready" if status == 200 else "not ready"
    if status != 200:
        row.problem = f"{row.origin}/health/ready answers {status}; it says which store is missing"
    return row


def _examine_schema(settings: Settings) -> Row:
    from gencharge.core.postgres import migrations

    row = Row("Schema", version=migrations.head())
    try:
        started = migrations.current(settings) is not None
        pending = migrations.pending(settings)
    except Exception:
        row.problem = database_login.problem_with(settings) or ""
        row.state = "not usable" if row.problem else "unknown: PostgreSQL does not answer"
        return row
    if not started:
        row.state = "none yet; `gencharge migrate` makes it"
        return row
    row.state = "not this version's" if pending else "up to date"
    if pending:
        more = f" (and {len(pending) - 1} more)" if len(pending) > 1 else ""
        cure = "this is an older program" if migrations.is_ahead(settings) else "run `gencharge migrate`"
        row.problem = f"{pending[0]}{more}: {cure}"
    elif problem := database_login.problem_with(settings):
        row.state, row.problem = "not usable", problem
    elif problem := database_login.session_problem(settings):
        row.problem = problem
    elif not settings.is_development and database_login.owns_tables(settings.postgres_url):
        row.problem = "DATABASE_URL owns the tables: give it a login in gencharge_app only, and keep the owner for `migrate`"
    return row


def _examine_data_keys(settings: Settings) -> Row:
    from gencharge.run import data_keys

    try:
        state, problem = asyncio.run(data_keys.examine(settings))
    except Exception:
        return Row(
            "Data keys", state="unknown: PostgreSQL or MongoDB does not answer, or has no such table yet"
        )
    return Row("Data keys", state=state, problem=problem)


def _examine_sandbox(settings: Settings) -> Row:
    row = Row("Sandbox", origin=f"http://127.0.0.1:{settings.sandbox_port}")
    if not settings.sandbox_port or not settings.is_development:
        row.origin, row.state = "", "not needed here"
        return row
    status, latency = _timed(lambda: http_status("127.0.0.1", settings.sandbox_port, "/health/live"))
    if status == 200:
        row.state, row.latency = "running", f"{latency:.1f} ms"
    elif status is None:
        row.state = "not running; `make run` starts it"
    else:
        row.problem = f"something else listens on port {settings.sandbox_port}: stop it, or set SANDBOX_PORT"
    return row


def _examine_clocks(settings: Settings) -> Row:
    state, problem = clocks.examine(settings)
    return Row("Clocks", state=state, problem=problem)


def _examine_python() -> Row:
    return Row("Python", platform.python_version(), sys.executable, platform.platform(terse=True))


def _examine_disk(settings: Settings) -> Row:
    embedded = not all(_configured_url(settings, store) for store in _PROBES)
    # With stores of one's own nothing is written to DATA_DIR.
    folder = settings.data_dir.resolve() if embedded else settings.storage_folder
    free, needed = disk.free_bytes(folder), disk.NEW_DATA_BYTES
    row = Row("Data" if embedded else "Files", origin=str(folder), state=f"{free / 1e9:.1f} GB free")
    row.problem = disk.problem_with(folder, "DATA_DIR" if embedded else "STORAGE_DIR")
    if embedded and free < needed and not row.problem:
        row.problem = f"new stores need {needed // 10**6} MB: make room, or set DATA_DIR to another disk"
    return row


def _timed(ask: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return ask(), (time.perf_counter() - started) * 1000


def _probe_postgres(url: str) -> Answer:
    import psycopg

    with psycopg.connect(url, connect_timeout=_TIMEOUT_SECONDS, autocommit=True) as connection:
        _, latency = _timed(lambda: connection.execute("SELECT 1").fetchone())
        row = connection.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('full_page_writes')"
        ).fetchone()
    assert row is not None
    unsafe = (
        "fsync or full_page_writes is off: a crash loses money; turn both on" if "off" in row[1:] else None
    )
    return Answer(row[0].split()[0], latency, unsafe)


def _probe_mongo(url: str) -> Answer:
    from pymongo import MongoClient

    client: MongoClient[dict[str, Any]] = MongoClient(url, serverSelectionTimeoutMS=_TIMEOUT_SECONDS * 1000)
    with client:
        version = client.server_info()["version"]
        _, latency = _timed(lambda: client.admin.command("ping"))
    return Answer(version, latency)


def _probe_redis(url: str) -> Answer:
    from gencharge.core.stores.redis import connect_blocking

    with connect_blocking(url, timeout_seconds=_TIMEOUT_SECONDS) as client:
        facts: Any = client.info("server")
        _, latency = _timed(client.ping)
    return Answer(str(facts["redis_version"]), latency)


_PROBES: Final[dict[str, Callable[[str], Answer]]] = {
    "postgres": _probe_postgres,
    "mongo": _probe_mongo,
    "redis": _probe_redis,
}
