"""What a report can be asked for, and what the API says about reports."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from gencharge.admins.models import AdminStatus
from gencharge.autopay.models import AutopayPaymentMethod, AutopayStatus, AutopayTag, PauseReason
from gencharge.core.http.history import Period
from gencharge.core.http.paging import PageParams
from gencharge.core.http.references import Reference
from gencharge.core.http.web import Body, Out
from gencharge.core.values import clock
from gencharge.core.values.codes import CircleCode, OperatorCode
from gencharge.core.values.money import Money
from gencharge.core.values.phone import MobileNumber
from gencharge.offers.models import OfferStatus
from gencharge.plans.models import PlanCategory, PlanStatus, PlanType
from gencharge.recharge.models import PaymentState
from gencharge.referrals.models import HoldReason, RewardSide, RewardState
from gencharge.reports.models import FileStatus
from gencharge.users.models import KycTier, UserType
from gencharge.wallet.models import PaymentMethod

Word = Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]
Name = Annotated[str, Field(min_length=1, max_length=60)]
MONTH: Final = r"^20[2-9][0-9]-(0[1-9]|1[0-2])$"
# Not filters: how the file is to be.
_FORM: Final = frozenset({"format", "columns", "headings"})


_HEADINGS: Final = "What stands above the columns of CSV and XLSX. Default: words in your language; names in a CSV file in English."


def bounds_of(month: str) -> tuple[datetime, datetime]:
    """The instants at which a month (`2026-10`) and the next one begin in India."""
    first = date.fromisoformat(f"{month}-01")
    return clock.start_of_day(first), clock.start_of_day((first + timedelta(days=31)).replace(day=1))


class ReportFormat(StrEnum):
    """The formats of a report."""

    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    PDF = "pdf"
    PARQUET = "parquet"  # typed columns; takes the extra gencharge[parquet]


class Headings(StrEnum):
    """What stands above the columns of a CSV file or a sheet."""

    NAMES = "names"  # `paid_from_wallet`, as in JSON
    WORDS = "words"  # `Paid from wallet`, or the same in Hindi


class ReportQuery(BaseModel, defer_build=True):
    """How a report is to be. A report adds its filters."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    format: ReportFormat = ReportFormat.CSV
    columns: str | None = Field(
        default=None,
        min_length=1,
        max_length=1_000,
        description="Names of columns with commas between, in the order that you want. Default: all; of a PDF, those that fit.",
    )

    headings: Headings | None = Field(default=None, description=_HEADINGS)

    def filters(self) -> tuple[tuple[str, str], ...]:
        """The filters that were given, as they are printed."""
        values = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(_FORM))
        return tuple((name, str(value)) for name, value in values.items())


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


class TransactionsQuery(PeriodQuery):
    """Which recharges; `from` and `to` are when they were made."""

    status: PaymentState | None = None
    user_id: UUID | None = Field(default=None, description="Who paid.")
    phone_number: MobileNumber | None = None
    operator: OperatorCode | None = None
    circle: CircleCode | None = None
    plan_type: PlanType | None = None
    category: PlanCategory | None = None
    payment_method: PaymentMethod | None = None
    source: Name | None = None
    plan_id: UUID | None = None
    reference: Reference | None = Field(default=None, description="The caller's own name for it.")
    min_amount: Money | None = Field(default=None, description="Of what the customer paid, in rupees.")
    max_amount: Money | None = None

    @model_validator(mode="after")
    def _smallest_before_largest(self) -> Self:
        if self.min_amount is not None and self.max_amount is not None and self.min_amount > self.max_amount:
            raise PydanticCustomError("range_invalid", "min_amount must not exceed max_amount")
        return self


class ActivePlansQuery(PeriodQuery):
    """Which of the plans that run or wait; `from` and `to` are when they were bought."""

    status: Literal["active", "queued"] | None = None
    phone_number: MobileNumber | None = None
    user_id: UUID | None = Field(default=None, description="Who paid.")
    operator: OperatorCode | None = None
    plan_type: PlanType | None = None
    category: PlanCategory | None = None
    expires_within_days: int | None = Field(default=None, ge=0, le=366, description="Those that end by then.")


class UsersQuery(PeriodQuery):
    """Which customers; `from` and `to` are when they signed up."""

    user_type: UserType | None = None
    kyc_tier: KycTier | None = None
    registered: bool | None = Field(default=None, description="Whether they gave name and address.")
    phone_number: MobileNumber | None = None


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
    popular: bool | None = None
    min_price: Money | None = Field(default=None, description="In rupees.")
    max_price: Money | None = None
    search: Name | None = Field(default=None, description="Words of the name; all must occur.")

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


class ReferralsQuery(PeriodQuery):
    """Which rewards; `from` and `to` are when the new customer registered."""

    user_id: UUID | None = Field(default=None, description="Who gets the reward.")
    friend_id: UUID | None = Field(default=None, description="The new customer.")
    state: RewardState | None = None
    side: RewardSide | None = None
    reason: HoldReason | None = Field(default=None, description="Held for this reason, now or before.")


class AuditReportQuery(PeriodQuery):
    """Which entries of the trail."""

    actor_id: UUID | None = Field(default=None, description="Who did it.")
    actor_kind: Literal["user", "admin", "system"] | None = None
    action: Word | None = Field(default=None, examples=["plan_updated"])
    object_type: Word | None = Field(default=None, examples=["plan"])
    user_id: UUID | None = Field(default=None, description="The customer whom it concerned.")
    result: Word | None = Field(default=None, examples=["succeeded", "failed"])


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


class ColumnOut(Out):
    """A column of a report."""

    name: str
    heading: str = Field(description="What people read above it, in your language.")
    kind: str = Field(examples=["text", "money", "instant", "date", "integer", "boolean"])
    about: str


class ReportOut(Out):
    """A report that you may have."""

    name: str
    title: str = Field(description="In your language.")
    about: str
    permission: str = Field(description="What it takes beside `Reports:read`.", examples=["Users:read"])
    columns: list[ColumnOut]
    filters: list[str] = Field(description="The parameters that choose its rows.")


class MakeReport(Body):
    """A report as a file, made by a worker."""

    report: str = Field(max_length=40, examples=["transactions"])
    format: ReportFormat = ReportFormat.CSV
    columns: str | None = Field(default=None, min_length=1, max_length=1_000, examples=["paid,operator"])
    headings: Headings | None = Field(default=None, description=_HEADINGS)
    filters: dict[str, str] = Field(
        default_factory=dict,
        max_length=20,
        description="As the parameters of `GET /reports/{report}`.",
        examples=[{"from": "2026-11-01", "operator": "JIO"}],
    )


class ReportFileQuery(PageParams):
    """Which of your files."""

    status: FileStatus | None = None
    report: str | None = Field(default=None, max_length=40)


class ReportFileOut(Out):
    """A report that a worker makes, or has made."""

    report_file_id: UUID
    report: str
    format: ReportFormat
    filters: dict[str, str]
    status: FileStatus
    rows: int = Field(description="So far; of one that is ready, all.")
    total_rows: int | None = Field(description="null: not known before the end.")
    percent: float | None
    seconds_left: int | None = Field(description="At the pace so far; null: not known.")
    size_bytes: int | None
    failure: str | None = Field(description="The code of what went wrong.", examples=["report_too_large"])
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime = Field(description="When the file is deleted.")


class ReportLinkOut(Out):
    """Where a file can be fetched without signing in."""

    url: str = Field(description="A path of this API. Whoever has it can fetch the file.")
    expires_at: datetime
