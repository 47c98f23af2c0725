"""Jobs: work that runs later or on a clock. A thin port to Procrastinate.

A job is only a trigger. Its payload is ids, the truth is a row of the room's own table with an instant when it is due, and the job
takes whatever is due then; so a job that is lost, repeated or late changes nothing but the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import orjson
import procrastinate
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.postgres.connection import UNACKNOWLEDGED_MS
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.tracing import spans

QUEUE: Final = "gencharge"
# How long Procrastinate's own statements may take. They are small.
ANSWER_SECONDS: Final = 5.0
# Beside a job's own payload: the traceparent of what asked for it. Only while tracing is on.
_TRACEPARENT: Final = "_traceparent"
# For libpq: a worker notices within seconds that the network swallows its packets, even while it only listens.
_PATIENCE: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "tcp_user_timeout": UNACKNOWLEDGED_MS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A job: its name (`room.verb`), what it does, and when it runs by itself.

    `cron` has five fields, or six with seconds last, in UTC; empty means that it only runs when it is deferred.
    """

    name: str
    run: Callable[..., Awaitable[None]]  # (stores, **payload)
    cron: str = ""


_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :name, 0, NULL, :queueing_lock, CAST(:payload AS jsonb), CAST(:at AS timestamptz))
        ::procrastinate_job_to_defer_v1])
""")


async def defer(db: AsyncSession, name: str, *, at: datetime | None = None, **payload: str | int) -> None:
    """Ask for a run of the job `name`, at `at` or at once, if and only if the running transaction commits."""
    if traceparent := telemetry.context().traceparent:
        payload[_TRACEPARENT] = traceparent
    parameters = {
        "queue": QUEUE,
        "name": name,
        "queueing_lock": None,
        "payload": orjson.dumps(payload).decode(),
        "at": at,
    }
    await db.execute(_DEFER, parameters)


class _BoundedConnector(procrastinate.PsycopgConnector):
    """Procrastinate's connections, on which a statement that nobody answers ends at our end, too.

    psycopg then asks the server to cancel the statement and waits for that for some seconds, so it takes up to ten more until the
    connection is dropped. The worker starts again on new ones.
    """

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        async with _in_time():
            await super().execute_query_async(query, **arguments)

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        async with _in_time():
            row: dict[str, Any] = await super().execute_query_one_async(query, **arguments)
            return row

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        async with _in_time():
            rows: list[dict[str, Any]] = await super().execute_query_all_async(query, **arguments)
            return rows


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except TimeoutError as error:
        raise procrastinate.exceptions.ConnectorException from error


def build(settings: Settings, stores: Stores, jobs: Sequence[Job]) -> procrastinate.App:
    """The Procrastinate application of a worker process, with its own psycopg pool."""
    connector = _BoundedConnector(
        conninfo=settings.postgres_url,
        kwargs=_PATIENCE | {"options": _options(settings)},
        min_size=1,
        max_size=4,
    )
    app = procrastinate.App(connector=connector)
    for job in jobs:
        _register(app, stores, job)
    return app


def _options(settings: Settings) -> str:
    role = f" -c role={settings.database_app_role}" if settings.database_app_role else ""
    return f"-c timezone=UTC -c statement_timeout={settings.database_statement_timeout_ms}{role}"


def _register(app: procrastinate.App, stores: Stores, job: Job) -> None:
    async def run(timestamp: int | None = None, **payload: Any) -> None:
        del timestamp  # the tick of a periodic run; the job looks at what is due instead
        parent = payload.pop(_TRACEPARENT, "")
        with (
            telemetry.JOB_SECONDS.labels(job.name).time(),
            spans.work(f"job {job.name}", spans.Kind.CONSUMER, {}, parent=parent) as traceparent,
        ):
            context = telemetry.RequestContext(request_id=f"job:{job.name}", traceparent=traceparent)
            telemetry.set_context(context)
            await job.run(stores, **payload)

    task: Any = app.task(
        name=job.name,
        queue=QUEUE,
        # A database that is away is waited for; anything else is tried again a few times, then seen in the queue.
        retry=procrastinate.RetryStrategy(max_attempts=8, exponential_wait=3),
    )(run)
    if job.cron:
        # The queueing lock keeps ticks from piling up behind a slow run or a stopped worker.
        app.periodic(cron=job.cron, queueing_lock=job.name)(task)
