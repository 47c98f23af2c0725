"""The schemas of plans."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out
from gencharge.core.values import percents
from gencharge.core.values.codes import Choice, CircleCode, OperatorCode
from gencharge.core.values.money import Money
from gencharge.core.values.percents import Percent
from gencharge.core.values.phone import MobileNumber
from gencharge.core.values.text import one_line
from gencharge.plans.catalogue import GroupSnapshot
from gencharge.plans.models import (
    AmountRange,
    PlanCategory,
    PlanSnapshot,
    PlanStatus,
    PlanType,
    TalktimeRule,
    ValidityUnit,
)

Amount = Annotated[int, Field(ge=0, le=100_000_000)]


class Benefits(Body):
    """What a plan gives. A megabyte is 1/1024 of a gigabyte; null means that the tariff does not say."""

    model_config = ConfigDict(frozen=True)

    data_total_mb: Amount | None = Field(default=None, description="Data over the whole validity.")
    data_per_day_mb: Amount | None = Field(default=None, description="Data that is fresh each day.")
    voice_unlimited: bool = False
    voice_minutes: Amount | None = None
    sms_total: Amount | None = None
    sms_per_day: Amount | None = None
    talktime: Money | None = Field(default=None, description="Balance for calls, in rupees.")
    extras: tuple[Annotated[str, *one_line(200)], ...] = Field(default=(), max_length=20)

    def stored(self) -> dict[str, Any]:
        """As the table keeps it: money in paise, under a name that says so."""
        stored_values = self.model_dump(exclude={"talktime"}) | {"extras": list(self.extras)}
        return stored_values | {"talktime_paise": self.talktime.paise if self.talktime is not None else None}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """The benefits of a table's row."""
        values = {name: value for name, value in stored.items() if name in cls.model_fields}
        paise = stored.get("talktime_paise")
        return cls(**values | {"talktime": Money(paise) if paise is not None else None})


class TalktimeTerms(Body):
    """What the operator keeps of an amount: the tax inside it, and a processing fee. The rest is talktime."""

    model_config = ConfigDict(frozen=True)

    gst_percent: int = Field(default=18, ge=0, le=100)
    fee_percent: Percent = Field(description="The processing fee, as a share of the amount.", examples=[10])
    fee_cap: Money = Field(description="The highest processing fee.", examples=[3.00])

    @classmethod
    def of(cls, rule: TalktimeRule) -> Self:
        """As the API shows it."""
        percent = percents.of_basis_points(rule.fee_basis_points)
        return cls(gst_percent=rule.gst_percent, fee_percent=percent, fee_cap=rule.fee_cap)


class AmountSample(Out):
    """An amount that the pages suggest."""

    amount: Money
    talktime: Money | None = Field(
        description="What the operator credits for it; null: the tariff does not say."
    )


class AmountsOut(Out):
    """What a plan of any amount is sold for: from `minimum` to `maximum` in steps of `step`."""

    minimum: Money = Field(description="The same as the plan's `price`.")
    maximum: Money
    step: Money
    samples: list[AmountSample] = Field(description="What the pages suggest.")
    talktime: TalktimeTerms | None = Field(description="null: the tariff does not say what is credited.")

    @classmethod
    def of(cls, amounts: AmountRange) -> Self:
        """The amounts as the API shows them."""
        rule = amounts.talktime
        return cls(
            minimum=amounts.minimum,
            maximum=amounts.maximum,
            step=amounts.step,
            samples=[
                AmountSample(amount=sample, talktime=rule.of(sample) if rule is not None else None)
                for sample in amounts.samples
            ],
            talktime=TalktimeTerms.of(rule) if rule is not None else None,
        )


class Validity(Out):
    """How long a plan lasts: `n` days or months, or (n null) as long as the base plan it is added to."""

    n: int | None = Field(examples=[28])
    unit: ValidityUnit


class PlanOut(Out):
    """A plan. `price` is what the customer pays, GST included; of a plan of any amount, the least that they can pay."""

    plan_id: UUID
    version: int
    name: str = Field(examples=["Jio ₹299 · 1.5 GB/day · 28 days"])
    description: str
    operator: str = Field(examples=["JIO"])
    circles: list[str] = Field(description="Circles where it is sold; empty: all of them.")
    plan_type: PlanType
    category: PlanCategory
    price: Money
    amounts: AmountsOut | None = Field(
        description="Of a plan of any amount: what the customer can choose. A quote and a recharge name it as `amount`. null: it costs `price`.",
    )
    validity: Validity
    benefits: Benefits
    is_addon: bool = Field(description="True: lives beside a base plan.")
    most_popular: bool
    group_id: UUID
    group: str = Field(examples=["Unlimited"])
    criteria: str
    status: PlanStatus
    active_from: datetime | None
    active_until: datetime | None

    @classmethod
    def of(cls, plan: PlanSnapshot) -> Self:
        """The plan as the API shows it."""
        return cls(
            plan_id=plan.plan_id,
            version=plan.version,
            name=plan.name,
            description=plan.description,
            operator=plan.operator,
            circles=sorted(plan.circles),
            plan_type=plan.plan_type,
            category=plan.category,
            price=plan.price,
            amounts=AmountsOut.of(plan.amounts) if plan.amounts is not None else None,
            validity=Validity(n=plan.validity_count, unit=plan.validity_unit),
            benefits=Benefits.from_stored(plan.benefits),
            is_addon=plan.is_addon,
            most_popular=plan.most_popular,
            group_id=plan.group_id,
            group=plan.group,
            criteria=plan.criteria,
            status=plan.status,
            active_from=plan.active_from,
            active_until=plan.active_until,
        )


class OperatorMaintenanceOut(Out):
    """When an operator works on its systems: show the text from now on. From `starts_at` until `ends_at` none of its plans can be bought."""

    operator: str = Field(examples=["JIO"])
    starts_at: datetime = Field(examples=["2026-11-28T18:30:00Z"])
    ends_at: datetime = Field(examples=["2026-11-28T22:30:00Z"])
    text: str = Field(examples=["Jio works on its systems from midnight to 4 a.m. on 29 November."])
    text_hi: str = Field(examples=["जियो 29 नवंबर को रात 12 से सुबह 4 बजे तक अपने सिस्टम पर काम करेगा।"])


class PlanPage(Page[PlanOut]):
    """One page of the plans on sale."""

    maintenance: list[OperatorMaintenanceOut] = Field(
        description="Windows that are running or come, of the operators that were asked for; the same on each page."
    )


class PlanGroupOut(Out):
    """A plan group, with how many of its plans are on sale now."""

    group_id: UUID
    name: str = Field(examples=["Unlimited"])
    description: str
    sort_order: int
    plan_count: int

    @classmethod
    def of(cls, group: GroupSnapshot, plan_count: int) -> Self:
        """The group as the API shows it."""
        return cls(
            group_id=group.group_id,
            name=group.name,
            description=group.description,
            sort_order=group.sort_order,
            plan_count=plan_count,
        )


class PlanSort(StrEnum):
    """The order of the plan list; a minus means falling."""

    POPULAR = "popular"
    PRICE = "price"
    PRICE_FALLING = "-price"
    VALIDITY = "validity"
    VALIDITY_FALLING = "-validity"
    NAME = "name"


Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class PlanQuery(PageParams):
    """Which plans are asked for."""

    search: Word | None = Field(
        default=None,
        description="Words of the name, description or extras; all must occur. `1.5GB`, `28 din` and `OTT` are understood.",
    )
    phone_number: MobileNumber | None = Field(
        default=None,
        description="Plans for this number: of the operator that its block was given to. Numbers are ported, so an `operator` beside it counts"
        " instead; what you told us about the number is in `GET /v1/operators/lookup`.",
    )
    operator: OperatorCode | None = Field(default=None, description="Operator's code.", examples=["JIO"])
    circle: CircleCode | None = Field(
        default=None, description="Circle's code: plans sold there.", examples=["KA"]
    )
    plan_type: PlanType | None = None
    group: Annotated[Word, Choice("plan_group")] | None = Field(
        default=None, description="Plan group, by id or name.", examples=["Unlimited"]
    )
    category: PlanCategory | None = None
    min_price: Money | None = None
    max_price: Money | None = None
    min_validity_days: int | None = Field(
        default=None, ge=1, le=3660, description="A month counts as 30 days."
    )
    max_validity_days: int | None = Field(
        default=None, ge=1, le=3660, description="A month counts as 30 days."
    )
    popular: bool | None = Field(default=None, description="true: only the most popular; false: the others.")
    sort: PlanSort = PlanSort.POPULAR
