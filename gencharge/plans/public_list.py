"""The public plan list: filters, order and pages over the plans on sale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from gencharge.core.errors import FieldProblem, ValidationFailed, field_problem
from gencharge.core.http.paging import slice_page
from gencharge.core.values.money import MAX_PAISE
from gencharge.core.wording import worded
from gencharge.plans.catalogue import CatalogueSnapshot, PlansOnSale
from gencharge.plans.models import PlanSnapshot
from gencharge.plans.schemas import OperatorMaintenanceOut, PlanOut, PlanPage, PlanQuery, PlanSort
from gencharge.plans.search_words import mentions

# Later than any validity in days: a pack that ends with its base plan comes last, whichever way round.
_NO_DAYS: Final = 100_000
# Above any price, so that one whole number orders by something first and by price second.
_STEP: Final = MAX_PAISE + 1


def _by_popularity(plan: PlanSnapshot) -> int:
    return (not plan.most_popular) * _STEP + plan.price.paise


def _by_validity(plan: PlanSnapshot) -> int:
    days = plan.validity_days
    return (_NO_DAYS if days is None else days) * _STEP + plan.price.paise


def _by_falling_validity(plan: PlanSnapshot) -> int:
    days = plan.validity_days
    return (_NO_DAYS if days is None else _NO_DAYS - days) * _STEP + plan.price.paise


_ORDERS: Final[dict[PlanSort, Callable[[PlanSnapshot], int | str]]] = {
    PlanSort.POPULAR: _by_popularity,
    PlanSort.PRICE: lambda plan: plan.price.paise,
    PlanSort.PRICE_FALLING: lambda plan: -plan.price.paise,
    PlanSort.VALIDITY: _by_validity,
    PlanSort.VALIDITY_FALLING: _by_falling_validity,
    PlanSort.NAME: lambda plan: plan.name.casefold(),
}


def page_of(on_sale: PlansOnSale, query: PlanQuery, hint: str | None = None) -> PlanPage:
    """A page of the plans on sale. `hint`: whose block the number in the query is in. Raises ValidationFailed, CursorInvalid."""
    group_id = _check(on_sale.catalogue, query)
    if query.phone_number is not None and query.operator is None:
        query = query.model_copy(update={"operator": _known(hint, on_sale.catalogue)})
    order = _ORDERS[query.sort]
    matches = (plan for plan in on_sale.plans if _matches(plan, query, group_id))
    page, cursor, total = slice_page(
        matches, query, lambda plan: (order(plan), plan.plan_id), sort=query.sort.value
    )
    items = [PlanOut.of(plan) for plan in page]
    maintenance = [
        OperatorMaintenanceOut(
            operator=code,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            text=window.text,
            text_hi=window.text_hi,
        )
        for code, window in on_sale.maintenance.items()
        if query.operator in {None, code}
    ]
    return PlanPage(items=items, next_cursor=cursor, total=total, maintenance=maintenance)


def _known(hint: str | None, catalogue: CatalogueSnapshot) -> str:
    """The operator of a number. Raises ValidationFailed if it is not known: the caller has to say."""
    if hint is not None and hint in catalogue.operators:
        return hint
    right = worded("Must be one of: {choices}", choices=list(catalogue.operators))
    raise ValidationFailed(errors=[field_problem("query.operator", right, "operator_required")])


def _matches(plan: PlanSnapshot, query: PlanQuery, group_id: UUID | None) -> bool:
    return (
        (query.operator is None or plan.operator == query.operator)
        and (query.circle is None or plan.sold_in(query.circle))
        and (query.plan_type is None or plan.plan_type is query.plan_type)
        and (query.category is None or plan.category is query.category)
        and (group_id is None or plan.group_id == group_id)
        and (query.popular is None or plan.most_popular is query.popular)
        and (query.min_price is None or plan.price >= query.min_price)
        and (query.max_price is None or plan.price <= query.max_price)
        and _has_validity(plan, query.min_validity_days, query.max_validity_days)
        and (query.search is None or mentions(plan, query.search))
    )


def _has_validity(plan: PlanSnapshot, min_days: int | None, max_days: int | None) -> bool:
    if min_days is None and max_days is None:
        return True
    days = plan.validity_days
    return (
        days is not None and (min_days is None or days >= min_days) and (max_days is None or days <= max_days)
    )


def _check(catalogue: CatalogueSnapshot, query: PlanQuery) -> UUID | None:
    """The id of the group in the query. Raises ValidationFailed for what the catalogue does not know."""
    problems = list(_problems(catalogue, query))
    group_id = None
    if query.group is not None:
        id_or_name = query.group.casefold()
        group_id = next(
            (
                group.group_id
                for group in catalogue.groups
                if id_or_name in {group.name.casefold(), str(group.group_id)}
            ),
            None,
        )
        if group_id is None:
            names = ", ".join(group.name for group in catalogue.groups)
            problems.append(
                field_problem(
                    "query.group", worded("Must be one of: {choices}", choices=names), "plan_group_invalid"
                )
            )
    if problems:
        raise ValidationFailed(errors=problems)
    return group_id


def _problems(catalogue: CatalogueSnapshot, query: PlanQuery) -> Iterator[FieldProblem]:
    if query.operator is not None and query.operator not in catalogue.operators:
        yield field_problem(
            "query.operator",
            worded("Must be one of: {choices}", choices=list(catalogue.operators)),
            "operator_invalid",
        )
    if query.circle is not None and query.circle not in catalogue.circles:
        yield field_problem(
            "query.circle",
            worded("Must be one of: {choices}", choices=list(catalogue.circles)),
            "circle_invalid",
        )
    if query.min_price is not None and query.max_price is not None and query.min_price > query.max_price:
        yield field_problem("query.max_price", "Must be at least min_price", "range_invalid")
    if (
        query.min_validity_days is not None
        and query.max_validity_days is not None
        and query.min_validity_days > query.max_validity_days
    ):
        yield field_problem("query.max_validity_days", "Must be at least min_validity_days", "range_invalid")
