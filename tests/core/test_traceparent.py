"""`traceparent` is read as W3C Trace Context has it, and anything else is no traceparent."""

from __future__ import annotations

import pytest

from gencharge.core.tracing.traceparent import Traceparent, parse

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("text", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        # Other flags than the one that we know, and a version of the future that says more.
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"cc-{TRACE}-{SPAN}-01-what-comes-later", True),
    ],
)
def test_a_traceparent_is_read(text: str, sampled: bool) -> None:
    assert parse(text) == Traceparent(int(TRACE, 16), int(SPAN, 16), sampled)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-zz",
        f"00_{TRACE}_{SPAN}_01",
        f"00-{'٤' * 32}-{SPAN}-01",
        "x" * 10_000,
    ],
)
def test_what_is_malformed_is_none(text: str) -> None:
    assert parse(text) is None


def test_it_is_written_as_it_is_read() -> None:
    for sampled in (True, False):
        parent = Traceparent(0xA, 0xB, sampled)
        assert len(str(parent)) == 55
        assert parse(str(parent)) == parent
