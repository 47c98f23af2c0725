"""Samplers decide as OpenTelemetry's do."""

from __future__ import annotations

import random

import pytest

from gencharge.core.tracing.sampling import Sampler
from gencharge.core.tracing.traceparent import Traceparent
from gencharge.core.tracing_settings import Tracing

SAMPLED, UNSAMPLED = Traceparent(1, 1, True), Traceparent((1 << 128) - 1, 1, False)


def sampler(name: str, share: float = 1.0) -> Sampler:
    return Sampler.of(Tracing(otel_traces_sampler=name, otel_traces_sampler_arg=share))


@pytest.mark.parametrize(
    ("name", "root", "after_sampled", "after_unsampled"),
    [
        ("always_on", True, True, True),
        ("always_off", False, False, False),
        ("parentbased_always_on", True, True, False),
        ("parentbased_always_off", False, True, False),
    ],
)
def test_all_or_nothing(name: str, root: bool, after_sampled: bool, after_unsampled: bool) -> None:
    for trace_id in (1, 1 << 64, (1 << 128) - 1):
        decisions = [sampler(name).samples(trace_id, parent) for parent in (None, SAMPLED, UNSAMPLED)]
        assert decisions == [root, after_sampled, after_unsampled]


def test_a_share_is_taken_by_the_lower_half_of_the_trace_id() -> None:
    tenth = sampler("traceidratio", 0.1)
    trace_ids = [random.Random(7).getrandbits(128) for _ in range(1)] + [
        random.getrandbits(128) for _ in range(20_000)
    ]
    share = sum(tenth.samples(trace_id, None) for trace_id in trace_ids) / len(trace_ids)
    assert 0.08 < share < 0.12
    # The bound of OpenTelemetry's TraceIdRatioBased: round(rate * 2**64), compared with the lower 64 bits.
    bound = round(0.1 * (1 << 64))
    assert tenth.samples(bound - 1 | 5 << 64, None)
    assert not tenth.samples(bound | 5 << 64, None)
    # Without `parentbased_` the parent's decision does not count.
    assert tenth.samples(1, UNSAMPLED)


def test_a_share_of_roots_only_follows_the_parent() -> None:
    tenth = sampler("parentbased_traceidratio", 0.1)
    assert tenth.samples((1 << 64) - 1, SAMPLED)
    assert not tenth.samples(1, UNSAMPLED)
    assert not sampler("parentbased_traceidratio", 0.0).samples(0, None)
    assert sampler("parentbased_traceidratio", 1.0).samples((1 << 128) - 1, None)
