"""Every customer is in a segment, and each segment says what it means."""

from __future__ import annotations

import itertools

from gencharge.analytics.segments import FREQUENCY, MONEY_RUPEES, RECENCY_DAYS, SEGMENTS


def test_whatever_the_scores_one_segment_takes_them() -> None:
    taken = set()
    for scores in itertools.product(range(1, 6), repeat=3):
        taken.add(
            next(
                segment.key
                for segment in SEGMENTS
                if all(
                    own >= minimum
                    for own, minimum in zip(
                        scores, (segment.recency, segment.frequency, segment.money), strict=True
                    )
                )
            )
        )
    assert taken == {segment.key for segment in SEGMENTS}, "none is hidden by those before it"


def test_bounds_go_from_the_best_score_down() -> None:
    assert list(RECENCY_DAYS) == sorted(RECENCY_DAYS)
    for bounds in (FREQUENCY, MONEY_RUPEES):
        assert list(bounds) == sorted(bounds, reverse=True)
    assert all(segment.means.endswith(".") for segment in SEGMENTS)
