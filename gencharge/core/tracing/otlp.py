"""Spans as OTLP has them: the only place that imports OpenTelemetry's messages, and only when `encoder` is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from gencharge.core.telemetry import scrub
from gencharge.core.tracing.spans import Span, Value

Encode = Callable[[Sequence[Span]], bytes]
_MAX_TEXT = 1_000
# Ids that were checked or made before they became attributes. No two are alike, so that masking them would cost more than the
# rest of the span.
_RANDOM: Final = frozenset({"gencharge.request_id", "gencharge.endpoint_id"})


def encoder(resource: Mapping[str, str], *, version: str) -> Encode:
    """What makes an ExportTraceServiceRequest of spans. `resource`: what is said about the process."""
    # Imported here: it takes a tenth of a second and 9 MB, and most processes do not trace.
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource
    from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Status
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

    # The same attributes come again and again. By type, too: True and 1 are one key otherwise.
    @lru_cache(maxsize=4_096, typed=True)
    def repeated(name: str, value: Value) -> KeyValue:
        if isinstance(value, bool):
            return KeyValue(key=name, value=AnyValue(bool_value=value))
        if isinstance(value, int):
            return KeyValue(key=name, value=AnyValue(int_value=value))
        return KeyValue(key=name, value=AnyValue(string_value=_clean(value)))

    def attribute(name: str, value: Value) -> KeyValue:
        if name in _RANDOM:
            return KeyValue(key=name, value=AnyValue(string_value=str(value)))
        return repeated(name, value)

    def message(span: Span) -> Message:
        fields: dict[str, Any] = {}
        if span.parent_id:
            fields["parent_span_id"] = span.parent_id.to_bytes(8, "big")
        attributes = [attribute(name, value) for name, value in span.attributes.items()]
        if span.error:
            fields["status"] = Status(code=Status.STATUS_CODE_ERROR)
            attributes.append(attribute("error.type", span.error))
        if span.link is not None:
            trace_id, span_id = span.link.trace_id.to_bytes(16, "big"), span.link.span_id.to_bytes(8, "big")
            fields["links"] = [Message.Link(trace_id=trace_id, span_id=span_id)]
        return Message(
            trace_id=span.trace_id.to_bytes(16, "big"),
            span_id=span.span_id.to_bytes(8, "big"),
            name=_clean(span.name),
            kind=Message.SpanKind.ValueType(int(span.kind)),
            start_time_unix_nano=span.started_at,
            end_time_unix_nano=max(span.ended_at, span.started_at),
            attributes=attributes,
            flags=1,
            **fields,
        )

    about = Resource(attributes=[attribute(name, value) for name, value in resource.items()])
    scope = InstrumentationScope(name="gencharge", version=version)

    def encode(spans: Sequence[Span]) -> bytes:
        parts = [ScopeSpans(scope=scope, spans=[message(span) for span in spans])]
        request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(resource=about, scope_spans=parts)])
        return bytes(request.SerializeToString())

    return encode


@lru_cache(maxsize=4_096)
def _clean(text: str) -> str:
    """`text` masked like a line of the log."""
    return scrub(text[:_MAX_TEXT]).encode("utf-8", "replace").decode()
