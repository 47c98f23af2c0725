"""What a request for a mandate may say."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gencharge.mandates.schemas import HIGHEST, MandateCreate


def test_a_mandate_holds_five_years_unless_it_says_otherwise() -> None:
    command = MandateCreate.model_validate({"payment_method": "upi", "max_amount": 15_000})
    assert (command.max_amount, command.valid_months) == (HIGHEST, 60)


@pytest.mark.parametrize(
    "change", [{"max_amount": 15_000.01}, {"max_amount": 0}, {"valid_months": 0}, {"valid_months": 121}]
)
def test_what_no_bank_would_take_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        MandateCreate.model_validate({"payment_method": "upi", "max_amount": 500} | change)
