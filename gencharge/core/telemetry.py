"""Logs and metrics. One JSON object a line; a request's id, and who asked, on every line of it.

A secret, a code, a token, a whole phone number or e-mail address or a person's name is never a log field:
`_drop_secrets` masks them by name and by shape, as the last processor before the renderer.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import orjson
import structlog
from prometheus_client import Counter, Gauge, Histogram, start_http_server

from gencharge.core.settings import Settings
from gencharge.core.values.email import mask_emails
from gencharge.core.values.phone import mask_numbers

SECRET_NAMES: Final = frozenset(
    {
        "otp",
        "code",
        "token",
        "access_token",
        "refresh_token",
        "authorization",
        "password",
        "secret",
        "cookie",
        "pan",
        "totp",
        "totp_secret",
        "recovery_code",
        "recovery_codes",
        "webhook_secret",
        "api_key",
        "private_key",
        "cvv",
        "pin",
    }
)
# A field that holds a person's name. A plain `name` may be a plan's or a role's.
PERSONS_NAMES: Final = re.compile(
    r"^((first|middle|last|full|given|family|user|admin|customer|sender|contact|recipient|referrer|approver"
    r"|(account_)?holder)_name|surname|nickname)s?$"
)
# The values of a row that PostgreSQL refused, and of an argument that the driver did.
_ROW: Final = re.compile(r"(DETAIL: |invalid input for query argument \$\d+: ).*")
_JWT: Final = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]+")

REQUESTS: Final = Counter("gencharge_http_requests_total", "Requests answered", ["method", "route", "status"])
REQUEST_SECONDS: Final = Histogram(
    "gencharge_http_request_seconds",
    "Time from a request's first byte to its answer's last",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
EVENTS_DELIVERED: Final = Counter("gencharge_events_delivered_total", "Events delivered", ["listener"])
EVENTS_FAILED: Final = Counter("gencharge_events_failed_total", "Failed deliveries of events", ["listener"])
EVENTS_PARKED: Final = Counter(
    "gencharge_events_parked_total", "Deliveries parked for an admin to look at", ["listener"]
)
JOB_SECONDS: Final = Histogram("gencharge_job_seconds", "Run time of jobs", ["job"])
OPERATOR_CALLS: Final = Histogram(
    "gencharge_operator_call_seconds", "Calls of operators' APIs", ["channel", "call", "verdict"]
)
WEBHOOKS_OVERDUE: Final = Gauge(
    "gencharge_webhooks_overdue_seconds", "How long the oldest pending webhook message has existed"
)
CLOCK_AHEAD: Final = Gauge(
    "gencharge_clock_ahead_seconds", "How far this worker's clock is ahead of PostgreSQL's"
)
UNRESOLVED: Final = Gauge("gencharge_ledger_problems", "Differences that the last ledger check found")


@dataclass(slots=True)
class RequestContext:
    """Who asked, from where, under which id: stamped on every log line and event of the request."""

    request_id: str
    address: str = ""
    actor_kind: str = "system"
    actor_id: str = ""
    # Set by a guard: the answer shows customers' numbers and addresses masked (`core.http.masked`).
    masks_contacts: bool = False
    # The trace, and the span within it, that this belongs to (`core.tracing`); empty if tracing is off.
    traceparent: str = ""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits; empty if tracing is off."""
        return self.traceparent[3:35]


_context: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def context() -> RequestContext:
    """The running request's context, or that of the system outside of requests."""
    return _context.get() or RequestContext(request_id="")


def set_context(value: RequestContext) -> None:
    """Make `value` the context of this task and of those that it starts."""
    _context.set(value)


def serve_metrics(port: int, *, host: str = "127.0.0.1") -> Callable[[], None]:
    """Answer Prometheus on this port of `host`, from a thread; returns what ends it. Raises OSError if it is taken, or if this machine has no such address."""
    server, thread = start_http_server(port, addr=host)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


def get_logger(name: str) -> Any:
    """A structured logger: `log.info("plan_recharged", recharge_id=...)`.

    It stays a proxy until it is used: one that were bound here, when its module is imported, would keep structlog's
    defaults and know nothing of `configure_logging`, masking included.
    """
    return structlog.get_logger(source=name)


def configure_logging(settings: Settings) -> None:
    """Send our logs and the libraries' (at WARNING) to standard output, in the format that was asked for."""
    as_json = settings.log_format == "json"
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_context,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _drop_secrets,
    ]
    # A traceback is text before the secrets are dropped; frames are never shown with their variables.
    renderer: Any = _render if as_json else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level)),
        # Standard output is looked up at each line, so that a later redirection works.
        logger_factory=_bytes_logger if as_json else structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _StdoutHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _as_text(renderer)],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def access_log(settings: Settings) -> AccessLog | None:
    """What writes a line for each request; None if the settings turn it off."""
    if not settings.access_log or settings.log_level in {"WARNING", "ERROR"}:
        return None
    return _write_access_json if settings.log_format == "json" else _write_access_text


class AccessLog(Protocol):
    """Writes one request's line. Its fields are ours (route template, numbers, ids), so nothing has to be scrubbed."""

    def __call__(
        self, context: RequestContext, *, method: str, route: str, status: int, seconds: float
    ) -> None: ...


def _write_access_json(
    context: RequestContext, *, method: str, route: str, status: int, seconds: float
) -> None:
    line = {
        "event": "request",
        "level": "info",
        "timestamp": datetime.now(UTC),
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 2),
        "request_id": context.request_id,
        "actor_id": context.actor_id,
    }
    if context.traceparent:
        line["trace_id"] = context.trace_id
    sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def _write_access_text(
    context: RequestContext, *, method: str, route: str, status: int, seconds: float
) -> None:
    _access.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 2))


_access: Final = get_logger("gencharge.access")
_counters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Add a request to the metrics."""
    key = (method, route, status)
    metrics = _counters.get(key)
    if metrics is None:
        metrics = _counters[key] = (REQUESTS.labels(*key), REQUEST_SECONDS.labels(method, route))
    metrics[0].inc()
    metrics[1].observe(seconds)


def _bytes_logger(*_arguments: Any) -> structlog.BytesLogger:
    return structlog.BytesLogger(sys.stdout.buffer)


class _StdoutHandler(logging.Handler):
    """Writes the libraries' records to what standard output is now."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stdout.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


def _render(_logger: Any, _name: str, event: Any) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def _as_text(renderer: Any) -> Any:
    def render(logger: Any, name: str, event: Any) -> str:
        line = renderer(logger, name, event)
        return line.decode() if isinstance(line, bytes) else str(line)

    return render


def _add_context(_logger: Any, _name: str, event: Any) -> Any:
    current = _context.get()
    if current is not None:
        event.setdefault("request_id", current.request_id)
        if current.actor_id:
            event.setdefault("actor_id", current.actor_id)
        if current.traceparent:
            event.setdefault("trace_id", current.trace_id)
    return event


def _drop_secrets(_logger: Any, _name: str, event: Any) -> Any:
    for key, value in event.items():
        if key in SECRET_NAMES:
            event[key] = "[hidden]"
        elif isinstance(value, str):
            event[key] = f"{value[:1]}***" if PERSONS_NAMES.match(key) else scrub(value)
    return event


def scrub(text: str) -> str:
    """`text` with phone numbers and e-mail addresses masked, tokens and rows cut, and line breaks encoded (log injection,
    CWE-117)."""
    text = _ROW.sub(r"\1[hidden]", mask_emails(cut_tokens(mask_numbers(text))))
    return text.replace("\r", "\\r").replace("\n", "\\n") if "Traceback" not in text else text


def cut_tokens(text: str) -> str:
    """`text` with every JWT in it replaced by `[token]`."""
    return _JWT.sub("[token]", text)
