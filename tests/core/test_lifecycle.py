"""Tracing is on exactly while a process with an endpoint runs, and loads nothing otherwise."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

from gencharge.core.settings import Settings
from gencharge.core.tracing import lifecycle, spans
from tests.make.collector import collector, traced, tracing

LOADED = """
from gencharge.core import loading; loading.begin()
import os, sys
from gencharge.core.settings import Settings
import gencharge.api.main, gencharge.run.worker
from gencharge.core.tracing import lifecycle
for endpoint in ("", "http://127.0.0.1:9"):
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
    exporter = lifecycle.start(Settings(), role="test", version="0")
    print(exporter is not None, *(name in sys.modules for name in ("opentelemetry.proto", "google.protobuf")))
    lifecycle.stop(exporter)
"""


def test_without_an_endpoint_nothing_is_on(settings: Settings) -> None:
    exporter = lifecycle.start(settings, role="test", version="0")
    assert (exporter, spans.tracer) == (None, None)
    lifecycle.stop(exporter)


def test_with_an_endpoint_it_is_on_until_it_is_stopped(settings: Settings) -> None:
    with collector() as there:
        with tracing(settings, there, otel_service_name="shop", trace_continue_incoming=True):
            assert spans.tracer is not None
            assert spans.tracer.continues_incoming
            with spans.work("job", spans.Kind.INTERNAL, {}):
                pass
        assert spans.tracer is None
        assert there.wait_for("job").service == "shop-test"


def test_the_end_is_bounded_while_the_collector_is_frozen(settings: Settings) -> None:
    with collector(frozen=True) as there:
        exporter = lifecycle.start(traced(settings, there), role="test", version="0")
        with spans.work("job", spans.Kind.INTERNAL, {}):
            pass
        began = time.monotonic()
        lifecycle.stop(exporter, seconds=0.2)
        assert time.monotonic() - began < 2
        assert spans.tracer is None


async def test_closing_holds_up_nobody_else(settings: Settings) -> None:
    with collector(frozen=True) as there:
        exporter = lifecycle.start(traced(settings, there), role="test", version="0")
        with spans.work("job", spans.Kind.INTERNAL, {}):
            pass
        closing = asyncio.create_task(lifecycle.close(exporter))
        for _ in range(10):
            await asyncio.sleep(0.01)
        assert not closing.done()
        there.thawed.set()
        await closing
    await lifecycle.close(None)


def test_a_process_that_does_not_trace_loads_no_messages_of_opentelemetry() -> None:
    environment = {"LOG_LEVEL": "ERROR", "PATH": "/usr/bin"}
    run = subprocess.run(
        [sys.executable, "-c", LOADED], env=environment, capture_output=True, text=True, timeout=100
    )
    lines = [line for line in run.stdout.splitlines() if line.startswith(("True", "False"))]
    # Without an endpoint first, then with one: loading them takes the process that has loaded all else.
    assert lines == ["False False False", "True True True"], run.stderr
