"""Sends spans to the collector, from a thread. Nothing waits for it.

What is recorded goes into a queue. When that is full, spans are dropped and counted: a collector that is away, slow or
frozen costs some megabytes and no request anything. A batch that was refused for the moment is sent again after a pause;
one line says that the collector is in trouble, and one that it is back.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Final

import httpx
from prometheus_client import Counter

from gencharge.core import telemetry
from gencharge.core.tls import tls
from gencharge.core.tracing.otlp import Encode
from gencharge.core.tracing.spans import Span

# Some 15 MB. At 1,000 requests a second, all of them traced, the queue is full after three seconds.
QUEUE: Final = 8_192
# Encoding one takes a few milliseconds, for which the thread holds the interpreter.
BATCH: Final = 500
PAUSE_SECONDS: Final = 1.0
TIMEOUT_SECONDS: Final = 5.0
# Within the second that the stores get to close.
STOP_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 30.0
# What may be sent again later (OTLP/HTTP, "Retryable Response Codes"). Any other refusal is final.
_LATER: Final = frozenset({429, 502, 503, 504})
_MAX_ANSWER_BYTES: Final = 65_536

EXPORTED: Final = Counter("gencharge_spans_exported_total", "Spans that the collector took")
DROPPED: Final = Counter("gencharge_spans_dropped_total", "Spans that the collector did not take in time")
log = telemetry.get_logger(__name__)


class Exporter:
    """One per process that traces. `stop` it."""

    def __init__(
        self, url: str, headers: Mapping[str, str], encode: Encode, *, pause_seconds: float = PAUSE_SECONDS
    ) -> None:
        self._url = url
        self._headers = {**headers, "content-type": "application/x-protobuf"}
        self._encode = encode
        self._pause_seconds = pause_seconds
        self._queue = deque[Span]()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._failures = 0
        self._dropped = 0
        self._counting = threading.Lock()
        # A daemon: an interpreter that ends does not wait for a collector that is frozen.
        self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
        self._thread.start()

    def take(self, span: Span) -> None:
        """Queue a span that has ended, or drop it if there is no place. Never waits."""
        queued = len(self._queue)
        if queued >= QUEUE:
            self._drop(1)
            return
        self._queue.append(span)
        if queued + 1 == BATCH:
            self._wake.set()

    def stop(self, *, seconds: float = STOP_SECONDS) -> bool:
        """Send what is queued, for so many seconds at most. True if all was sent or refused in that time."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        with httpx.Client(
            timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, verify=tls()
        ) as client:
            while not self._stopping.is_set():
                self._wake.wait(self._pause_seconds)
                self._wake.clear()
                while self._queue and self._send(client, self._batch()):
                    pass
            # One attempt for what is left: a collector that refuses the first batch would refuse the others.
            while self._queue and not self._failures:
                self._send(client, self._batch())
        self._drop(len(self._queue))
        if self._dropped:
            log.warning("spans_dropped", spans=self._dropped, endpoint=self._url)

    def _batch(self) -> list[Span]:
        return [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]

    def _send(self, client: httpx.Client, batch: list[Span]) -> bool:
        """Send a batch until the collector has taken or refused it. False if the process stops before."""
        try:
            body = self._encode(batch)
        except Exception as error:
            return self._refused(batch, repr(error))
        while True:
            problem, later = self._post(client, body)
            if not problem:
                return self._taken(batch)
            if not later:
                return self._refused(batch, problem)
            self._report(problem)
            if self._stopping.wait(min(2.0**self._failures, _LONGEST_PAUSE_SECONDS) / 2):
                self._drop(len(batch))
                return False

    def _post(self, client: httpx.Client, body: bytes) -> tuple[str, bool]:
        """What went wrong, empty if nothing did; and whether it may go well later."""
        try:
            with client.stream("POST", self._url, content=body, headers=self._headers) as answer:
                received = 0
                for part in answer.iter_raw():
                    received += len(part)
                    if received > _MAX_ANSWER_BYTES:
                        break
        except (httpx.HTTPError, OSError) as error:
            return f"{type(error).__name__}: {error}", True
        if answer.is_success:
            return "", False
        return f"answered {answer.status_code}", answer.status_code in _LATER

    def _taken(self, batch: list[Span]) -> bool:
        EXPORTED.inc(len(batch))
        if self._failures:
            log.info("traces_exported_again", endpoint=self._url, spans_dropped=self._dropped)
        self._failures = self._dropped = 0
        return True

    def _refused(self, batch: list[Span], problem: str) -> bool:
        self._drop(len(batch))
        self._report(problem)
        return True

    def _report(self, problem: str) -> None:
        if not self._failures:
            log.warning("traces_not_exported", endpoint=self._url, error=telemetry.scrub(problem)[:300])
        self._failures += 1

    def _drop(self, count: int) -> None:
        with self._counting:
            self._dropped += count
        DROPPED.inc(count)
