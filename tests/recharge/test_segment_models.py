"""Every customer is in a segment, and each segment says what it means."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest

from gencharge.recharge.segment_models import (
    FREQUENCY,
    MONEY_RUPEES,
    RECENCY_DAYS,
    SEGMENTS,
    SegmentKey,
    segment_of,
)


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


@pytest.mark.parametrize(
    ("days", "recharges", "rupees", "segment"),
    [
        (35, 8, 2_500, "champions"),
        (35.1, 8, 2_500, "loyal"),
        (35, 8, 2_499, "loyal"),
        (70, 4, 0, "loyal"),
        (35, 3, 9_000, "promising"),
        (70, 3, 9_000, "fading"),
        (140, 8, 2_500, "cannot_lose"),
        (140, 7, 2_500, "at_risk"),
        (140.1, 12, 9_000, "lost"),
        (400, 0, 0, "lost"),
    ],
)
def test_a_customer_is_in_the_first_segment_whose_bounds_they_meet(
    days: float, recharges: int, rupees: int, segment: str
) -> None:
    assert segment_of(days, recharges, rupees * 100) == segment
    assert segment in get_args(SegmentKey)


def test_a_campaign_can_name_each_segment_and_no_other() -> None:
    assert list(get_args(SegmentKey)) == [segment.key for segment in SEGMENTS]
