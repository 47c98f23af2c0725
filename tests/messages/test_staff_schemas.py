"""What the staff may ask for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gencharge.messages.staff_schemas import MessageCostQuery, ParkedMessageQuery


@pytest.mark.parametrize("query", [{"from": "2026-11-02", "to": "2026-11-01"}, {"from": "now"}, {"day": "x"}])
def test_days_are_days_and_in_order(query: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MessageCostQuery.model_validate(query)


def test_one_day_is_a_range() -> None:
    query = MessageCostQuery.model_validate({"from": "2026-11-01", "to": "2026-11-01"})
    assert query.since == query.until


@pytest.mark.parametrize("query", [{"channel": "fax"}, {"kind": "a b"}, {"kind": {"$ne": ""}}])
def test_a_filter_is_a_channel_or_the_name_of_a_template(query: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ParkedMessageQuery.model_validate(query)
