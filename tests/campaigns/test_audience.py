"""Every filter keeps whom it names and drops the others; the control group is the same however often it is drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from gencharge.campaigns.audience import Profile, is_control, matches
from gencharge.campaigns.staff_schemas import Target
from gencharge.core.values.ids import new_id

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def profile(**overrides: Any) -> Profile:
    """A prepaid Jio customer of Maharashtra, registered a year ago, who paid Rs 500 ten days ago."""
    values: dict[str, Any] = {
        "user_type": "prepaid",
        "operator": "JIO",
        "circle": "MH",
        "registered_at": NOW - timedelta(days=365),
        "last_recharge_at": NOW - timedelta(days=10),
        "spend": 50_000,
        "segment": "promising",
    }
    return Profile(**(values | overrides))


NEVER = {"last_recharge_at": None, "spend": 0, "segment": None}


@pytest.mark.parametrize(
    ("target", "member", "stranger"),
    [
        ({"user_types": ["prepaid"]}, {}, {"user_type": "postpaid"}),
        ({"operators": ["JIO", "VI"]}, {}, {"operator": "AIRTEL"}),
        ({"operators": ["JIO"]}, {}, {"operator": None}),
        ({"circles": ["MH"]}, {}, {"circle": "KA"}),
        ({"circles": ["MH"]}, {}, {"circle": None}),
        ({"registered_within_days": 365}, {}, {"registered_at": NOW - timedelta(days=365, seconds=1)}),
        ({"recharged": True}, {}, NEVER),
        ({"recharged": False}, NEVER, {}),
        ({"last_recharge_within_days": 10}, {}, {"last_recharge_at": NOW - timedelta(days=10, seconds=1)}),
        ({"last_recharge_within_days": 10}, {}, NEVER),
        ({"last_recharge_before_days": 10}, {}, {"last_recharge_at": NOW - timedelta(days=9)}),
        ({"last_recharge_before_days": 10}, {}, NEVER),
        ({"min_spend": 500}, {}, {"spend": 49_999}),
        ({"segments": ["promising", "lost"]}, {}, {"segment": "loyal"}),
        ({"segments": ["promising"]}, {}, NEVER),
        ({"max_spend": 500}, {}, {"spend": 50_001}),
        ({"operators": ["JIO"], "circles": ["MH"]}, {}, {"circle": "KA"}),
    ],
)
def test_each_filter_keeps_whom_it_names_and_drops_the_rest(
    target: dict[str, Any], member: dict[str, Any], stranger: dict[str, Any]
) -> None:
    filters = Target.model_validate(target)
    assert matches(filters, profile(**member), NOW)
    assert not matches(filters, profile(**stranger), NOW)


def test_without_a_filter_everybody_is_meant() -> None:
    assert matches(Target(), profile(operator=None, circle=None, **NEVER), NOW)


def test_the_control_group_is_as_large_as_it_was_asked_for_and_drawn_anew_in_each_campaign() -> None:
    first, second = UUID(int=1), UUID(int=2)
    people = [new_id() for _ in range(4_000)]
    draws = [
        {person for person in people if is_control(campaign, person, 10)} for campaign in (first, second)
    ]
    for draw in draws:
        assert 300 < len(draw) < 500
    assert len(draws[0] & draws[1]) < 100
    assert draws[0] == {person for person in reversed(people) if is_control(first, person, 10)}
    assert draws[0] <= {person for person in people if is_control(first, person, 20)}
    assert not any(is_control(first, person, 0) for person in people)
