"""A payee is a UPI id or a whole bank account, and nothing in between."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gencharge.payouts.schemas import PayeeUpdate
from tests.make.payouts import BANK, UPI


@pytest.mark.parametrize(
    "fields", [UPI, BANK, {**BANK, "ifsc": "hdfc0001234"}, {"upi_address": " a-b.c@ybl "}]
)
def test_either_is_taken_and_put_into_its_usual_form(fields: dict[str, Any]) -> None:
    payee = PayeeUpdate.model_validate(fields)
    assert payee.ifsc in {None, "HDFC0001234"}
    assert payee.upi_address in {None, UPI["upi_address"], "a-b.c@ybl"}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {**UPI, **BANK},
        {**UPI, "ifsc": "HDFC0001234"},
        *({name: value for name, value in BANK.items() if name != missing} for missing in BANK),
        {"upi_address": "asha@"},
        {"upi_address": "@okaxis"},
        {"upi_address": "asha@ok axis"},
        {"upi_address": "asha@okaxis\n"} | {"account_name": "Asha"},
        {**BANK, "account_number": "12345678"},
        {**BANK, "account_number": "1234567890123456789"},
        {**BANK, "account_number": "12345678x"},
        {**BANK, "ifsc": "HDFC1001234"},
    ],
)
def test_half_of_one_and_both_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PayeeUpdate.model_validate(fields)
