"""Which traces are recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gencharge.core.tracing.traceparent import Traceparent
from gencharge.core.tracing_settings import Tracing

# The part of a trace's id that OpenTelemetry's TraceIdRatioBased looks at: other services decide the same.
_LOW: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Sampler:
    """`bound`: a trace is recorded if the lower 64 bits of its id are below it. `follows`: as the trace before, if any."""

    bound: int
    follows: bool

    @classmethod
    def of(cls, settings: Tracing) -> Sampler:
        """What OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say."""
        kind = settings.otel_traces_sampler.removeprefix("parentbased_")
        share = {"always_on": 1.0, "always_off": 0.0}.get(kind, settings.otel_traces_sampler_arg)
        return cls(round(share * (_LOW + 1)), kind != settings.otel_traces_sampler)

    def samples(self, trace_id: int, parent: Traceparent | None) -> bool:
        """Whether the trace is recorded from here on."""
        if parent is not None and self.follows:
            return parent.sampled
        return trace_id & _LOW < self.bound
