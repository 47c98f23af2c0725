"""The answers about receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Out
from gencharge.core.values.money import Money
from gencharge.recharge.models import RechargeStatus
from gencharge.wallet.models import PaymentMethod

Format = Literal["json", "pdf"]


class SellerOut(Out):
    """The seller, as registered when the receipt was issued."""

    name: str
    address: str
    gstin: str
    state_code: str


class ReceiptOut(Out):
    """A receipt: a tax invoice. Every price includes the tax (SAC 998413: mobile telecommunications services).

    `taxable_value`, `cgst`, `sgst` and `igst` together are `total_paid`, to the paisa. They are 0 for
    the payment of a postpaid bill.
    """

    is_tax_invoice: bool = Field(
        default=True,
        description="False for the payment of a postpaid bill: the operator's own bill has the GST, so this receipt names none.",
    )
    receipt_number: str = Field(description="Consecutive in its series and financial year.", max_length=16)
    recharge_id: UUID
    issued_at: datetime
    recharged_at: datetime
    seller: SellerOut
    customer_name: str | None
    phone_number: str
    operator: str
    plan_name: str
    plan_type: str
    price: Money
    talktime: Money | None = Field(
        description="What the operator credits of an amount that the customer chose; null if the tariff does not say, and of a plan with one price.",
    )
    discount: Money
    sac: str
    taxable_value: Money
    gst: Money = Field(description="All of the tax.")
    gst_percent: int
    cgst: Money
    sgst: Money = Field(description="In a union territory without a legislature: UTGST.")
    igst: Money = Field(description="Instead of the other two, if the place of supply is in another state.")
    place_of_supply: str = Field(description="The state's two digits.", examples=["29"])
    total_paid: Money
    total_in_words: str
    paid_from_wallet: Money
    paid_through_gateway: Money
    payment_method: PaymentMethod
    payment_reference: str | None = Field(description="The gateway's, if it took a part of the payment.")
    cashback: Money = Field(
        description="What the offer pays into the wallet with the delivery. The tax is that of `total_paid` all the same."
    )
    refunded: Money
    operator_reference: str
    channel: str = Field(description="How it got to the operator; `internal`: in the operator's own system.")
    status: RechargeStatus
