"""What goes to the collector: OTLP's protobuf, with what must not leave the house masked."""

from __future__ import annotations

from gencharge.core.tracing import otlp
from gencharge.core.tracing.spans import Kind, Span
from gencharge.core.tracing.traceparent import Traceparent
from tests.make import collector

ENCODE = otlp.encoder({"service.name": "gencharge-test"}, version="1")


def span(name: str = "x", **attributes: str | int | bool) -> Span:
    one = Span(0xA, 0xB, 0, name, Kind.CLIENT, attributes)
    one.ended_at = one.started_at + 5_000
    return one


def test_a_span_arrives_as_it_is() -> None:
    child = span("GET /v1/plans", count=3, flag=True, text="so")
    child.parent_id = 0xC
    child.link = Traceparent(0xD, 0xE, True)
    child.error = "TimeoutError"
    [one] = collector.read(ENCODE([child]))
    assert (one.service, one.name, one.kind) == ("gencharge-test", "GET /v1/plans", 3)
    assert (int(one.trace_id, 16), int(one.span_id, 16), int(one.parent_id, 16)) == (0xA, 0xB, 0xC)
    assert (len(one.trace_id), len(one.span_id), one.nanoseconds) == (32, 16, 5_000)
    assert one.attributes == {"count": 3, "flag": True, "text": "so", "error.type": "TimeoutError"}
    assert one.failed
    assert [int(link, 16) for link in one.links] == [0xD]


def test_a_root_has_no_parent_and_what_went_well_no_error() -> None:
    [one] = collector.read(ENCODE([span()]))
    assert (one.parent_id, one.failed, one.links) == ("", False, [])


def test_numbers_addresses_and_tokens_are_masked_wherever_they_stand() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"
    planted = span(
        "call 9876543210", a="to canary.person@example.com", b=f"Bearer {token}", c="+919876543210"
    )
    body = ENCODE([planted])
    for secret in (b"987654", b"canary", b"eyJ"):
        assert secret not in body
    [one] = collector.read(body)
    assert one.attributes["a"] == "to c***@example.com"


def test_a_text_that_is_too_long_or_no_unicode_is_sent_all_the_same() -> None:
    [one] = collector.read(ENCODE([span(long="x" * 5_000, broken="\ud800")]))
    assert (len(one.attributes["long"]), one.attributes["broken"]) == (1_000, "?")


def test_a_clock_that_was_set_back_makes_no_span_end_before_it_began() -> None:
    back = span()
    back.ended_at = back.started_at - 1_000_000
    assert collector.read(ENCODE([back]))[0].nanoseconds == 0
