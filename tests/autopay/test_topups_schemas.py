"""What an automatic top-up has to be, before anything is asked."""

from __future__ import annotations

from uuid import uuid4

import pytest
from pydantic import ValidationError

from gencharge.autopay.topups_schemas import AutoTopupSet

BODY = {"threshold": 100, "amount": 100, "monthly_max": 100, "mandate_id": uuid4()}


def test_equal_amounts_are_enough() -> None:
    command = AutoTopupSet.model_validate(BODY)
    assert command.amount == command.threshold == command.monthly_max


@pytest.mark.parametrize("change", [{"amount": 99.99}, {"monthly_max": 99.99}])
def test_a_paisa_less_is_not(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="Must be at least"):
        AutoTopupSet.model_validate(BODY | change)
