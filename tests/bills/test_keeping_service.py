"""An operator's answer is what the customer sees of the bill."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gencharge.bills import crud
from gencharge.bills import keeping_service as keeping
from gencharge.bills.models import BillStatus
from gencharge.channels.service import BillAnswer, BillVerdict, OperatorBill, PartPayment
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.make.money import make_customer

NUMBER = "+919000008009"


def bill_of(paise: int, reference: str = "B1") -> OperatorBill:
    return OperatorBill(reference, "A***", paise, 100, PartPayment.ANY, date(2026, 12, 1), None, None)


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (BillVerdict.PREPAID, "number_is_prepaid"),
        (BillVerdict.NO_BILL, "no_bill_due"),
        (BillVerdict.PAID, "no_bill_due"),
        (BillVerdict.UNKNOWN_NUMBER, "number_not_of_operator"),
        (BillVerdict.AWAY, "bill_operator_unavailable"),
    ],
)
def test_each_answer_without_a_bill_is_a_refusal_of_its_own(verdict: BillVerdict, code: str) -> None:
    assert keeping.refusal(BillAnswer(verdict)).code() == code


def test_the_amount_stays_that_of_before_while_a_payment_is_on_its_way() -> None:
    bill = keeping.new_bill(new_id(), NUMBER, "JIO", None, bill_of(500_00))
    with clock.later(minutes=30):
        bill.status = BillStatus.PAYING
        keeping.refresh(bill, bill_of(0))
        assert (bill.status, bill.amount, bill.expires_at) == (
            BillStatus.PAYING,
            500_00,
            bill.fetched_at + timedelta(hours=1),
        )
        bill.status = BillStatus.PAID
        keeping.refresh(bill, bill_of(20_00))
        assert (bill.status, bill.amount) == (BillStatus.DUE, 20_00)


async def test_a_newer_bill_closes_the_older_one_and_no_answer_changes_nothing(shop: Stores) -> None:
    user_id = await make_customer(shop, 0)

    async def keep(answer: BillAnswer) -> str | None:
        saved = await shop.database.run(lambda db: keeping.keep(db, user_id, NUMBER, "JIO", "KA", answer))
        return None if saved is None else f"{saved.amount} {saved.status}"

    assert await keep(BillAnswer(BillVerdict.DUE, bill_of(500_00))) == "500.00 due"
    assert await keep(BillAnswer(BillVerdict.AWAY)) is None
    assert await keep(BillAnswer(BillVerdict.DUE, bill_of(700_00, "B2"))) == "700.00 due"
    assert await keep(BillAnswer(BillVerdict.NO_BILL)) is None
    rows = await shop.database.run(lambda db: crud.lock_bills_of_number(db, user_id, NUMBER, "JIO"))
    assert [(row.bill_reference, row.status) for row in rows] == [("B1", "closed"), ("B2", "closed")]
