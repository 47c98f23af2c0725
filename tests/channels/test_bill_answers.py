"""What an operator's answer about a bill is taken for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencharge.channels.answers import BillVerdict, PartPayment
from gencharge.channels.bill_answers import masked_name, read_bill

DUE: dict[str, Any] = {
    "status": "due",
    "bill_reference": "B1",
    "customer_name": "Asha Verma",
    "amount_paise": 500_00,
    "minimum_paise": 200_00,
    "part_payment": "minimum",
    "due_on": "2026-12-01",
    "period_from": None,
    "period_to": "2026-10-31",
}


def test_a_bill_is_read() -> None:
    bill = read_bill(200, DUE).bill
    assert bill is not None
    assert (bill.amount, bill.minimum, bill.part_payment) == (500_00, 200_00, PartPayment.MINIMUM)
    assert (bill.due_on, bill.period_from, bill.period_to) == (date(2026, 12, 1), None, date(2026, 10, 31))
    assert bill.customer_name == "A*** V***"


@pytest.mark.parametrize("status", ["paid", "no_bill", "prepaid", "unknown_number"])
def test_what_is_no_bill_is_told_apart(status: str) -> None:
    answer = read_bill(200, {"status": status})
    assert (answer.verdict, answer.bill) == (BillVerdict(status), None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_paise": 0},
        {"amount_paise": -1},
        {"amount_paise": 99},
        {"amount_paise": 1_00_000_01},
        {"amount_paise": 500.5},
        {"amount_paise": True},
        {"amount_paise": "50000"},
        {"minimum_paise": None},
        {"part_payment": "some"},
        {"part_payment": None},
        {"due_on": None},
        {"due_on": "soon"},
        {"period_to": "31.10.2026"},
        {"bill_reference": ""},
        {"bill_reference": "a b"},
        {"bill_reference": "x" * 65},
        {"bill_reference": 7},
        {"status": "DUE"},
        {"status": "away"},
        {"status": ["due"]},
        {"status": None},
    ],
)
def test_a_bill_that_can_not_be_right_is_no_answer(wrong: dict[str, Any]) -> None:
    answer = read_bill(200, DUE | wrong)
    assert (answer.verdict, answer.reason) == (BillVerdict.AWAY, "unreadable")


@pytest.mark.parametrize("status", [201, 302, 401, 404, 422, 429, 500, 503])
def test_only_200_is_an_answer(status: int) -> None:
    assert read_bill(status, DUE).reason == f"http_{status}"


def test_the_minimum_is_never_above_the_amount_nor_below_a_rupee() -> None:
    above, below = (
        read_bill(200, DUE | {"minimum_paise": 900_00}),
        read_bill(200, DUE | {"part_payment": "any"}),
    )
    assert above.bill is not None
    assert below.bill is not None
    assert (above.bill.minimum, below.bill.minimum) == (500_00, 100)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Asha Verma", "A*** V***"),
        ("  ravi  kumar singh ", "R*** K*** S***"),
        ("", ""),
        ("42", ""),
        ("आशा वर्मा", "आ*** व***"),
        ("A b c d e f", "A*** B*** C*** D***"),
    ],
)
def test_a_name_is_shown_by_its_first_letters(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@given(
    st.integers(),
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.dictionaries(st.sampled_from(list(DUE)), inner),
    ),
)
def test_no_answer_raises(status: int, document: object) -> None:
    read_bill(status, document)
    read_bill(200, document)
