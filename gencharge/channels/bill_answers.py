"""Reads an operator's answer about a bill. What can't be read, or can't be right, counts as no answer."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from gencharge.channels.answers import BillAnswer, BillVerdict, OperatorBill, PartPayment

# Rs 1 to Rs 1 lakh: what a submission can carry.
LEAST_PAISE: Final = 100
MOST_PAISE: Final = 1_00_000_00
_REFERENCE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z")
_WITHOUT_BILL: Final = frozenset(BillVerdict) - {BillVerdict.DUE, BillVerdict.AWAY}
_UNREADABLE: Final = BillAnswer(BillVerdict.AWAY, reason="unreadable")


def read_bill(status: int, document: object) -> BillAnswer:
    """Decode the answer to `fetch_bill`."""
    if status != 200:
        return BillAnswer(BillVerdict.AWAY, reason=f"http_{status}")
    fields: dict[str, object] = document if isinstance(document, dict) else {}
    verdict = str(fields.get("status"))
    if verdict in _WITHOUT_BILL:
        return BillAnswer(BillVerdict(verdict))
    if verdict != BillVerdict.DUE:
        return _UNREADABLE
    try:
        return BillAnswer(BillVerdict.DUE, _bill(fields))
    except ValueError:
        return _UNREADABLE


def _bill(fields: dict[str, object]) -> OperatorBill:
    reference, due_on = fields.get("bill_reference"), _day(fields.get("due_on"))
    rule = PartPayment(str(fields.get("part_payment")))
    amount, minimum = _paise(fields.get("amount_paise")), LEAST_PAISE
    if rule is PartPayment.EXACT:
        minimum = amount
    elif rule is PartPayment.MINIMUM:
        minimum = max(LEAST_PAISE, min(_paise(fields.get("minimum_paise")), amount))
    if not isinstance(reference, str) or not _REFERENCE.match(reference) or due_on is None:
        raise ValueError("no reference, or no due date")
    name = fields.get("customer_name")
    return OperatorBill(
        bill_reference=reference,
        customer_name=masked_name(name if isinstance(name, str) else ""),
        amount=amount,
        minimum=minimum,
        part_payment=rule,
        due_on=due_on,
        period_from=_day(fields.get("period_from")),
        period_to=_day(fields.get("period_to")),
    )


def _paise(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not LEAST_PAISE <= value <= MOST_PAISE:
        raise ValueError("not an amount")
    return value


def _day(value: object) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None


def masked_name(name: str) -> str:
    """`Asha Verma` as `A*** V***`: enough to know one's own bill, too little to learn a stranger's name.

    The stars don't tell how long a name is. At most four words; letters that can't be printed are left out.
    """
    words = ["".join(letter for letter in word if letter.isalpha()) for word in name[:200].split()]
    return " ".join(f"{word[0].upper()}***" for word in words[:4] if word)
