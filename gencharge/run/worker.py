"""The worker process: the outbox relay and the jobs. Any number may run side by side."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

import procrastinate

from gencharge import __version__, wiring
from gencharge.core import loading, telemetry
from gencharge.core.background import jobs
from gencharge.core.events.relay import Relay
from gencharge.core.postgres.maintenance import Maintenance, wait_until_open
from gencharge.core.settings import Settings, get_settings
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.stores.stores import Stores
from gencharge.core.stores.timekeeping import Timekeeper
from gencharge.core.tracing import lifecycle as tracing
from gencharge.run import clocks

log = telemetry.get_logger(__name__)
_RESTART_SECONDS = 2.0
_RESCUE_SECONDS = 30.0
# Service managers wait 10 to 30 s before they kill. What is under way gets most of the shortest.
_STOP_SECONDS = 8.0
# A restore in place can wait a little for what is under way; a job that goes on for longer is abandoned.
_CLOSE_SECONDS = 30.0
# If worker and API share a machine, requests go first.
_NICENESS = 10


async def main(settings: Settings | None = None) -> None:
    """Run until SIGTERM or SIGINT; what is under way is finished first."""
    settings = (settings or get_settings()).for_worker()
    telemetry.configure_logging(settings)
    os.nice(_NICENESS)
    if settings.worker_metrics_port:
        _serve_metrics(settings.worker_metrics_host, settings.worker_metrics_port)
    traces = tracing.start(settings, role="worker", version=__version__)
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    try:
        while not stop.is_set():
            await _work_until_closed(settings, stop)
    finally:
        await tracing.close(traces)
    log.info("worker_stopped")


async def _work_until_closed(settings: Settings, stop: asyncio.Event) -> None:
    """Work until it is to stop, or a restore in place begins. After one, everything is opened again: nothing in memory is true any more."""
    if not await _is_open(settings, stop):
        return
    stores = Stores.open(settings, name="gencharge-worker")
    closed, maintenance = asyncio.Event(), Maintenance()

    async def close() -> None:
        closed.set()

    log.info("worker_started", listeners=len(wiring.LISTENERS), jobs=[job.name for job in wiring.JOBS])
    tasks = [
        asyncio.create_task(Relay(stores, wiring.LISTENERS).run(), name="relay"),
        asyncio.create_task(_run_jobs(settings, stores), name="jobs"),
        asyncio.create_task(clocks.watch(stores), name="clock"),
        asyncio.create_task(stores.reading.watch(), name="replica"),
        asyncio.create_task(
            maintenance.watch(
                settings, on_close=close, on_other=close, on_instant=Timekeeper(settings).compare
            ),
            name="maintenance",
        ),
        *(asyncio.create_task(loop(stores), name=loop.__name__) for loop in wiring.LOOPS),
    ]
    loading.end()
    try:
        await _first_of(stop.wait(), closed.wait())
    finally:
        await _end(tasks, stores, stop)


async def _is_open(settings: Settings, stop: asyncio.Event) -> bool:
    """Whether work may begin: waits while the installation is closed; False if this process is to stop."""
    await _first_of(stop.wait(), wait_until_open(settings))
    return not stop.is_set()


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _serve_metrics(host: str, port: int) -> None:
    try:
        telemetry.serve_metrics(port, host=host)
    except OSError as problem:
        # Measuring is no reason not to deliver.
        log.error(
            "metrics_not_served",
            host=host,
            port=port,
            error=str(problem),
            cure="set WORKER_METRICS_PORT to a free port of WORKER_METRICS_HOST, or to 0",
        )


async def _end(tasks: Sequence[asyncio.Task[None]], stores: Stores, stop: asyncio.Event) -> None:
    """Cancel the tasks and close the stores. Ends the process by force if a store that hangs holds that up.

    That is safe: what is not committed comes due again when its lease has run out. If it was closed and not told to `stop`, the exit
    code is 1, so that the service manager starts another.
    """
    for task in tasks:
        task.cancel()
    if not stop.is_set():
        await _first_of(asyncio.wait(tasks), asyncio.wait_for(stop.wait(), _CLOSE_SECONDS))
    # Who says stop while it closes waits no longer than at any other time.
    _, unfinished = await asyncio.wait(tasks, timeout=_STOP_SECONDS if stop.is_set() else 0)
    if not unfinished:
        await stores.close()
        return
    log.warning("worker_stopped_by_force", unfinished=sorted(task.get_name() for task in unfinished))
    os._exit(0 if stop.is_set() else 1)


async def _run_jobs(settings: Settings, stores: Stores) -> None:
    """Keep a Procrastinate worker running: a database that restarts ends one, and the next one starts."""
    while True:
        app = jobs.build(settings, stores, wiring.JOBS)
        try:
            async with app.open_async(), asyncio.TaskGroup() as group:
                rescue = group.create_task(_rescue_stalled(app))
                await app.run_worker_async(
                    concurrency=4,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=_STOP_SECONDS - 1,
                    listen_notify=True,
                )
                rescue.cancel()
        except Exception as error:
            raise_if_cancelled()
            log.warning("job_worker_failed", error=telemetry.scrub(repr(error)))
        await asyncio.sleep(_RESTART_SECONDS)


async def _rescue_stalled(app: procrastinate.App) -> None:
    """Give back the jobs of workers that died: they are triggers only, so running one again is harmless.

    Again and again, and not at the start only: a worker that died a moment ago counts as dead once its heartbeat
    has been missing for half a minute.
    """
    while True:
        for job in await app.job_manager.get_stalled_jobs():
            with suppress(procrastinate.exceptions.ProcrastinateException):
                await app.job_manager.retry_job(job)
        await asyncio.sleep(_RESCUE_SECONDS)
