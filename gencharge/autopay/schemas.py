"""The commands, queries and answers of a customer's autopays."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator

from gencharge.autopay.models import (
    AttemptOutcome,
    AutopayKind,
    AutopayPaymentMethod,
    AutopayStatus,
    AutopayTag,
    IntervalUnit,
    PauseReason,
)
from gencharge.core.http.changes import Changes, left_out
from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out
from gencharge.core.values.codes import CircleCode, OperatorCode
from gencharge.core.values.instants import Since
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.core.values.phone import MobileNumber
from gencharge.wallet.models import RequestSource


class Interval(Body):
    """The time between two runs."""

    n: int = Field(ge=1, le=366, examples=[28])
    unit: IntervalUnit


NextDue = Annotated[
    Since,
    Field(description="When it is due next: a day (from its beginning in India) or an instant (RFC 3339)."),
]
MaxAmount = Annotated[
    PositiveMoney,
    Field(
        description="The most that one run may cost, after offers. If the plan costs more, the autopay is paused."
    ),
]


class AutopayCreate(Body):
    """Recharge a number by itself."""

    phone_number: MobileNumber
    plan_id: UUID
    amount: PositiveMoney | None = Field(
        default=None,
        description="Of a plan of any amount: what each run is to cost, before offers. Null for a plan with one price.",
    )
    tag: AutopayTag
    next_due_at: NextDue | None = Field(
        default=None,
        description="When it is due first: a day (from its beginning in India) or an instant (RFC 3339). Null, of a regular "
        "autopay: when the plan that runs on the number ends, or else after one interval.",
    )
    max_amount: MaxAmount | None = Field(
        default=None, description="Null: the plan's price now, without offers."
    )
    every: Interval | None = Field(
        default=None, description="Of a regular autopay; null: the plan's validity."
    )
    payment_method: AutopayPaymentMethod = AutopayPaymentMethod.WALLET
    mandate_id: UUID | None = Field(
        default=None, description="With `mandate`: what is charged if the wallet does not cover the price."
    )
    source: RequestSource = RequestSource.WEB

    @model_validator(mode="after")
    def _once_is_on_a_date(self) -> Self:
        if self.tag is AutopayTag.ONETIME and self.next_due_at is None:
            raise ValueError("next_due_at is needed with onetime")
        if (self.payment_method is AutopayPaymentMethod.MANDATE) != (self.mandate_id is not None):
            raise ValueError("mandate_id and the payment_method mandate need each other")
        if self.tag is AutopayTag.ONETIME and self.every is not None:
            raise ValueError("every is for a regular autopay; leave it out with onetime")
        return self


class BillAutopayCreate(Body):
    """Pay the bills of a postpaid number by themselves, each in full, from the wallet."""

    phone_number: MobileNumber
    operator: OperatorCode | None = Field(
        default=None,
        description="The number's operator. Null: the one that we know of; numbers are ported, so state it if you know it.",
        examples=["JIO"],
    )
    circle: CircleCode | None = Field(default=None, examples=["KA"])
    tag: AutopayTag
    next_due_at: NextDue | None = Field(
        default=None,
        description="When it is due first: a day (from its beginning in India) or an instant (RFC 3339). Null, of a regular "
        "autopay: at nine in the morning in India on the day before the present bill is due, or else after one interval.",
    )
    max_amount: PositiveMoney = Field(
        description="The most that one bill may come to. If it is more, the autopay is paused, and a notice asks."
    )
    every: Interval | None = Field(default=None, description="Of a regular autopay; null: a month.")
    source: RequestSource = RequestSource.WEB

    @model_validator(mode="after")
    def _once_is_on_a_date(self) -> Self:
        if self.tag is AutopayTag.ONETIME and self.next_due_at is None:
            raise ValueError("next_due_at is needed with onetime")
        if self.tag is AutopayTag.ONETIME and self.every is not None:
            raise ValueError("every is for a regular autopay; leave it out with onetime")
        return self


class AutopayUpdate(Changes):
    """Change when an autopay is due next, how often it runs, for which amount, how much one run may cost, or what it is paid from."""

    next_due_at: NextDue = Field(default_factory=left_out)
    amount: PositiveMoney = Field(
        default_factory=left_out, description="Of a plan of any amount: what each run is to cost from now on."
    )
    max_amount: MaxAmount = Field(default_factory=left_out)
    every: Interval = Field(default_factory=left_out)
    mandate_id: UUID | None = Field(default_factory=left_out, description="Null: from the wallet only.")


class IntervalOut(Out):
    """The time between two runs."""

    n: int
    unit: IntervalUnit


class AutopayOut(Out):
    """A recharge that happens by itself."""

    located_at: ClassVar[str] = "/v1/autopay/{autopay_id}"

    autopay_id: UUID
    kind: AutopayKind
    phone_number: str
    plan_id: UUID | None = Field(description="Null if it pays bills.")
    plan_name: str
    operator: str
    tag: AutopayTag
    status: AutopayStatus
    pause_reason: PauseReason | None
    payment_method: AutopayPaymentMethod
    mandate_id: UUID | None
    price: Money = Field(
        description="What a run costs, as of the last look: the plan's price, less the best automatic offer, or the bill. 0: no bill was seen yet."
    )
    amount: Money | None = Field(
        description="Of a plan of any amount: what its owner chose. Null of a plan with one price.",
    )
    max_amount: Money
    every: IntervalOut | None
    next_due_at: datetime | None = Field(description="Null once it has ended.")
    is_announced: bool = Field(description="The notice of the next due date has been sent.")
    tries: int = Field(description="How often the next due date was tried already; at most four times.")
    recharge_id: UUID | None = Field(description="The recharge that is under way for it.")
    created_at: datetime
    updated_at: datetime


class AutopayQuery(PageParams):
    """Which of my autopays."""

    status: AutopayStatus | None = Field(default=None, description="Null: all but the cancelled ones.")
    phone_number: MobileNumber | None = None


class AutopayAttemptOut(Out):
    """One try to run an autopay, or a due date that was left out."""

    attempt_id: UUID
    autopay_id: UUID
    due_at: datetime
    attempted_at: datetime
    outcome: AttemptOutcome
    reason: str | None = Field(description="The code of the refusal, or why it was paused.")
    amount: Money
    recharge_id: UUID | None
    late_seconds: int = Field(description="How long after it was due.")


AutopayPage = Page[AutopayOut]
AutopayAttemptPage = Page[AutopayAttemptOut]
