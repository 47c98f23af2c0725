"""A collector for tests: a real HTTP server that reads OTLP's protobuf and answers as the test sets it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gencharge.core.settings import Settings
from gencharge.core.tracing import lifecycle

_WAIT_SECONDS = 20.0


@dataclass(frozen=True)
class Received:
    """A span as it came."""

    service: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    links: list[str]
    failed: bool
    nanoseconds: int


@dataclass
class Collector:
    """What came, and what is answered. `frozen`: nothing is answered until it is set."""

    base: str = ""
    status: int = 200
    spans: list[Received] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    thawed: threading.Event = field(default_factory=threading.Event)
    posts: int = 0

    def named(self, name: str) -> list[Received]:
        """The spans of this name."""
        return [span for span in self.spans if span.name == name]

    def wait(self, condition: Callable[[], object]) -> None:
        """Return when it holds; AssertionError after 20 s."""
        until = time.monotonic() + _WAIT_SECONDS
        while not condition():
            assert time.monotonic() < until, [span.name for span in self.spans]
            time.sleep(0.01)

    def wait_for(self, name: str) -> Received:
        """The first span of this name."""
        self.wait(lambda: self.named(name))
        return self.named(name)[0]


@contextmanager
def collector(*, frozen: bool = False, port: int = 0) -> Iterator[Collector]:
    """A collector on a free port, or on this one."""
    state = Collector()
    if not frozen:
        state.thawed.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.posts += 1
            state.thawed.wait(_WAIT_SECONDS)
            if state.status == 200 and self.path == "/v1/traces":
                state.bodies.append(body)
                state.headers.append({name.lower(): value for name, value in self.headers.items()})
                state.spans.extend(read(body))
            self.send_response(state.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    state.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.thawed.set()
        server.shutdown()
        server.server_close()
        thread.join()


def read(body: bytes) -> list[Received]:
    """The spans of an ExportTraceServiceRequest."""
    spans = list[Received]()
    for part in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = _values(part.resource.attributes)
        for scope in part.scope_spans:
            for span in scope.spans:
                spans.append(
                    Received(
                        service=resource["service.name"],
                        name=span.name,
                        kind=span.kind,
                        trace_id=span.trace_id.hex(),
                        span_id=span.span_id.hex(),
                        parent_id=span.parent_span_id.hex(),
                        attributes=_values(span.attributes),
                        links=[link.trace_id.hex() for link in span.links],
                        failed=span.status.code == 2,
                        nanoseconds=span.end_time_unix_nano - span.start_time_unix_nano,
                    )
                )
    return spans


def _values(attributes: Any) -> dict[str, Any]:
    return {entry.key: getattr(entry.value, entry.value.WhichOneof("value")) for entry in attributes}


def traced(settings: Settings, collector: Collector, **overrides: object) -> Settings:
    """These settings, with this collector."""
    return settings.model_copy(update={"otel_exporter_otlp_endpoint": collector.base} | overrides)


@contextmanager
def tracing(settings: Settings, collector: Collector, **overrides: object) -> Iterator[Settings]:
    """Trace this process to the collector; what is queued at the end is sent."""
    own = traced(settings, collector, **overrides)
    exporter = lifecycle.start(own, role="test", version="0")
    try:
        yield own
    finally:
        lifecycle.stop(exporter, seconds=10)
