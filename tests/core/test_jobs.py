"""Jobs: asked for in a transaction, run once it has committed, given back when their worker dies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import procrastinate
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.core import telemetry
from gencharge.core.background import jobs
from gencharge.core.settings import Settings
from gencharge.core.sockets import socket_folder
from gencharge.core.stores.stores import Stores
from gencharge.core.tracing import spans
from gencharge.run import worker
from tests.conftest import database_of, test_settings
from tests.make.collector import collector, tracing
from tests.make.frozen_line import FrozenLine


@pytest.fixture
async def own(servers: Path, worker_id: str) -> AsyncIterator[Stores]:
    """Stores with a queue that no other test works on."""
    stores = Stores.open(test_settings(servers, database_of(servers, worker_id, "jobs")))
    yield stores
    await stores.close()


@asynccontextmanager
async def working(stores: Stores, done: list[Any], **options: Any) -> AsyncIterator[procrastinate.App]:
    async def note(stores: Stores, **payload: Any) -> None:
        done.append(payload)

    app = jobs.build(stores.settings, stores, [jobs.Job("tests.note", note, **options)])
    async with app.open_async():
        yield app


async def work_off(app: procrastinate.App) -> None:
    await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)


async def test_a_job_runs_if_and_only_if_its_transaction_committed(own: Stores) -> None:
    done: list[Any] = []

    async def ask(db: AsyncSession) -> None:
        await jobs.defer(db, "tests.note", user="u-1", count=2)

    async def ask_and_fail(db: AsyncSession) -> None:
        await jobs.defer(db, "tests.note", user="never")
        raise LookupError

    await own.database.run(ask)
    with pytest.raises(LookupError):
        await own.database.run(ask_and_fail)
    async with working(own, done) as app:
        await work_off(app)
    assert done == [{"user": "u-1", "count": 2}]


async def test_a_job_of_a_worker_that_died_is_given_back(own: Stores) -> None:
    done: list[Any] = []

    async def leave_behind(db: AsyncSession) -> None:
        await jobs.defer(db, "tests.note", user="u-2")
        dead = await db.scalar(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 h') RETURNING id"
            )
        )
        await db.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :dead"), {"dead": dead}
        )

    await own.database.run(leave_behind)
    async with working(own, done) as app:
        await work_off(app)
        assert done == []
        rescue = asyncio.create_task(worker._rescue_stalled(app))
        async with asyncio.timeout(5):
            while (
                await own.database.run(lambda db: db.scalar(text("SELECT status FROM procrastinate_jobs")))
                != "todo"
            ):
                await asyncio.sleep(0.02)
        rescue.cancel()
        await work_off(app)
    assert done == [{"user": "u-2"}]


def test_every_job_of_the_product_can_be_registered_with_its_clock(
    settings: Settings, stores: Stores
) -> None:
    app = jobs.build(settings, stores, wiring.JOBS)
    names = {job.name for job in wiring.JOBS}
    assert names <= set(app.tasks)
    assert {name for name, _ in app.periodic_registry.periodic_tasks} == {
        job.name for job in wiring.JOBS if job.cron
    }
    assert {"ledger.verify", "recharge.advance_lines"} <= names


async def test_the_nightly_ledger_check_records_its_result(own: Stores) -> None:
    (verify,) = [job for job in wiring.JOBS if job.name == "ledger.verify"]
    await verify.run(own)

    async def recorded(db: AsyncSession) -> Any:
        return await db.scalar(text("SELECT payload FROM events WHERE topic = 'LedgerVerified'"))

    payload = await own.database.run(recorded)
    assert (payload["breaches"], payload["failed"]) == (0, "")
    assert payload["checks"] == len(wiring.CHECKS)


async def test_a_statement_of_the_queue_that_nobody_answers_is_given_up(
    own: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ANSWER_SECONDS", 0.3)
    path = str(socket_folder(own.settings.data_dir) / ".s.PGSQL.5432")
    async with FrozenLine(path) as line:
        name = own.settings.postgres_url.partition("?")[0].rpartition("/")[2]
        url = f"postgresql://gencharge@127.0.0.1:{line.port}/{name}"
        app = jobs.build(own.settings.model_copy(update={"database_url": url}), own, [])
        async with app.open_async():
            assert await app.connector.execute_query_one_async("SELECT 1 AS one") == {"one": 1}
            line.freeze()
            began_at = time.monotonic()
            with pytest.raises(procrastinate.exceptions.ConnectorException):
                # psycopg waits five seconds for each of two answers to its request to cancel.
                await app.connector.execute_query_one_async("SELECT 2 AS two")
            assert time.monotonic() - began_at < 12
            line.thaw()
            assert await app.connector.execute_query_all_async("SELECT 3 AS three") == [{"three": 3}]


async def test_a_job_goes_on_with_the_trace_of_what_asked_for_it(own: Stores) -> None:
    done: list[Any] = []
    with collector() as there, tracing(own.settings, there):

        async def ask(db: AsyncSession) -> None:
            with spans.work("request", spans.Kind.SERVER, {}) as traceparent:
                telemetry.set_context(telemetry.RequestContext(request_id="r", traceparent=traceparent))
                await jobs.defer(db, "tests.note", user="u-1")

        await own.database.run(ask)
        telemetry.set_context(telemetry.RequestContext(request_id=""))
        async with working(own, done) as app:
            await work_off(app)
    # The payload that the job sees is its own.
    assert done == [{"user": "u-1"}]
    [request], [job] = there.named("request"), there.named("job tests.note")
    assert (job.trace_id, job.parent_id, job.kind) == (request.trace_id, request.span_id, 5)


async def test_a_job_on_the_clock_begins_a_trace_and_one_that_fails_is_marked(own: Stores) -> None:
    async def fail(stores: Stores) -> None:
        raise LookupError("canary")

    with collector() as there, tracing(own.settings, there):
        app = jobs.build(own.settings, own, [jobs.Job("tests.fail", fail)])
        async with app.open_async():
            await app.configure_task("tests.fail").defer_async()
            await work_off(app)
    [job] = there.named("job tests.fail")
    assert (job.parent_id, job.failed, job.attributes["error.type"]) == ("", True, "LookupError")


async def test_without_tracing_a_jobs_payload_is_as_it_was(own: Stores) -> None:
    await own.database.run(lambda db: jobs.defer(db, "tests.note", user="u-1"))
    args = await own.database.run(
        lambda db: db.scalar(text("SELECT args FROM procrastinate_jobs ORDER BY id DESC"))
    )
    assert args == {"user": "u-1"}
