"""Rows of other rooms in a story: paise become rupees, and an entry that was tampered with is shown as it is."""

from __future__ import annotations

from datetime import UTC, datetime

from gencharge.core.values.ids import new_id
from gencharge.payments.models import Payment, Refund
from gencharge.stories import views
from gencharge.wallet.models import Code, Transfer

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_a_payment_is_shown_with_its_refunds_in_rupees() -> None:
    row = Payment(
        payment_id=new_id(),
        status="partially_refunded",
        method="upi",
        amount=29_900,
        refunded_amount=9_900,
        gateway="razorpay",
        order_id="order_1",
        gateway_payment_id="pay_1",
        created_at=NOW,
        captured_at=NOW,
    )
    refund = Refund(
        refund_id=new_id(),
        amount=9_900,
        status="processed",
        reason="asked for",
        requested_by="admin",
        created_at=NOW,
    )
    shown = views.payment(row, [refund])
    assert shown is not None
    assert (str(shown.amount), str(shown.refunded_amount)) == ("299.00", "99.00")
    assert [str(one.amount) for one in shown.refunds] == ["99.00"]
    assert views.payment(None, []) is None


def test_a_movement_has_the_name_of_its_code() -> None:
    row = Transfer(
        id=new_id(),
        debit="user:main",
        credit="operator:jio",
        amount=29_900,
        code=int(Code.RECHARGE),
        created_at=NOW,
    )
    shown = views.movement(row)
    assert (shown.code, shown.debit_account, str(shown.amount)) == ("recharge", "user:main", "299.00")


def test_an_entry_shows_amounts_in_rupees_and_survives_what_was_tampered_with() -> None:
    entry_id = new_id()
    whole = views.entry(
        {
            "_id": entry_id,
            "occurred_at": NOW,
            "action": "plan_recharged",
            "actor": {"kind": "user", "id": "u"},
            "result": "succeeded",
            "details": {"total_paid_paise": 29_900},
        }
    )
    assert (whole.entry_id, whole.actor_kind) == (entry_id, "user")
    assert {name: str(value) for name, value in whole.details.items()} == {"total_paid": "299.00"}
    broken = views.entry({"_id": entry_id, "actor": None, "details": None})
    assert (broken.actor_id, broken.details) == (None, {})
