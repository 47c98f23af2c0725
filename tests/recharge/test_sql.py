"""What the SQL functions of this room can answer is what their enums name."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

import gencharge
from gencharge.recharge.errors import REFUSALS
from gencharge.recharge.models import (
    BillOutcome,
    DeliverOutcome,
    FailOutcome,
    PayOutcome,
    RefundOutcome,
    SaleOutcome,
)

SQL = Path(gencharge.__file__).parent
ANSWERS = re.compile(r"(?:RETURN|outcome :=)\s+('[^;]*|CASE[^;]*);")


def answers(*functions: str) -> set[str]:
    """The outcomes that the functions return, as their sources spell them."""
    sources = "\n".join(
        next(SQL.glob(f"*/sql/{function}.sql")).read_text(encoding="utf-8") for function in functions
    )
    return {word for answer in ANSWERS.findall(sources) for word in re.findall(r"'(\w+)'", answer)}


# `pay_recharge` answers as `deliver_recharge` does if the operator's system is our own.
@pytest.mark.parametrize(
    ("functions", "outcomes"),
    [
        (
            (
                "recharge_terms",
                "begin_recharge",
                "take_offer",
                "recharge_from_wallet",
                "recharge_with_payment",
            ),
            SaleOutcome,
        ),
        (("pay_recharge", "deliver_recharge"), PayOutcome),
        (("deliver_recharge",), DeliverOutcome),
        (("bill_refusal", "pay_bill_from_wallet"), BillOutcome),
        (("fail_recharge",), FailOutcome),
        (("refund_recharge",), RefundOutcome),
    ],
)
def test_the_outcomes_of_the_sql_are_those_of_the_enum(
    functions: tuple[str, ...], outcomes: type[StrEnum]
) -> None:
    assert answers(*functions) == set(outcomes)


def test_every_refusal_of_a_sale_has_its_error() -> None:
    other_outcomes = {
        "done",
        "replayed",
        "insufficient_balance",
        "idempotency_key_reused",
        "velocity_limit_exceeded",
    }
    assert set(REFUSALS) == set(SaleOutcome) - other_outcomes
