"""Which rows each report has: its filters. They are those of the room's own list, too (`tests/reports/test_query_schemas.py`)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from gencharge.admins.models import AdminStatus
from gencharge.autopay.models import AutopayKind, AutopayPaymentMethod, AutopayStatus, AutopayTag, PauseReason
from gencharge.core.http.history import AmountRange, Period
from gencharge.core.http.references import Reference
from gencharge.core.values import clock
from gencharge.core.values.codes import Choice, CircleCode, OperatorCode
from gencharge.core.values.money import Money
from gencharge.core.values.person_name import Email
from gencharge.core.values.phone import MobileNumber
from gencharge.offers.models import OfferStatus
from gencharge.payments.models import GatewayMethod, PaymentPurpose, PaymentStatus
from gencharge.plans.models import PlanCategory, PlanStatus, PlanType
from gencharge.recharge.models import PaymentState
from gencharge.referrals.models import HoldReason, RewardSide, RewardState, RewardStatus
from gencharge.reports.schemas import ReportQuery
from gencharge.users.models import KycTier, UserType
from gencharge.wallet.models import PaymentMethod, RequestSource

Word = Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]
Action = Annotated[Word, Choice("audit_action")]
ObjectType = Annotated[Word, Choice("audit_object_type")]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:+*-]+$")]
MONTH: Final = r"^20[2-9][0-9]-(0[1-9]|1[0-2])$"


def bounds_of(month: str) -> tuple[datetime, datetime]:
    """The instants at which a month (`2026-10`) and the next one begin in India."""
    first = date.fromisoformat(f"{month}-01")
    return clock.start_of_day(first), clock.start_of_day((first + timedelta(days=31)).replace(day=1))


class PeriodQuery(Period, ReportQuery):
    """A report of a time: `from` and `to`."""


class StatementQuery(PeriodQuery):
    """A statement of a month, or of a time: `from` and `to`."""

    month: str | None = Field(
        default=None,
        pattern=MONTH,
        description="A month in India, such as `2026-10`; not together with `from` or `to`.",
        examples=["2026-10"],
    )

    @model_validator(mode="after")
    def _month_or_time(self) -> Self:
        if self.month is not None and (self.since is not None or self.until is not None):
            raise PydanticCustomError("month_invalid", "month can't be combined with from and to")
        return self

    @property
    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """The instant from which on, and that before which, movements count; None: no bound."""
        return (self.since, self.until) if self.month is None else bounds_of(self.month)


class TransactionsQuery(AmountRange, PeriodQuery):
    """Which recharges; `from` and `to` are when they were made, the amounts what the customer paid, in rupees."""

    status: PaymentState | None = None
    user_id: UUID | None = Field(default=None, description="Who paid.")
    phone_number: MobileNumber | None = None
    operator: OperatorCode | None = None
    circle: CircleCode | None = None
    plan_type: PlanType | None = None
    category: PlanCategory | None = None
    payment_method: PaymentMethod | None = None
    source: RequestSource | None = None
    plan_id: UUID | None = None
    reference: Reference | None = Field(default=None, description="The caller's own name for it.")


class PaymentsQuery(AmountRange, PeriodQuery):
    """Which payments through the gateway; `from` and `to` are when they were begun, the amounts are in rupees."""

    status: PaymentStatus | None = None
    purpose: PaymentPurpose | None = None
    payment_method: GatewayMethod | None = None
    user_id: UUID | None = Field(default=None, description="Who paid.")
    recharge_id: UUID | None = None
    reference: Reference | None = Field(
        default=None, description="The caller's own name for it, or for the recharge."
    )


class ActivePlansQuery(PeriodQuery):
    """Which of the plans that run or wait; `from` and `to` are when they were bought."""

    status: Literal["active", "queued"] | None = None
    phone_number: MobileNumber | None = None
    user_id: UUID | None = Field(default=None, description="Who paid.")
    operator: OperatorCode | None = None
    plan_id: UUID | None = None
    plan_type: PlanType | None = None
    category: PlanCategory | None = None
    expires_within_days: int | None = Field(default=None, ge=0, le=366, description="Those that end by then.")


class UsersQuery(PeriodQuery):
    """Which customers; `from` and `to` are when they signed up."""

    user_type: UserType | None = None
    kyc_tier: KycTier | None = None
    registered: bool | None = Field(default=None, description="Whether they gave name and address.")
    phone_number: MobileNumber | None = None
    email: Email | None = None
    search: Name | None = Field(
        default=None, description="How the name begins, in capitals or not.", examples=["ash"]
    )


class PresentUsersQuery(UsersQuery):
    """Which customers that are not archived."""

    status: Literal["active", "blocked", "deactivated"] | None = None


class AdminsQuery(ReportQuery):
    """Which admins."""

    status: AdminStatus | None = None
    role: Name | None = Field(default=None, examples=["Manager"])
    operator: OperatorCode | None = Field(
        default=None, description="Only those who are limited to this operator, among others."
    )
    search: Name | None = Field(default=None, description="Part of the name, e-mail address or phone number.")


class SessionsQuery(PeriodQuery):
    """Which sessions; `from` and `to` are when they began."""

    owner_id: UUID | None = Field(default=None, description="The customer or admin.")
    kind: Literal["user", "admin"] | None = None
    live: bool | None = Field(default=None, description="true: neither ended nor expired.")


class AutopaysQuery(PeriodQuery):
    """Which autopays; `from` and `to` are when they are due next."""

    user_id: UUID | None = None
    phone_number: MobileNumber | None = None
    status: AutopayStatus | None = None
    pause_reason: PauseReason | None = None
    tag: AutopayTag | None = None
    kind: AutopayKind | None = None
    payment_method: AutopayPaymentMethod | None = None
    operator: OperatorCode | None = None
    plan_id: UUID | None = None


class PlansQuery(ReportQuery):
    """Which plans."""

    status: PlanStatus | None = None
    operator: OperatorCode | None = None
    circle: CircleCode | None = Field(default=None, description="Plans sold there.")
    plan_type: PlanType | None = None
    category: PlanCategory | None = None
    group: Annotated[Name, Choice("plan_group")] | None = Field(
        default=None, description="By id or name.", examples=["Unlimited"]
    )
    scheduled: bool | None = Field(
        default=None, description="true: active, and the sale begins in the future; false: the others."
    )
    popular: bool | None = None
    min_price: Money | None = Field(default=None, description="In rupees.")
    max_price: Money | None = None
    search: Name | None = Field(default=None, description="Words of the name or description; all must occur.")

    @model_validator(mode="after")
    def _lowest_before_highest(self) -> Self:
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise PydanticCustomError("range_invalid", "min_price must not exceed max_price")
        return self


class OffersQuery(ReportQuery):
    """Which offers."""

    status: OfferStatus | None = None
    special: bool | None = None
    operator: OperatorCode | None = Field(
        default=None, description="Offers that this operator's plans can have."
    )
    type: Annotated[Name, Choice("offer_type")] | None = Field(
        default=None, description="Offer type, by id or name."
    )
    search: Name | None = Field(
        default=None, description="Words of the name, description or code; all must occur."
    )
    window: Literal["scheduled", "running", "over"] | None = Field(
        default=None, description="Where the offer's window lies: after now, around it, or before."
    )


class ReferralsQuery(AmountRange, PeriodQuery):
    """Which rewards; `from` and `to` are when the new customer registered, the amounts are in rupees."""

    user_id: UUID | None = Field(default=None, description="Who gets the reward.")
    friend_id: UUID | None = Field(default=None, description="The new customer.")
    state: RewardState | None = None
    status: RewardStatus | None = Field(
        default=None, description="As the list shows it: a reward that is held has no other status."
    )
    side: RewardSide | None = None
    reason: HoldReason | None = Field(default=None, description="Held for this reason, now or before.")


class AuditReportQuery(PeriodQuery):
    """Which entries of the trail."""

    actor_id: UUID | None = Field(default=None, description="Who did it.")
    actor_kind: Literal["user", "admin", "system"] | None = None
    action: Action | None = Field(default=None, examples=["plan_updated"])
    object_type: ObjectType | None = Field(default=None, examples=["plan"])
    object_id: Identifier | None = Field(default=None, description="To what it was done.")
    user_id: UUID | None = Field(default=None, description="The customer whom it concerned.")
    result: Word | None = Field(default=None, examples=["succeeded", "failed"])
    request_id: Identifier | None = Field(default=None, description="The `X-Request-ID` of the request.")


class BackupsQuery(ReportQuery):
    """Which backups."""

    status: Literal["waiting", "running", "ready", "failed", "cancelled"] | None = None


class OperatorPeriodQuery(PeriodQuery):
    """A time, and one operator or all."""

    operator: OperatorCode | None = None


class MonthQuery(ReportQuery):
    """A tax period."""

    month: str = Field(
        pattern=MONTH,
        description="A month in India, such as `2026-10`.",
        examples=["2026-10"],
    )

    @property
    def since(self) -> datetime:
        """The instant at which the month begins in India."""
        return bounds_of(self.month)[0]

    @property
    def until(self) -> datetime:
        """The instant at which the next month begins in India."""
        return bounds_of(self.month)[1]
