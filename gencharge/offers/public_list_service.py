"""The public offer list: filters, order and pages over the active offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from gencharge.core.errors import FieldProblem, ValidationFailed, field_problem
from gencharge.core.http.paging import (
    Page,
    PageParams,
    slice_page,
)
from gencharge.core.wording import worded
from gencharge.offers.schemas import OfferOut, OfferQuery, OfferSort, OfferTypeOut
from gencharge.offers.snapshot import ActiveOffers, OfferSnapshot
from gencharge.plans import service as plans
from gencharge.plans.errors import PlanNotFound

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Later than any window's end, in microseconds since 1970: an offer without an end comes last.
_NEVER: Final = 2**62


def _microseconds(instant: datetime) -> int:
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _by_end(offer: OfferSnapshot) -> int:
    return _microseconds(offer.active_until) if offer.active_until is not None else _NEVER


def _by_age(offer: OfferSnapshot) -> int:
    return -_microseconds(offer.created_at)


_ORDERS: Final[dict[OfferSort, Callable[[OfferSnapshot], int | str]]] = {
    # Newest first within each half: no age reaches half of _NEVER.
    OfferSort.SPECIAL: lambda offer: _by_age(offer) - (_NEVER // 2 if offer.is_special else 0),
    OfferSort.ENDING: _by_end,
    OfferSort.NEWEST: _by_age,
    OfferSort.NAME: lambda offer: offer.name.casefold(),
}


def page_of(active: ActiveOffers, on_sale: plans.PlansOnSale, query: OfferQuery) -> Page[OfferOut]:
    """A page of the active offers. A plan in the query must be or have been on sale. Raises ValidationFailed, CursorInvalid."""
    matches = _filter(active, on_sale, query)
    order = _ORDERS[query.sort]
    page, cursor, total = slice_page(
        filter(matches, active.offers),
        query,
        lambda offer: (order(offer), offer.offer_id),
        sort=query.sort.value,
    )
    items = [one(active, offer) for offer in page]
    return Page(items=items, next_cursor=cursor, total=total)


def one(active: ActiveOffers, offer: OfferSnapshot) -> OfferOut:
    """An active offer as the API shows it."""
    return OfferOut.of(offer, active.snapshot.type_name(offer))


def types_of(active: ActiveOffers, page: PageParams) -> Page[OfferTypeOut]:
    """A page of the types by name, each with the number of its active offers. Raises CursorInvalid."""
    counts: dict[UUID, int] = {}
    for offer in active.offers:
        counts[offer.offer_type_id] = counts.get(offer.offer_type_id, 0) + 1
    types, cursor, total = slice_page(
        tuple(active.snapshot.types.values()), page, lambda kind: (kind.name.casefold(), kind.offer_type_id)
    )
    items = [OfferTypeOut.of(kind, counts.get(kind.offer_type_id, 0)) for kind in types]
    return Page(items=items, next_cursor=cursor, total=total)


def _filter(
    active: ActiveOffers, on_sale: plans.PlansOnSale, query: OfferQuery
) -> Callable[[OfferSnapshot], bool]:
    problems: list[FieldProblem] = []
    operator = query.operator.upper() if query.operator is not None else None
    codes = on_sale.catalogue.operators
    if operator is not None and operator not in codes:
        problems.append(
            field_problem(
                "query.operator", worded("Must be one of: {choices}", choices=list(codes)), "operator_invalid"
            )
        )
    type_id = _type_id(active, query.type, problems) if query.type is not None else None
    plan = _plan(on_sale, query.plan_id, problems) if query.plan_id is not None else None
    if problems:
        raise ValidationFailed(errors=problems)

    def tests(offer: OfferSnapshot) -> Iterator[bool]:
        yield query.special is None or offer.is_special is query.special
        yield operator is None or offer.is_for_operator(operator)
        yield type_id is None or offer.offer_type_id == type_id
        yield plan is None or offer.is_for_plan(plan)
        yield query.search is None or _mentions(offer, query.search)

    return lambda offer: all(tests(offer))


def _type_id(active: ActiveOffers, id_or_name: str, problems: list[FieldProblem]) -> UUID | None:
    key = id_or_name.casefold()
    for kind in active.snapshot.types.values():
        if key in {kind.name.casefold(), str(kind.offer_type_id)}:
            return kind.offer_type_id
    names = ", ".join(kind.name for kind in active.snapshot.types.values())
    problems.append(
        field_problem("query.type", worded("Must be one of: {choices}", choices=names), "offer_type_invalid")
    )
    return None


def _plan(
    on_sale: plans.PlansOnSale, plan_id: UUID, problems: list[FieldProblem]
) -> plans.PlanSnapshot | None:
    try:
        return on_sale.published(plan_id)
    except PlanNotFound:
        problems.append(field_problem("query.plan_id", "Must be a plan of the plan list", "plan_invalid"))
        return None


def _mentions(offer: OfferSnapshot, search: str) -> bool:
    text = f"{offer.name} {offer.description} {offer.code or ''}".casefold()
    return all(word in text for word in search.casefold().split())
