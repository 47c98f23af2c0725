"""A target that nobody can meet is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gencharge.campaigns.staff_schemas import Target


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (
            {"last_recharge_within_days": 10, "last_recharge_before_days": 11},
            "last_recharge_before_days must not exceed last_recharge_within_days",
        ),
        ({"min_spend": 500, "max_spend": 499}, "min_spend must not exceed max_spend"),
        ({"recharged": False, "last_recharge_before_days": 11}, "never recharged"),
        ({"recharged": False, "min_spend": 1}, "never recharged"),
        ({"user_types": ["barter"]}, "prepaid"),
        ({"last_recharge_within_days": 0}, "greater than or equal to 1"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_target_that_contradicts_itself_is_refused_and_says_why(target: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Target.model_validate(target)
