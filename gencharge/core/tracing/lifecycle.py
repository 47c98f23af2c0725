"""Turns tracing on when a process starts, if there is an endpoint, and off when it ends."""

from __future__ import annotations

import asyncio
import os
import platform

from gencharge.core import telemetry
from gencharge.core.settings import Settings
from gencharge.core.tracing import otlp, spans
from gencharge.core.tracing.exporter import STOP_SECONDS, Exporter
from gencharge.core.tracing.sampling import Sampler

log = telemetry.get_logger(__name__)


def start(settings: Settings, *, role: str, version: str) -> Exporter | None:
    """Trace from now on; None if OTEL_EXPORTER_OTLP_ENDPOINT is empty. `role`: `api` or `worker`.

    Before the stores are opened: clients that are made earlier are not traced.
    """
    if not settings.traces_url:
        return None
    resource = {
        "service.name": f"{settings.otel_service_name}-{role}",
        "service.version": version,
        "service.instance.id": f"{platform.node()}:{os.getpid()}",
        "deployment.environment.name": settings.environment.value,
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "gencharge",
    }
    encode = otlp.encoder(resource, version=version)
    exporter = Exporter(settings.traces_url, settings.traces_headers, encode)
    spans.tracer = spans.Tracer(
        Sampler.of(settings), exporter.take, continues_incoming=settings.trace_continue_incoming
    )
    log.info("tracing_started", endpoint=settings.traces_url, sampler=settings.otel_traces_sampler)
    return exporter


def stop(exporter: Exporter | None, *, seconds: float = STOP_SECONDS) -> None:
    """Stop tracing, and send what is left for so many seconds at most."""
    if exporter is None:
        return
    spans.tracer = None
    if not exporter.stop(seconds=seconds):
        log.warning("traces_left_behind", seconds=seconds)


async def close(exporter: Exporter | None) -> None:
    """`stop`, without holding up the loop."""
    if exporter is not None:
        await asyncio.to_thread(stop, exporter)
