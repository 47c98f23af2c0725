"""Bills on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from gencharge.bills.models import BillStatus
from gencharge.channels.models import PartPayment
from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.references import GivenMetadata, GivenReference, Referable
from gencharge.core.http.web import Body, Out
from gencharge.core.values.codes import CircleCode, OperatorCode
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.core.values.phone import MobileNumber
from gencharge.recharge.service import PaymentDue
from gencharge.wallet.models import PaymentMethod, RequestSource


class FetchBill(Body):
    """Whose bill?"""

    phone_number: MobileNumber
    operator: OperatorCode | None = Field(
        default=None,
        description="The number's operator. Null: the one that we know of; numbers are ported, so state it if you know it.",
        examples=["JIO"],
    )
    circle: CircleCode | None = Field(default=None, examples=["KA"])


class BillOut(Out):
    """A postpaid bill, as its operator had it when it was fetched."""

    bill_id: UUID
    status: BillStatus = Field(
        description="`paying` while a payment is on its way to the operator; `closed`: the operator no longer asks for it."
    )
    phone_number: str
    operator: str
    circle: str | None
    customer_name: str = Field(
        description="First letters only, to recognise one's own bill.", examples=["A*** V***"]
    )
    amount: Money = Field(description="What is left to pay.")
    minimum: Money = Field(
        description="The least that the operator takes; the whole `amount` if it is `exact`."
    )
    part_payment: PartPayment = Field(
        description="`exact`: all of it at once; `minimum`: `minimum` or more; `any`: Rs 1 or more."
    )
    due_on: date = Field(description="The last day to pay, in India.")
    is_overdue: bool
    period_from: date | None
    period_to: date | None
    fetched_at: datetime
    expires_at: datetime = Field(description="Pay by then; later, fetch the bill again.")
    recharge_id: UUID | None = Field(
        description="The payment that is on its way, or the last one: `GET /v1/recharge/{recharge_id}`."
    )


class PayBill(Referable):
    """Pay a bill, or a part of it, from the wallet or through the gateway."""

    expected_amount: PositiveMoney = Field(
        description="`amount` of the bill, as the customer saw it. If something else is due now, nothing is taken, and 409 `bill_changed`"
        " names the new amount."
    )
    amount: PositiveMoney | None = Field(
        default=None,
        description="How much to pay; null: all of it. `part_payment` and `minimum` say what is taken.",
    )
    payment_method: PaymentMethod = Field(
        default=PaymentMethod.WALLET,
        description="`wallet`, or how the customer pays at the gateway: the answer then has a `payment`, and the bill is paid when that is.",
    )
    source: RequestSource = RequestSource.WEB


class BillPaymentOut(Out):
    """The payment of a bill, on its way to the operator. Its end is in `GET /v1/recharge/{recharge_id}`: `paid` or `failed`."""

    located_at: ClassVar[str] = "/v1/recharge/{recharge_id}"

    recharge_id: UUID
    bill_id: UUID
    status: Literal["processing", "payment_pending"] = Field(
        default="processing", description="`payment_pending` until `payment` is made."
    )
    phone_number: str
    operator: str
    amount: Money
    wallet_balance: Money = Field(description="What the wallet held right after.")
    reference: GivenReference
    metadata: GivenMetadata
    created_at: datetime
    payment: PaymentDue | None = Field(
        default=None, description="What to pay at the gateway now; null: it came from the wallet."
    )


class BillQuery(PageParams):
    """Which of the bills."""

    status: BillStatus | None = None
    phone_number: MobileNumber | None = None


BillPage = Page[BillOut]
