"""The span of a request: its method, its route's template, its status, and nothing that a client chose."""

from __future__ import annotations

import re
from typing import Final

from starlette.types import Scope

from gencharge.core.telemetry import RequestContext
from gencharge.core.tracing import spans
from gencharge.core.tracing.traceparent import Traceparent, parse

# What we and proxies make ourselves. A client's own may be anything, also somebody's number.
_RANDOM_ID: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_SERVER_ERROR: Final = 500


def begin(tracer: spans.Tracer, scope: Scope, context: RequestContext) -> None:
    """Begin the request's trace, or continue its caller's where the settings trust it; otherwise the new one links to that."""
    incoming = _incoming(scope)
    parent = incoming if tracer.continues_incoming else None
    span, context.traceparent = spans.begin("", spans.Kind.SERVER, {}, parent=parent)
    if span is not None and parent is None:
        span.link = incoming


def end(method: str, route: str, status: int, context: RequestContext) -> None:
    """End the request's span. `route`: the template. A status of 0: the answer never began."""
    span = spans.current()
    if span is None:
        return
    known = method != "OTHER"
    span.name = f"{method} {route}" if known else f"HTTP {route}"
    span.attributes["http.request.method"] = method if known else "_OTHER"
    span.attributes["http.route"] = route
    span.attributes["gencharge.actor_kind"] = context.actor_kind
    if status:
        span.attributes["http.response.status_code"] = status
    if _RANDOM_ID.fullmatch(context.request_id):
        span.attributes["gencharge.request_id"] = context.request_id
    spans.end(span, str(status) if status >= _SERVER_ERROR or not status else "")


def _incoming(scope: Scope) -> Traceparent | None:
    """What the caller sent. Two of them are none (W3C Trace Context, section 4.3)."""
    values = [value for name, value in scope["headers"] if name == b"traceparent"]
    return parse(values[0].decode("latin-1").strip()) if len(values) == 1 else None
