"""`traceparent`: the trace and the span that something belongs to (W3C Trace Context, level 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_HEADER: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_SAMPLED: Final = 1


@dataclass(frozen=True, slots=True)
class Traceparent:
    """A span by its two ids, and whether its trace is recorded."""

    trace_id: int
    span_id: int
    sampled: bool

    def __str__(self) -> str:
        """As the header has it."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{'01' if self.sampled else '00'}"


def parse(text: str) -> Traceparent | None:
    """What a header or a stored row says; None if it is not a traceparent. A later version may say more, which is left out."""
    match = _HEADER.fullmatch(text)
    if match is None:
        return None
    version, trace, span, flags, more = match.groups()
    trace_id, span_id = int(trace, 16), int(span, 16)
    if version == "ff" or (version == "00" and more) or not trace_id or not span_id:
        return None
    return Traceparent(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))
