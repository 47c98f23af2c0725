"""The rules of a plan that no single field can check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from gencharge.core.values import percents
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.plans.models import (
    AMOUNT_COLUMNS,
    Plan,
    PlanCategory,
    PlanSnapshot,
    PlanStatus,
    PlanType,
    ValidityUnit,
    is_addon,
)
from gencharge.plans.schemas import TalktimeTerms
from gencharge.plans.staff_schemas import Amounts, PlanCreate, PlanUpdate

# Every column of a plan that an admin decides about.
COLUMNS: Final = (
    "operator",
    "circles",
    "plan_type",
    "category",
    "name",
    "description",
    "price_paise",
    *AMOUNT_COLUMNS,
    "validity_count",
    "validity_unit",
    "benefits",
    "is_addon",
    "most_popular",
    "group_id",
    "criteria",
    "status",
    "active_from",
    "active_until",
)
# Changing one of these does not change what a customer buys.
_NOT_SOLD: Final = frozenset({"most_popular", "status", "active_from", "active_until"})
_PREPAID_ONLY: Final = frozenset({PlanCategory.UNLIMITED, PlanCategory.TALKTIME})
_MAX_MONTHS: Final = 120


@dataclass(frozen=True, slots=True)
class Wrong:
    """A field of a plan that is wrong, as the API names it (`validity.n`), and what would be right."""

    field: str
    message: str
    code: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a plan may refer to: codes of operators (served or not) and circles, groups by id."""

    operators: tuple[str, ...]
    circles: tuple[str, ...]
    groups: Mapping[UUID, str]

    @property
    def group_names(self) -> str:
        """The names of all groups, for a message."""
        return ", ".join(sorted(self.groups.values(), key=str.casefold)) or worded("(none yet)")

    def group_of(self, written: str) -> UUID | None:
        """The group of this id or name, without regard to case."""
        id_or_name = written.casefold()
        for group_id, name in self.groups.items():
            if id_or_name in {str(group_id), name.casefold()}:
                return group_id
        return None


def columns_of(command: PlanCreate | PlanUpdate) -> dict[str, Any]:
    """The columns that the command names, as the table keeps them."""
    named = command.model_fields_set if isinstance(command, PlanUpdate) else set(PlanCreate.model_fields)
    columns: dict[str, Any] = {}
    for name in named - {"version"}:
        value = getattr(command, name)
        if name == "price":
            columns["price_paise"] = value.paise
        elif name == "amounts":
            columns |= _amount_columns(value)
        elif name == "validity":
            columns |= {"validity_count": value.n, "validity_unit": value.unit.value}
        elif name == "benefits":
            columns["benefits"] = value.stored()
        elif name == "circles":
            columns["circles"] = sorted(set(value))
        else:
            columns[name] = getattr(value, "value", value)
    return columns


def _amount_columns(amounts: Amounts | None) -> dict[str, Any]:
    columns: dict[str, Any] = dict.fromkeys(AMOUNT_COLUMNS)
    if amounts is None:
        return columns
    columns |= {
        "max_price_paise": amounts.maximum.paise,
        "price_step_paise": amounts.step.paise,
        "sample_prices_paise": sorted({sample.paise for sample in amounts.samples}),
    }
    rule = amounts.talktime
    if rule is not None:
        columns |= {
            "gst_percent": rule.gst_percent,
            "fee_basis_points": percents.basis_points(rule.fee_percent),
            "fee_cap_paise": rule.fee_cap.paise,
        }
    return columns


def amounts_of(values: Mapping[str, Any]) -> Amounts | None:
    """The amounts that the columns say; None if the plan has one price."""
    if values["max_price_paise"] is None:
        return None
    rule = None
    if values["gst_percent"] is not None:
        rule = TalktimeTerms(
            gst_percent=values["gst_percent"],
            fee_percent=percents.of_basis_points(values["fee_basis_points"]),
            fee_cap=Money(values["fee_cap_paise"]),
        )
    return Amounts(
        maximum=Money(values["max_price_paise"]),
        step=Money(values["price_step_paise"]),
        samples=[Money(paise) for paise in values["sample_prices_paise"]],
        talktime=rule,
    )


def state_of(plan: Plan) -> dict[str, Any]:
    """What an admin decides about, as the table keeps it."""
    return {name: getattr(plan, name) for name in COLUMNS} | {"circles": sorted(plan.circles)}


def completed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns, with the derived one added."""
    unit = ValidityUnit(values["validity_unit"])
    return {**values, "is_addon": is_addon(PlanCategory(values["category"]), unit)}


def makes_version(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """True if the change is one of the terms that customers buy."""
    return any(before[name] != after[name] for name in COLUMNS if name not in _NOT_SOLD)


def terms_of(plan: Plan, group: str) -> dict[str, Any]:
    """The terms as `plan_versions` keeps them."""
    return PlanSnapshot.of(plan, group).terms()


def identity_of(values: Mapping[str, Any]) -> tuple[str, str, str, tuple[str, ...]] | None:
    """What no two plans of the catalogue share: operator, type, name, circles. None for an inactive plan."""
    if values["status"] == PlanStatus.INACTIVE.value:
        return None
    return values["operator"], values["plan_type"], values["name"].casefold(), tuple(values["circles"])


def problems(values: Mapping[str, Any], vocabulary: Vocabulary) -> Iterator[Wrong]:
    """The problems of a complete plan."""
    yield from _reference_problems(values, vocabulary)
    yield from _category_problems(values)
    yield from _validity_problems(values)
    yield from _amount_problems(values)
    begins, ends = values["active_from"], values["active_until"]
    if begins is not None and ends is not None and ends <= begins:
        yield Wrong("active_until", "Must be later than active_from", "window_invalid")


def _reference_problems(values: Mapping[str, Any], vocabulary: Vocabulary) -> Iterator[Wrong]:
    if values["operator"] not in vocabulary.operators:
        yield Wrong(
            "operator",
            worded("Must be one of: {choices}", choices=list(vocabulary.operators)),
            "operator_invalid",
        )
    unknown = [circle for circle in values["circles"] if circle not in vocabulary.circles]
    if unknown:
        choices = ", ".join(vocabulary.circles)
        yield Wrong(
            "circles",
            worded("Must be any of: {choices}; not {unknown}", choices=choices, unknown=list(unknown)),
            "circle_invalid",
        )
    if values["group_id"] not in vocabulary.groups:
        choices = ", ".join(f"{name} ({group_id})" for group_id, name in vocabulary.groups.items())
        yield Wrong(
            "group_id",
            worded("Must be the id of one of: {choices}", choices=choices or vocabulary.group_names),
            "plan_group_invalid",
        )


def _category_problems(values: Mapping[str, Any]) -> Iterator[Wrong]:
    plan_type, category = PlanType(values["plan_type"]), PlanCategory(values["category"])
    if category is PlanCategory.POSTPAID_RENTAL and plan_type is not PlanType.POSTPAID:
        yield Wrong("category", "postpaid_rental needs plan_type postpaid", "category_invalid")
    if category in _PREPAID_ONLY and plan_type is not PlanType.PREPAID:
        yield Wrong(
            "category", worded("{category} needs plan_type prepaid", category=category), "category_invalid"
        )


def _amount_problems(values: Mapping[str, Any]) -> Iterator[Wrong]:
    highest, step, lowest = values["max_price_paise"], values["price_step_paise"], values["price_paise"]
    if highest is None:
        return
    if values["category"] != PlanCategory.TALKTIME.value:
        yield Wrong("amounts", "Must be left out: only talktime is sold for any amount", "amounts_invalid")
    if values["benefits"].get("talktime_paise") is not None:
        yield Wrong(
            "benefits.talktime", "Must be left out: the amount and amounts.talktime say it", "amounts_invalid"
        )
    if highest <= lowest:
        yield Wrong(
            "amounts.maximum", worded("Must be above price, {price}", price=Money(lowest)), "amounts_invalid"
        )
    elif (highest - lowest) % step:
        yield Wrong(
            "amounts.step",
            worded("Must lead from {price} to {maximum}", price=Money(lowest), maximum=Money(highest)),
            "amounts_invalid",
        )
    else:
        wrong = [
            Money(sample)
            for sample in values["sample_prices_paise"]
            if not lowest <= sample <= highest or (sample - lowest) % step
        ]
        if wrong:
            right = worded(
                "Must be from {price} to {maximum} in steps of {step}; not {unknown}",
                price=Money(lowest),
                maximum=Money(highest),
                step=Money(step),
                unknown=[str(each) for each in wrong],
            )
            yield Wrong("amounts.samples", right, "amounts_invalid")


def _validity_problems(values: Mapping[str, Any]) -> Iterator[Wrong]:
    unit, count = ValidityUnit(values["validity_unit"]), values["validity_count"]
    if unit is ValidityUnit.BASE_PLAN:
        if count is not None:
            yield Wrong(
                "validity.n", "Must be left out: a base_plan validity has no count", "validity_invalid"
            )
        if values["category"] == PlanCategory.POSTPAID_RENTAL.value:
            yield Wrong(
                "validity.unit", "Must be day or month: a rental is itself a base plan", "validity_invalid"
            )
    elif count is None:
        yield Wrong(
            "validity.n", worded("Must be a number of {unit}s, such as 28", unit=unit), "validity_invalid"
        )
    elif unit is ValidityUnit.MONTH and count > _MAX_MONTHS:
        yield Wrong(
            "validity.n",
            worded("Must be at most {max_months} months", max_months=_MAX_MONTHS),
            "validity_invalid",
        )
