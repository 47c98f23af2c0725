"""Receipts: the tax inside a price, and a number that a person can read out."""

from __future__ import annotations

from typing import Final

from gencharge.core import clock
from gencharge.core.money import Money
from gencharge.recharge.models import Recharge
from gencharge.recharge.schemas import PaymentMethod, ReceiptOut, RechargeStatus

# Telecommunications services, SAC 9984: 18 % (Notification 11/2017-Central Tax (Rate), with the state's equal half).
GST_PERCENT: Final = 18


def split_tax(total: Money) -> tuple[Money, Money]:
    """(taxable value, GST) of a price that includes the tax; the tax is rounded to the paisa, halves up."""
    tax = (total.paise * GST_PERCENT * 2 + (100 + GST_PERCENT)) // ((100 + GST_PERCENT) * 2)
    return Money(total.paise - tax), Money(tax)


def receipt_of(recharge: Recharge, status: RechargeStatus) -> ReceiptOut:
    """The receipt of a recharge."""
    total = Money(recharge.wallet_amount + recharge.gateway_amount)
    taxable, tax = split_tax(total)
    issued = recharge.completed_at or recharge.created_at
    tail = recharge.id.hex[-12:].upper()
    return ReceiptOut(
        receipt_number=f"GC/{issued.astimezone(clock.IST):%Y%m%d}/{tail}",
        subscription_id=recharge.id,
        issued_at=issued,
        phone_number=recharge.phone_number,
        operator=recharge.operator,
        plan_name=recharge.plan_name,
        price=Money(recharge.price),
        discount=Money(recharge.discount),
        taxable_value=taxable,
        gst=tax,
        gst_percent=GST_PERCENT,
        total_paid=total,
        paid_from_wallet=Money(recharge.wallet_amount),
        paid_through_gateway=Money(recharge.gateway_amount),
        payment_method=PaymentMethod(recharge.payment_method),
        operator_reference=f"INT{tail}",
        status=status,
    )
