"""The bills of postpaid numbers: what is due, and what a payment leaves of it. Amounts in paise, days in India.

Sample numbers have a bill from the first question on, so that one can be paid without preparing anything. The last digit of
`90000080X1` to `90000080X7` says which kind, the X whose customer it is. A test puts a bill of its own with `put`.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gencharge.core.values.clock import IST
from sandbox.faults import Refusal

_SAMPLES: Final = re.compile(r"90000080([0-4])([1-7])\Z")
_OPERATORS: Final = ("JIO", "AIRTEL", "VI", "BSNL", "MTNL")
_NAMES: Final = ("Asha Verma", "Ravi Kumar Singh", "Meera Iyer", "Imran Khan", "Sunita Das")
# By the last digit: amount, least payment, rule, days until due; no amount: nothing to pay.
_KINDS: Final = {
    "1": (499_00, 100, "any", 9),
    "2": (649_50, 649_50, "exact", 5),
    "3": (1_299_00, 300_00, "minimum", 12),
    "4": (899_00, 899_00, "exact", -4),
    "5": (0, 0, "exact", 6),
    "6": None,
    "7": (399_00, 100, "any", 0),
}
RULES: Final = ("exact", "minimum", "any")
_PHONE: Final = re.compile(r"[6-9][0-9]{9}\Z")


@dataclass(frozen=True, slots=True)
class Question:
    """Whose bill is asked for."""

    phone_number: str
    operator: str

    @classmethod
    def read(cls, body: Any) -> Question:
        """Check the body of `POST /bills/fetch`; 422 with the field that is wrong."""
        fields = body if isinstance(body, dict) else {}
        phone_number, operator = fields.get("phone_number"), fields.get("operator")
        if not isinstance(phone_number, str) or not _PHONE.match(phone_number):
            raise _invalid("phone_number", "ten digits, the first 6 to 9")
        if not isinstance(operator, str) or not operator.strip():
            raise _invalid("operator", "the operator's code")
        return cls(phone_number, operator.upper())


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill as a test puts it. `part_payment`: `exact`, `minimum` or `any`; the dates are YYYY-MM-DD."""

    phone_number: str
    operator: str
    bill_reference: str | None
    amount_paise: int
    minimum_paise: int
    part_payment: str
    due_on: str | None
    period_from: str | None = None
    period_to: str | None = None
    customer_name: str = "Asha Verma"


def _invalid(field: str, expected: str) -> Refusal:
    return Refusal(422, {"error": "invalid_field", "message": f"{field}: {expected}", "field": field})


def put(db: sqlite3.Connection, bill: Bill) -> None:
    """Make this the number's bill; in the caller's transaction."""
    values = asdict(bill)
    columns, marks = ", ".join(values), ", ".join("?" for _ in values)
    db.execute(f"INSERT OR REPLACE INTO bills ({columns}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - names of our fields


def answer(db: sqlite3.Connection, question: Question, now: float) -> dict[str, Any]:
    """What the operator says: `due` with the bill, `paid`, `no_bill`, `prepaid`, or `unknown_number` if it is not theirs."""
    row = _find(db, question.phone_number)
    if row is None and (sample := _sample(question.phone_number, now)) is not None:
        put(db, sample)
        row = _find(db, question.phone_number)
    if row is None:
        return {"status": "prepaid"}
    if row["operator"] != question.operator:
        return {"status": "unknown_number"}
    if row["bill_reference"] is None:
        return {"status": "no_bill"}
    status = "due" if row["amount_paise"] else "paid"
    return {"status": status, **{name: row[name] for name in row.keys()}}  # noqa: SIM118 - the keys of a row are its columns


def pay(db: sqlite3.Connection, phone_number: str, bill_reference: str, paise: int) -> str | None:
    """Take a payment off the bill: None, or why it is refused. In the caller's transaction."""
    row = _find(db, phone_number)
    if row is None or row["bill_reference"] != bill_reference:
        return "bill_changed"
    left = row["amount_paise"]
    if left == 0:
        return "bill_already_paid"
    is_full = paise == left
    if paise > left or not (is_full or row["part_payment"] != "exact"):
        return "bill_changed"
    if not is_full and row["part_payment"] == "minimum" and paise < row["minimum_paise"]:
        return "below_minimum"
    db.execute(
        "UPDATE bills SET amount_paise = amount_paise - ?1, minimum_paise = min(minimum_paise, amount_paise - ?1)"
        " WHERE phone_number = ?2",
        (paise, phone_number),
    )
    return None


def _find(db: sqlite3.Connection, phone_number: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM bills WHERE phone_number = ?", (phone_number,)
    ).fetchone()
    return row


def _sample(phone_number: str, now: float) -> Bill | None:
    matched = _SAMPLES.match(phone_number)
    if matched is None:
        return None
    whose, kind = int(matched[1]), _KINDS[matched[2]]
    operator, name = _OPERATORS[whose], _NAMES[whose]
    if kind is None:
        return Bill(phone_number, operator, None, 0, 0, "exact", None, customer_name=name)
    amount, minimum, rule, days = kind
    today = datetime.fromtimestamp(now, IST).date()
    last = today.replace(day=1) - timedelta(days=1)
    return Bill(
        phone_number,
        operator,
        f"B{last:%Y%m}-{phone_number}",
        amount,
        minimum,
        rule,
        (today + timedelta(days=days)).isoformat(),
        last.replace(day=1).isoformat(),
        last.isoformat(),
        name,
    )
