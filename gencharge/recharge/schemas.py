"""The commands, queries and answers of recharges."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from gencharge.core.http.history import HistoryParams, Period
from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.references import GivenMetadata, GivenReference, Referable, Reference
from gencharge.core.http.web import Body, Out
from gencharge.core.values.codes import OperatorCode
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.core.values.phone import MobileNumber
from gencharge.plans.models import PlanCategory
from gencharge.recharge.filter_schemas import RechargeCategory
from gencharge.recharge.models import RechargeStatus
from gencharge.recharge.stated_schemas import Stated, Talktime
from gencharge.wallet.models import PaymentMethod, RequestSource


class ActivationMode(StrEnum):
    """What a new base plan does if another one is active: wait for its end, or replace it."""

    QUEUE = "queue"
    ACTIVATE = "activate"


ExpectedPrice = Annotated[
    Money | None,
    Field(
        description="What the customer agreed to pay: `payable` of the quote. If it costs anything else now,"
        " nothing is sold, and 409 `price_changed` names the new price. Null: sold at whatever it costs."
    ),
]


def _plain_code(raw: object) -> object:
    """As people type it: blanks and hyphens inside, small letters."""
    if not isinstance(raw, str) or len(raw) > _TYPED_LENGTH or not raw.isascii():
        return raw  # what is refused keeps its form: `upper` makes SS of a sharp s
    return raw.translate(_BETWEEN).upper()


_BETWEEN: Final = str.maketrans("", "", " -")
_TYPED_LENGTH: Final = 60
_AsTyped = Annotated[
    str, StringConstraints(max_length=_TYPED_LENGTH, pattern="^[ -]*([A-Za-z0-9][ -]*){3,20}$")
]
OfferCode = Annotated[
    str,
    BeforeValidator(_plain_code, json_schema_input_type=_AsTyped),
    StringConstraints(pattern="^[A-Z0-9]{3,20}$"),
]


class OfferChoice(Body):
    """Which offer a recharge is to have."""

    offer_id: UUID | None = Field(
        default=None,
        description="The offer to use. If it does not apply, nothing is sold, and the error says why.",
    )
    offer_code: OfferCode | None = Field(
        default=None,
        description="The same by the offer's code; capitals, blanks and hyphens don't matter.",
        examples=["DIWALI30"],
    )
    automatic_offer: bool = Field(
        default=True,
        description="Without a chosen offer: use the one that saves most, of those that need no code. None changes what is"
        " paid to anything but `expected_price`. False: no offer.",
    )

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if self.offer_id is not None and self.offer_code is not None:
            raise ValueError("offer_id and offer_code can't be combined: name the offer by one of them")
        return self


class Quote(OfferChoice, Stated):
    """What would it cost, and when would it start?"""

    phone_number: MobileNumber
    plan_id: UUID
    activation_mode: ActivationMode = ActivationMode.QUEUE
    payment_method: PaymentMethod | None = Field(
        default=None, description="How it would be paid: some offers depend on it."
    )
    source: RequestSource = RequestSource.WEB


def _check_wallet_part(method: PaymentMethod, wallet_amount: PositiveMoney | None) -> None:
    if wallet_amount is not None and method is PaymentMethod.WALLET:
        raise ValueError("wallet_amount can only be combined with upi, card or netbanking")


class Subscribe(OfferChoice, Stated, Referable):
    """Recharge a number with a plan. The price is the server's; the client says which one it expects."""

    phone_number: MobileNumber
    plan_id: UUID
    payment_method: PaymentMethod
    wallet_amount: PositiveMoney | None = Field(
        default=None, description="With upi, card or netbanking: the part that the wallet pays; null: none."
    )
    source: RequestSource = RequestSource.WEB
    activation_mode: ActivationMode = ActivationMode.QUEUE
    confirm_duplicate: bool = Field(
        default=False,
        description="True: once more, though the same number got the same plan within the last minute.",
    )
    expected_price: ExpectedPrice = None

    @model_validator(mode="after")
    def _part_beside_a_gateway(self) -> Self:
        _check_wallet_part(self.payment_method, self.wallet_amount)
        return self


class RepeatRecharge(OfferChoice, Stated, Referable):
    """The same number and plan once more, at today's price."""

    payment_method: PaymentMethod = PaymentMethod.WALLET
    wallet_amount: PositiveMoney | None = None
    source: RequestSource = RequestSource.WEB
    activation_mode: ActivationMode = ActivationMode.QUEUE
    confirm_duplicate: bool = False
    expected_price: ExpectedPrice = None

    @model_validator(mode="after")
    def _part_beside_a_gateway(self) -> Self:
        _check_wallet_part(self.payment_method, self.wallet_amount)
        return self


class ReplacedPlan(Out):
    """The plan that the new one ended before its time."""

    plan_name: str
    valid_until: datetime = Field(description="Until when it would have run.")


class PaymentDue(Out):
    """What the customer pays at the gateway now."""

    payment_id: UUID
    gateway: str = Field(examples=["razorpay"])
    order_id: str
    key_id: str = Field(description="The gateway's public key, for its checkout.")
    amount: Money
    currency: str = "INR"
    checkout_url: str | None
    status: str = Field(description="The payment's own status now.")


class SubscriptionOut(Out):
    """A recharge that was made."""

    located_at: ClassVar[str] = "/v1/recharge/{recharge_id}"

    recharge_id: UUID
    subscription_id: UUID = Field(description="The same as `recharge_id`, under the specification's name.")
    plan_id: UUID
    status: RechargeStatus = Field(
        description="`active`, or `queued` behind the plan that is active; `processing` while the operator is asked;"
        " `payment_pending` until `payment` is made."
    )
    total_paid: Money
    phone_number: str
    plan_name: str
    operator: str
    plan_type: str
    category: str
    price: Money
    talktime: Talktime
    discount: Money
    cashback: Money = Field(description="Paid into the wallet when the recharge is delivered.")
    offer_id: UUID | None = Field(description="The offer that it was sold with.")
    wallet_amount: Money
    gateway_amount: Money
    payment_method: PaymentMethod
    source: str
    valid_from: datetime | None = Field(description="null while queued: validity runs from activation.")
    valid_until: datetime | None
    replaced_plan: ReplacedPlan | None
    wallet_balance: Money = Field(description="What the wallet held right after.")
    created_at: datetime
    reference: GivenReference
    metadata: GivenMetadata
    payment: PaymentDue | None = None


class RunningPlan(Out):
    """The base plan that is active on the number now."""

    recharge_id: UUID = Field(description="The recharge that it was bought with.")
    plan_name: str
    valid_until: datetime


class QuotedReason(Out):
    """Why an offer does not apply."""

    code: str = Field(examples=["min_amount"])
    message: str = Field(examples=["on plans of ₹299 or more"])


class QuotedOffer(Out):
    """An offer for this plan: what it would save, or every reason why it does not apply."""

    offer_id: UUID
    name: str
    offer_code: str | None
    applies: bool
    discount: Money
    cashback: Money
    reasons: list[QuotedReason]


class QuoteOut(Out):
    """What the recharge would be now. Nothing is reserved."""

    phone_number: str
    plan_id: UUID
    plan_name: str
    operator: str
    plan_type: str
    price: Money
    talktime: Talktime
    discount: Money
    cashback: Money = Field(description="Paid into the wallet when the recharge is delivered.")
    offer_id: UUID | None = Field(description="The offer that `discount` and `cashback` are of.")
    payable: Money
    wallet_balance: Money
    wallet_covers: bool
    shortfall: Money = Field(description="What the wallet lacks for it.")
    status: RechargeStatus | None = Field(
        description="`active`, or `queued` behind the plan that is active. null, like what follows, unless the number is yours or"
        " you bought the plan that is active on it: what others have is not told."
    )
    valid_from: datetime | None
    valid_until: datetime | None
    running_plan: RunningPlan | None = Field(
        description="What is active now; `activation_mode: activate` would end it."
    )
    offers: list[QuotedOffer] = Field(
        description="The offers for this plan, at most 50: those that apply first, the largest saving first."
    )


class RechargeOut(Out):
    """A recharge as it is now."""

    recharge_id: UUID
    status: RechargeStatus
    phone_number: str
    plan_id: UUID | None = Field(description="Null for the payment of a bill.")
    bill_id: UUID | None = Field(description="The bill that it pays: `GET /v1/bills/{bill_id}`.")
    plan_version: int = Field(description="0 for the payment of a bill.")
    plan_name: str
    operator: str
    plan_type: str
    category: str
    price: Money
    talktime: Talktime
    discount: Money
    cashback: Money = Field(description="Paid into the wallet when the recharge is delivered.")
    offer_id: UUID | None = Field(description="The offer that it was sold with.")
    wallet_amount: Money
    gateway_amount: Money
    total_paid: Money
    payment_method: PaymentMethod
    source: str
    valid_from: datetime | None
    valid_until: datetime | None
    failure_reason: str | None
    reference: GivenReference
    metadata: GivenMetadata
    created_at: datetime
    completed_at: datetime | None


class RechargeFilters(BaseModel, defer_build=True):
    """What a list of recharges can be asked for, by a customer and by the staff."""

    status: RechargeStatus | None = None
    phone_number: MobileNumber | None = None
    plan_id: UUID | None = Field(default=None, description="Recharges with this plan.")
    operator: OperatorCode | None = None
    plan_type: Literal["prepaid", "postpaid"] | None = None
    category: RechargeCategory | None = None
    payment_method: PaymentMethod | None = None
    source: RequestSource | None = None
    reference: Reference | None = Field(default=None, description="The caller's own name for it.")


class RechargeQuery(HistoryParams, RechargeFilters):
    """Which recharges. `from` and `to` are when."""


# By when a plan was bought, or by its end; one that waits has none and counts as the latest.
PlanSort = Literal["created_at", "-created_at", "valid_until", "-valid_until"]


class BoughtPlanQuery(PageParams, Period):
    """Which of the bought plans. `from` and `to` bound the time in which a plan runs; one that is queued has no such time yet."""

    status: Literal["active", "queued", "expired", "replaced", "cancelled"] | None = None
    phone_number: MobileNumber | None = None
    plan_id: UUID | None = None
    operator: OperatorCode | None = None
    plan_type: Literal["prepaid", "postpaid"] | None = None
    category: PlanCategory | None = None
    expires_within_days: int | None = Field(
        default=None, ge=0, le=366, description="Active ones that end by then."
    )
    sort: PlanSort = "-created_at"


class BoughtPlanOut(Out):
    """A plan that was bought for a number."""

    recharge_id: UUID = Field(description="The recharge that it was bought with.")
    phone_number: str
    plan_id: UUID
    plan_name: str
    operator: str
    plan_type: str
    category: str
    is_addon: bool
    status: RechargeStatus
    valid_from: datetime | None
    valid_until: datetime | None
    days_left: int | None = Field(description="Whole days until it ends; null unless active.")
    bought_at: datetime


RechargePage = Page[RechargeOut]
BoughtPlanPage = Page[BoughtPlanOut]
