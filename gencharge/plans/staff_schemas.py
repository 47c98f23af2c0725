"""Plans and their groups as the staff see and change them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from gencharge.core.http.changes import left_out
from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Body, Out, Versioned
from gencharge.core.values import clock, facts
from gencharge.core.values.codes import Choice, CircleCode, OperatorCode
from gencharge.core.values.instants import Instant
from gencharge.core.values.money import Money
from gencharge.core.values.text import one_line, some_lines
from gencharge.plans.models import (
    Plan,
    PlanCategory,
    PlanGroup,
    PlanSnapshot,
    PlanStatus,
    PlanType,
    PlanVersion,
    ValidityUnit,
)
from gencharge.plans.schemas import Benefits, PlanOut, TalktimeTerms, Validity

MAX_PRICE: Final = Money.rupees(1_00_000)


def _sellable(price: Money) -> Money:
    if not price or price > MAX_PRICE:
        raise PydanticCustomError(
            "price", "Must be above zero and at most {maximum} rupees", {"maximum": str(MAX_PRICE)}
        )
    return price


Code = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_upper=True, min_length=1, max_length=20, pattern="^[A-Za-z0-9_]+$"
    ),
]
Name = Annotated[str, *one_line(120)]
Description = Annotated[str, *some_lines(2000)]
Criteria = Annotated[str, *some_lines(500)]
Price = Annotated[
    Money,
    AfterValidator(_sellable),
    Field(json_schema_extra={"exclusiveMinimum": 0, "maximum": MAX_PRICE.paise / 100}),
]
Circles = Annotated[
    list[Code], Field(max_length=40, description="Circles where it is sold; empty: all of them.")
]
GroupName = Annotated[str, *one_line(60)]
GroupDescription = Annotated[str, *some_lines(500)]
SortOrder = Annotated[int, Field(ge=0, le=1_000_000, description="Smaller ones are shown first.")]


class ValidityTerms(Body):
    """How long a plan lasts."""

    n: Annotated[int, Field(ge=1, le=3660)] | None = Field(
        default=None, description="How many; left out with `base_plan`.", examples=[28]
    )
    unit: ValidityUnit


class Amounts(Body):
    """What customers can choose to pay besides the lowest amount, which is `price`: a plan of any amount, for talktime."""

    maximum: Price = Field(examples=[2000.00])
    step: Price = Field(default=Money.rupees(1), description="From one amount to the next.")
    samples: list[Price] = Field(
        default_factory=list,
        max_length=12,
        description="Amounts that the pages suggest.",
        examples=[[10, 50, 100]],
    )
    talktime: TalktimeTerms | None = Field(
        default=None, description="What the operator credits of an amount; null: the tariff does not say."
    )


class PlanCreate(Body):
    """A new plan. As a draft it is seen by the staff only."""

    name: Name = Field(examples=["Jio ₹299 · 1.5 GB/day · 28 days"])
    description: Description = ""
    operator: Code = Field(examples=["JIO"])
    circles: Circles = Field(default_factory=list)
    plan_type: PlanType
    category: PlanCategory
    price: Price = Field(
        description="What the customer pays, GST included; with `amounts` the least that they can pay."
    )
    amounts: Amounts | None = Field(default=None, description="null: it costs `price`.")
    validity: ValidityTerms
    benefits: Benefits = Field(default_factory=Benefits)
    most_popular: bool = False
    group_id: UUID
    criteria: Criteria = Field(default="", description="Who may buy it, since when the tariff holds.")
    status: PlanStatus = PlanStatus.DRAFT
    active_from: Instant | None = Field(
        default=None, description="An active plan goes on sale at this instant by itself."
    )
    active_until: Instant | None = Field(default=None, description="And off sale at this one.")


class PlanUpdate(Body):
    """What is to change; what is left out stays. Benefits, validity and circles are replaced as a whole."""

    name: Name = Field(default_factory=left_out)
    description: Description = Field(default_factory=left_out)
    operator: Code = Field(default_factory=left_out)
    circles: Circles = Field(default_factory=left_out)
    plan_type: PlanType = Field(default_factory=left_out)
    category: PlanCategory = Field(default_factory=left_out)
    price: Price = Field(default_factory=left_out, examples=[199.00])
    amounts: Amounts | None = Field(default=None, description="Replaced as a whole. null: it costs `price`.")
    validity: ValidityTerms = Field(default_factory=left_out)
    benefits: Benefits = Field(default_factory=left_out)
    most_popular: bool = Field(default_factory=left_out)
    group_id: UUID = Field(default_factory=left_out)
    criteria: Criteria = Field(default_factory=left_out)
    status: PlanStatus = Field(default_factory=left_out, examples=["active"])
    active_from: Instant | None = Field(default=None, description="null: at once.")
    active_until: Instant | None = Field(default=None, description="null: without an end.")


class PlanUpdated(Versioned):
    """What was changed (seeds, section 6.2)."""

    message: Literal["Plan updated successfully"] = "Plan updated successfully"
    plan_id: UUID
    updated_fields: dict[str, Any] = Field(examples=[{"price": 199.00, "status": "active"}])
    cache_status: Literal["Invalidated", "Unchanged"] = Field(description="`Unchanged` if nothing changed.")


class PlanVersionOut(Out):
    """The terms of one version. Customers who bought it keep them."""

    version: int
    name: str
    price: Money
    validity: Validity
    since: datetime
    changed_by: UUID | None = Field(description="The admin; null for the sample data and the command line.")
    terms: dict[str, Any] = Field(description="All that was sold.")

    @classmethod
    def of(cls, row: PlanVersion) -> Self:
        """The version as the API shows it."""
        terms = row.snapshot
        return cls(
            version=row.version,
            name=terms["name"],
            price=Money(terms["price_paise"]),
            validity=Validity(n=terms["validity_count"], unit=ValidityUnit(terms["validity_unit"])),
            since=row.created_at,
            changed_by=row.changed_by,
            terms=facts.shown(terms),
        )


class StaffPlanOut(Versioned, PlanOut):
    """A plan as the staff see it: every status, and whether it can be bought now."""

    located_at: ClassVar[str] = "/v1/plans/admin/{plan_id}"

    on_sale: bool = Field(description="It can be bought at this moment.")
    scheduled: bool = Field(description="Active, and its sale begins in the future.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of_row(cls, plan: Plan, group: str, **more: Any) -> Self:
        """The plan of a row of the table."""
        instant = clock.now()
        snapshot = PlanSnapshot.of(plan, group)
        begins = plan.active_from
        return cls(
            **PlanOut.of(snapshot).__dict__,
            etag=plan.etag,
            on_sale=snapshot.available_at(instant),
            scheduled=snapshot.status is PlanStatus.ACTIVE and begins is not None and begins > instant,
            created_at=plan.created_at,
            updated_at=plan.updated_at,
            **more,
        )


class StaffPlanDetail(StaffPlanOut):
    """A plan with its newest versions."""

    versions: list[PlanVersionOut] = Field(
        description="The newest ones first, at most 20; all of them: `/versions`."
    )


class StaffPlanSort(StrEnum):
    """The order of the staff's list; a minus means falling."""

    UPDATED = "updated_at"
    UPDATED_FALLING = "-updated_at"
    CREATED = "created_at"
    CREATED_FALLING = "-created_at"
    PRICE = "price"
    PRICE_FALLING = "-price"
    NAME = "name"
    NAME_FALLING = "-name"


class PlanFilters(BaseModel, defer_build=True):
    """Which plans the staff ask for. An unknown parameter is an error."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    status: PlanStatus | None = None
    scheduled: bool | None = Field(
        default=None, description="true: active, and the sale begins in the future; false: the others."
    )
    operator: OperatorCode | None = Field(default=None, examples=["JIO"])
    circle: CircleCode | None = Field(default=None, description="Plans sold there.", examples=["KA"])
    plan_type: PlanType | None = None
    category: PlanCategory | None = None
    group: Annotated[GroupName, Choice("plan_group")] | None = Field(
        default=None, description="By id or name.", examples=["Unlimited"]
    )
    popular: bool | None = None
    min_price: Money | None = None
    max_price: Money | None = None
    search: GroupName | None = Field(
        default=None, description="Words of the name or description; all must occur."
    )


class StaffPlanQuery(PlanFilters, PageParams):
    """The query of the staff's list."""

    sort: StaffPlanSort = StaffPlanSort.UPDATED_FALLING


class FileFormat(StrEnum):
    """The formats of an export."""

    CSV = "csv"
    XLSX = "xlsx"


class PlanExportQuery(PlanFilters):
    """Which plans go into the file, and what kind of file it is."""

    format: FileFormat = FileFormat.CSV


class PlanGroupCreate(Body):
    """A new plan group."""

    name: GroupName = Field(examples=["Unlimited"])
    description: GroupDescription = ""
    sort_order: SortOrder = 0


class PlanGroupUpdate(Body):
    """What is to change; what is left out stays."""

    name: GroupName = Field(default_factory=left_out, examples=["Unlimited"])
    description: GroupDescription = Field(default_factory=left_out)
    sort_order: SortOrder = Field(default_factory=left_out)


class StaffPlanGroupOut(Versioned):
    """A plan group, with how many plans of each status are in it (in your scope)."""

    group_id: UUID
    name: str = Field(examples=["Unlimited"])
    description: str
    sort_order: int
    plans: dict[PlanStatus, int]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, group: PlanGroup, counts: dict[str, int]) -> Self:
        """The group as the API shows it."""
        return cls(
            etag=group.etag,
            group_id=group.group_id,
            name=group.name,
            description=group.description,
            sort_order=group.sort_order,
            plans={status: counts.get(status.value, 0) for status in PlanStatus},
            created_at=group.created_at,
            updated_at=group.updated_at,
        )


class BadCell(Out):
    """An invalid cell of a file, and what it must be."""

    line: int = Field(description="The line of a CSV file, the row of a sheet; the column names are in 1.")
    column: str
    value: str = Field(description="What is there, cut to 80 characters.")
    message: str
    code: str


class ImportedPlan(Out):
    """What a row of a file does, or would do."""

    line: int
    action: Literal["created", "updated"]
    plan_id: UUID | None = Field(description="null: not known before it is created.")
    name: str
    changes: dict[str, Any] = Field(description="What differs, old and new.")


class PlanImportOut(Out):
    """What an import did; with `dry_run` what it would do. Where a row is bad, nothing is done at all."""

    dry_run: bool
    import_id: UUID | None = Field(description="Names this import in the audit trail; null for a dry run.")
    rows: int
    created: int
    updated: int
    unchanged: int
    bad_rows: list[BadCell] = Field(description="The first 500.")
    bad_rows_left_out: int = Field(description="How many more there are.")
    items: list[ImportedPlan] = Field(
        description="What is created or updated, in the file's order; the first 500."
    )
    items_left_out: int = Field(description="How many more there are.")
