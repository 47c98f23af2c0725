"""The exporter: whatever the collector does, nobody waits for it, and the log has one line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import pytest

from gencharge.core import telemetry
from gencharge.core.settings import Settings
from gencharge.core.tracing import exporter as exporting
from gencharge.core.tracing import otlp
from gencharge.core.tracing.exporter import BATCH, QUEUE, Exporter
from gencharge.core.tracing.spans import Kind, Span
from tests.make.collector import Collector, collector

ENCODE = otlp.encoder({"service.name": "gencharge-test"}, version="1")


def span(name: str = "x") -> Span:
    one = Span(1, 2, 0, name, Kind.INTERNAL, {})
    one.ended_at = one.started_at
    return one


@contextmanager
def exporting_to(base: str, encode: otlp.Encode = ENCODE) -> Iterator[Exporter]:
    exporter = Exporter(f"{base}/v1/traces", {"authorization": "Bearer x"}, encode, pause_seconds=0.02)
    try:
        yield exporter
    finally:
        exporter.stop(seconds=10)


@pytest.fixture
def log_lines(settings: Settings, capfd: pytest.CaptureFixture[str]) -> Iterator[list[dict[str, object]]]:
    """What was logged, once `read` is called; afterwards logging is as the other tests have it."""
    telemetry.configure_logging(settings.model_copy(update={"log_level": "INFO", "log_format": "json"}))
    lines: list[dict[str, object]] = []
    yield lines
    telemetry.configure_logging(settings)


def read(capfd: pytest.CaptureFixture[str]) -> list[str]:
    return [orjson.loads(line)["event"] for line in capfd.readouterr().out.splitlines()]


def test_spans_arrive_in_batches_with_the_headers() -> None:
    with collector() as there, exporting_to(there.base) as exporter:
        for number in range(2 * BATCH + 5):
            exporter.take(span(str(number)))
        there.wait(lambda: len(there.spans) == 2 * BATCH + 5)
    assert [int(one.name) for one in there.spans] == list(range(2 * BATCH + 5))
    assert there.headers[0]["authorization"] == "Bearer x"
    assert there.headers[0]["content-type"] == "application/x-protobuf"


def test_what_is_queued_at_the_end_is_sent() -> None:
    with collector() as there:
        exporter = Exporter(f"{there.base}/v1/traces", {}, ENCODE, pause_seconds=60)
        exporter.take(span("last"))
        assert exporter.stop(seconds=10)
    assert there.named("last")


@pytest.mark.usefixtures("log_lines")
def test_a_collector_that_is_away_is_one_line_and_so_is_its_return(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_LONGEST_PAUSE_SECONDS", 0.02)
    with collector() as there:
        there.status = 503
        with exporting_to(there.base) as exporter:
            exporter.take(span("kept"))
            there.wait(lambda: there.posts > 4)
            there.status = 200
            assert there.wait_for("kept")
            exporter.take(span("next"))
            there.wait_for("next")
    assert read(capfd) == ["traces_not_exported", "traces_exported_again"]


@pytest.mark.usefixtures("log_lines")
def test_nobody_at_the_endpoint_is_one_line(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_LONGEST_PAUSE_SECONDS", 0.02)
    with exporting_to("http://127.0.0.1:9") as exporter:
        exporter.take(span())
        time.sleep(0.3)
    assert read(capfd) == ["traces_not_exported", "spans_dropped"]


@pytest.mark.usefixtures("log_lines")
@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_final_refusal_drops_the_batch_and_goes_on(capfd: pytest.CaptureFixture[str], status: int) -> None:
    with collector() as there, exporting_to(there.base) as exporter:
        there.status = status
        exporter.take(span("refused"))
        there.wait(lambda: there.posts == 1)
        exporter.take(span("refused, too"))
        there.wait(lambda: there.posts == 2)
        there.status = 200
        exporter.take(span("taken"))
        there.wait_for("taken")
    assert [one.name for one in there.spans] == ["taken"]
    assert read(capfd) == ["traces_not_exported", "traces_exported_again"]


@pytest.mark.usefixtures("log_lines")
def test_a_span_that_cant_be_encoded_takes_only_its_batch_along(capfd: pytest.CaptureFixture[str]) -> None:
    def encode(batch: object) -> bytes:
        return ENCODE(batch) if batch[0].name != "bad" else b"".join([1])  # type: ignore[list-item]

    with collector() as there, exporting_to(there.base, encode) as exporter:
        exporter.take(span("bad"))
        while exporter._queue:
            time.sleep(0.01)
        exporter.take(span("good"))
        there.wait_for("good")
    assert read(capfd) == ["traces_not_exported", "traces_exported_again"]


def full(exporter: Exporter, there: Collector) -> float:
    """Fill the queue of a collector that is frozen; the seconds that the slowest `take` took."""
    exporter.take(span())
    there.wait(lambda: there.posts == 1)
    slowest = 0.0
    for _ in range(QUEUE + 500):
        one = span()
        began = time.perf_counter()
        exporter.take(one)
        slowest = max(slowest, time.perf_counter() - began)
    return slowest


def test_a_frozen_collector_costs_a_bounded_queue_and_no_time() -> None:
    dropped = exporting.DROPPED._value.get()
    with collector(frozen=True) as there, exporting_to(there.base) as exporter:
        assert full(exporter, there) < 0.5
        assert len(exporter._queue) == QUEUE
        assert exporting.DROPPED._value.get() - dropped == 500
        began = time.monotonic()
        assert not exporter.stop(seconds=0.3)
        assert time.monotonic() - began < 2
        there.thawed.set()
