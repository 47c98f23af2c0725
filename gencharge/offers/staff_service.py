"""What the staff do with offers. Each change adds a version and an event with old and new values, and refreshes every process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import FieldProblem, ValidationFailed, field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.http.paging import Page
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.offers import crud, events
from gencharge.offers import service as offers
from gencharge.offers.errors import (
    OfferAlreadyPublished,
    OfferCodeAlreadyExists,
    OfferNotFound,
    OfferStatusNotAllowed,
)
from gencharge.offers.models import Offer, OfferStatus
from gencharge.offers.rules import OfferConditions
from gencharge.offers.snapshot import OfferSnapshot
from gencharge.offers.staff_schemas import (
    OfferCreate,
    OfferUpdate,
    OfferUpdated,
    StaffOfferOut,
    StaffOfferQuery,
)
from gencharge.plans import service as plans
from gencharge.sessions.errors import OperatorOutOfScope
from gencharge.sessions.guards import Principal, check_scope

_STEPS: Final = frozenset(
    {
        (OfferStatus.DRAFT, OfferStatus.ACTIVE),
        (OfferStatus.ACTIVE, OfferStatus.INACTIVE),
        (OfferStatus.INACTIVE, OfferStatus.ACTIVE),
    }
)
_PARTS: Final = (
    "name",
    "description",
    "offer_type_id",
    "code",
    "status",
    "is_special",
    "active_from",
    "active_until",
    "conditions",
    "reward",
    "limits",
)


async def list_offers(db: AsyncSession, admin: Principal, query: StaffOfferQuery) -> Page[StaffOfferOut]:
    """A page of the offers in the admin's scope, whatever their status. Raises CursorInvalid."""
    instant = clock.now()
    rows, cursor, total = await crud.list_page(db, admin, query, instant=instant)
    names = await crud.list_type_names(db, {row.offer_type_id for row in rows})
    return Page(
        items=[_out(row, names.get(row.offer_type_id, ""), instant) for row in rows],
        next_cursor=cursor,
        total=total,
    )


async def get_offer(db: AsyncSession, admin: Principal, offer_id: UUID) -> StaffOfferOut:
    """An offer in the admin's scope. Raises OfferNotFound."""
    row = await _reach(db, admin, offer_id)
    names = await crud.list_type_names(db, {row.offer_type_id})
    return _out(row, names.get(row.offer_type_id, ""), clock.now())


async def create_offer(db: AsyncSession, admin: Principal, command: OfferCreate) -> StaffOfferOut:
    """Add an offer. Raises ValidationFailed, OfferCodeAlreadyExists, OperatorOutOfScope."""
    await offers.lock(db)
    offer = OfferSnapshot(
        offer_id=new_id(),
        version=1,
        created_at=clock.now(),
        **{name: getattr(command, name) for name in _PARTS},
    )
    check_reach(admin, offer.conditions)
    await _check(db, offer, None)
    row = Offer(
        offer_id=offer.offer_id,
        version=offer.version,
        created_at=offer.created_at,
        updated_at=offer.created_at,
        **offer.terms(),
    )
    db.add(row)
    await db.flush()
    await _keep_version(db, offer)
    if offer.status is OfferStatus.ACTIVE:
        await crud.split(db, offer.offer_id, cost=offer.reward.most_paise)
    initial = changes({}, offer.terms())
    await offers.bump_version(db)
    await emit(
        db, events.OfferCreated(user_id=str(SYSTEM_USER_ID), offer_id=str(offer.offer_id), changes=initial)
    )
    names = await crud.list_type_names(db, {offer.offer_type_id})
    return _out(row, names.get(offer.offer_type_id, ""), clock.now())


async def update_offer(
    db: AsyncSession,
    admin: Principal,
    offer_id: UUID,
    command: OfferUpdate,
    *,
    if_match: str | None = None,
) -> OfferUpdated:
    """Change an offer; returns the new values of the fields that differ now.

    Raises OfferNotFound, ResourceChanged, OfferStatusNotAllowed, ValidationFailed, OfferCodeAlreadyExists, OperatorOutOfScope.
    """
    await offers.lock(db)
    row = await _reach(db, admin, offer_id)
    etags.check(if_match, row)
    before = offers.snapshot_of(row)
    after = replace(before, **command.terms())
    if after.status is not before.status and (before.status, after.status) not in _STEPS:
        raise OfferStatusNotAllowed(
            worded(
                "This offer is {status}. An offer can go from draft to active, and between active and inactive.",
                status=before.status,
            )
        )
    if after.conditions != before.conditions:
        check_reach(admin, after.conditions)
    await _check(db, after, before)
    changed = changes(before.terms(), after.terms())
    if not changed:
        return _updated(row, {})
    after = replace(after, version=before.version + 1)
    for name, value in after.terms().items():
        setattr(row, name, value)
    row.version, row.updated_at = after.version, clock.now()
    await db.flush()
    if after.limits != before.limits or before.status is OfferStatus.DRAFT:
        # In this transaction, under the counters' locks: no sale goes by the limits of before once this is committed.
        await crud.split(db, offer_id, cost=after.reward.most_paise)
    await _keep_version(db, after)
    event = events.OfferUpdated(
        user_id=str(SYSTEM_USER_ID), offer_id=str(offer_id), version=after.version, changes=changed
    )
    await offers.bump_version(db)
    await emit(db, event)
    changed_parts = {
        name: getattr(after, name) for name in _PARTS if getattr(before, name) != getattr(after, name)
    }
    return _updated(row, changed_parts)


async def delete_offer(db: AsyncSession, admin: Principal, offer_id: UUID) -> None:
    """Remove a draft. Raises OfferNotFound, OfferAlreadyPublished."""
    await offers.lock(db)
    row = await _reach(db, admin, offer_id)
    if row.status != OfferStatus.DRAFT:
        raise OfferAlreadyPublished
    removed = changes(offers.snapshot_of(row).terms(), {})
    await crud.delete_offer(db, offer_id)
    await offers.bump_version(db)
    await emit(db, events.OfferDeleted(user_id=str(SYSTEM_USER_ID), offer_id=str(offer_id), changes=removed))


def check_reach(admin: Principal, conditions: OfferConditions) -> None:
    """Raises OperatorOutOfScope if an offer is not limited to the admin's operators."""
    if not admin.operator_scope:
        return
    if not conditions.operators:
        codes = ", ".join(admin.operator_scope)
        raise OperatorOutOfScope(
            worded("Your role does not cover all operators. Limit the offer to: {codes}.", codes=codes)
        )
    for operator in conditions.operators:
        check_scope(admin, operator)


async def _reach(db: AsyncSession, admin: Principal, offer_id: UUID) -> Offer:
    row = await crud.find_offer(db, admin, offer_id)
    if row is None:
        raise OfferNotFound
    return row


async def _keep_version(db: AsyncSession, offer: OfferSnapshot) -> None:
    """Drafts have no versions: customers never saw them, and they can be deleted."""
    if offer.status is not OfferStatus.DRAFT:
        await crud.add_version(db, offer.offer_id, offer.version, offers.stored(offer))


async def _check(db: AsyncSession, after: OfferSnapshot, before: OfferSnapshot | None) -> None:
    """Check the offer with its new terms. Raises ValidationFailed, OfferCodeAlreadyExists."""
    problems = list(_window_problems(after, before))
    if await crud.get_type(db, after.offer_type_id) is None:
        right = "Must be an offer type of GET /v1/offers/types"
        problems.append(field_problem("body.offer_type_id", right, "offer_type_invalid"))
    if before is None or after.conditions != before.conditions:
        problems.extend(_condition_problems(after.conditions, await plans.load_catalogue(db)))
    budget = after.limits.budget
    if budget is not None and budget.paise < after.reward.most_paise:
        right = worded(
            "Must be at least {cost}, the most that one use can cost", cost=Money(after.reward.most_paise)
        )
        problems.append(field_problem("body.limits.budget", right, "budget_too_small"))
    if after.code is not None and after.conditions.one_time_code:
        right = "Must be null: customers have one-time codes (conditions.one_time_code)"
        problems.append(field_problem("body.code", right, "code_invalid"))
    if problems:
        raise ValidationFailed(errors=problems)
    if after.code is not None and await crud.find_code(db, after.code) not in {None, after.offer_id}:
        errors = [
            field_problem("body.code", "Another offer already uses this code", "offer_code_already_exists")
        ]
        raise OfferCodeAlreadyExists(errors=errors)


def _window_problems(after: OfferSnapshot, before: OfferSnapshot | None) -> Iterator[FieldProblem]:
    if after.active_until is None:
        return
    if after.active_from is not None and after.active_until <= after.active_from:
        yield field_problem("body.active_until", "Must be later than active_from", "window_invalid")
    activated = after.status is OfferStatus.ACTIVE and (before is None or before.status is not after.status)
    if activated and after.active_until <= clock.now():
        yield field_problem(
            "body.active_until", "Must be in the future to activate the offer", "window_ended"
        )


def _condition_problems(
    command: OfferConditions, catalogue: plans.CatalogueSnapshot
) -> Iterator[FieldProblem]:
    """Problems of conditions that the catalogue does not know or that no plan can meet."""
    groups = {group.group_id for group in catalogue.groups}
    checks: Sequence[tuple[str, Any, str]] = (
        (
            "operators",
            catalogue.operators,
            worded("Must be operators of: {choices}", choices=list(catalogue.operators)),
        ),
        (
            "circles",
            catalogue.circles,
            worded("Must be circles of: {choices}", choices=list(catalogue.circles)),
        ),
        ("plan_groups", groups, worded("Must be existing plan groups")),
        ("plans", catalogue.plans, worded("Must be existing plans")),
    )
    for name, codes, right in checks:
        unknown = [str(value) for value in getattr(command, name) if value not in codes]
        if unknown:
            yield field_problem(
                f"body.conditions.{name}",
                worded("{right}; unknown: {unknown}", right=right, unknown=list(unknown)),
                f"{name}_invalid",
            )
    chosen = [catalogue.plans[plan_id] for plan_id in command.plans if plan_id in catalogue.plans]
    stray = [plan for plan in chosen if command.operators and plan.operator not in command.operators]
    if stray:
        names = [
            worded("{plan_id} belongs to {operator}", plan_id=plan.plan_id, operator=plan.operator)
            for plan in stray
        ]
        yield field_problem(
            "body.conditions.plans",
            worded("Must be plans of {operators}; {names}", operators=list(command.operators), names=names),
            "plan_operator_mismatch",
        )
    outside = [plan for plan in chosen if command.plan_groups and plan.group_id not in command.plan_groups]
    if outside:
        others = [str(plan.plan_id) for plan in outside]
        yield field_problem(
            "body.conditions.plans",
            worded("Must be plans of plan_groups; not in them: {plans}", plans=others),
            "plan_group_mismatch",
        )


def _out(row: Offer, offer_type: str, instant: datetime) -> StaffOfferOut:
    return StaffOfferOut.with_record(
        offers.snapshot_of(row), offer_type, etag=row.etag, updated_at=row.updated_at, instant=instant
    )


def _updated(row: Offer, fields: dict[str, Any]) -> OfferUpdated:
    return OfferUpdated(
        etag=row.etag,
        offer_id=row.offer_id,
        version=row.version,
        updated_fields=fields,
        cache_status="Invalidated" if fields else "Unchanged",
    )
