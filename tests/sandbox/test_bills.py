"""The sandbox's postpaid numbers: sample bills of each kind, and payments that are taken off once."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox import bills
from sandbox.bills import Bill, Question
from sandbox.faults import Refusal
from sandbox.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def db(tmp_path: Path) -> sqlite3.Connection:
    return Store(tmp_path).db


@pytest.mark.parametrize(
    ("number", "operator", "status", "amount", "due_on"),
    [
        ("9000008001", "JIO", "due", 499_00, "2026-12-01"),
        ("9000008014", "AIRTEL", "due", 899_00, "2026-11-18"),
        ("9000008007", "JIO", "due", 399_00, "2026-11-22"),
        ("9000008025", "VI", "paid", 0, "2026-11-28"),
        ("9000008006", "JIO", "no_bill", None, None),
        ("9000008001", "VI", "unknown_number", None, None),
        ("9000008008", "JIO", "prepaid", None, None),
        ("9811122233", "JIO", "prepaid", None, None),
    ],
)
def test_sample_numbers_have_bills_of_each_kind(
    db: sqlite3.Connection, number: str, operator: str, status: str, amount: int | None, due_on: str | None
) -> None:
    answer = bills.answer(db, Question(number, operator), NOW)
    assert (answer["status"], answer.get("amount_paise"), answer.get("due_on")) == (status, amount, due_on)


def put(db: sqlite3.Connection, rule: str = "any") -> None:
    bills.put(db, Bill("9000000001", "JIO", "B1", 500_00, 200_00, rule, "2026-12-01"))


def test_payments_are_taken_off_until_nothing_is_left(db: sqlite3.Connection) -> None:
    put(db)
    assert bills.pay(db, "9000000001", "B1", 100_00) is None
    assert bills.answer(db, Question("9000000001", "JIO"), NOW)["amount_paise"] == 400_00
    assert bills.pay(db, "9000000001", "B1", 400_00) is None
    assert bills.pay(db, "9000000001", "B1", 1_00) == "bill_already_paid"
    assert bills.answer(db, Question("9000000001", "JIO"), NOW)["status"] == "paid"


@pytest.mark.parametrize(
    ("rule", "reference", "paise", "problem"),
    [
        ("any", "B2", 100_00, "bill_changed"),
        ("any", "B1", 500_01, "bill_changed"),
        ("exact", "B1", 499_99, "bill_changed"),
        ("minimum", "B1", 199_99, "below_minimum"),
    ],
)
def test_a_payment_that_does_not_fit_is_refused_and_takes_nothing(
    db: sqlite3.Connection, rule: str, reference: str, paise: int, problem: str
) -> None:
    put(db, rule)
    assert bills.pay(db, "9000000001", reference, paise) == problem
    assert bills.answer(db, Question("9000000001", "JIO"), NOW)["amount_paise"] == 500_00


@pytest.mark.parametrize("body", [None, [], {}, {"phone_number": "1"}, {"phone_number": "9000000001"}])
def test_a_question_without_number_or_operator_is_refused(body: object) -> None:
    with pytest.raises(Refusal):
        Question.read(body)
