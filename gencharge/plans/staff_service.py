"""What the staff do with plans: make one, change it, deactivate it, delete a draft.

A writer of the catalogue takes its lock first (`snapshots.lock`), so what is read before a change is still true
when it is written, and of two admins at once none loses what they wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import FieldProblem, ValidationFailed, field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.http.paging import Page, PageQuery
from gencharge.core.rooms import snapshots
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.plans import crud, rules, service
from gencharge.plans.errors import (
    PlanAlreadyExists,
    PlanAlreadyPublished,
    PlanNotFound,
    PlanStatusNotAllowed,
)
from gencharge.plans.events import PlanCreated, PlanDeleted
from gencharge.plans.events import PlanUpdated as PlanWasUpdated
from gencharge.plans.models import AMOUNT_COLUMNS, Plan, PlanStatus, ValidityUnit
from gencharge.plans.rules import Vocabulary
from gencharge.plans.schemas import Benefits, Validity
from gencharge.plans.staff_schemas import (
    PlanCreate,
    PlanFilters,
    PlanUpdate,
    PlanUpdated,
    PlanVersionOut,
    StaffPlanDetail,
    StaffPlanOut,
    StaffPlanQuery,
)
from gencharge.sessions.guards import Principal, check_scope, within

_SHOWN_VERSIONS: Final = 20


async def list_plans(db: AsyncSession, admin: Principal, query: StaffPlanQuery) -> Page[StaffPlanOut]:
    """A page of the plans in the admin's scope. Raises ValidationFailed for what the catalogue does not know."""
    vocabulary = await service.read_vocabulary(db)
    rows, cursor, total = await crud.list_page(db, query, *conditions(admin, query, vocabulary))
    items = [StaffPlanOut.of_row(row, vocabulary.groups[row.group_id]) for row in rows]
    return Page(items=items, next_cursor=cursor, total=total)


async def get_plan(db: AsyncSession, admin: Principal, plan_id: UUID) -> StaffPlanDetail:
    """A plan in the admin's scope, with its newest versions. Raises PlanNotFound."""
    plan = await _find(db, admin, plan_id)
    group = (await service.read_vocabulary(db)).groups[plan.group_id]
    versions, _, _ = await crud.list_versions(db, plan_id, PageQuery(limit=_SHOWN_VERSIONS))
    return StaffPlanDetail.of_row(plan, group, versions=[PlanVersionOut.of(row) for row in versions])


async def list_versions(
    db: AsyncSession, admin: Principal, plan_id: UUID, page: PageQuery
) -> Page[PlanVersionOut]:
    """A page of a plan's versions, the newest first. Raises PlanNotFound."""
    await _find(db, admin, plan_id)
    rows, cursor, total = await crud.list_versions(db, plan_id, page)
    return Page(items=[PlanVersionOut.of(row) for row in rows], next_cursor=cursor, total=total)


async def create(db: AsyncSession, admin: Principal, command: PlanCreate) -> StaffPlanOut:
    """A new plan. Raises ValidationFailed, OperatorOutOfScope, PlanAlreadyExists."""
    await snapshots.lock(db, snapshots.CATALOGUE)
    vocabulary = await service.read_vocabulary(db)
    values = rules.completed(rules.columns_of(command))
    plan_id = new_id()
    await _check(db, admin, plan_id, values, vocabulary)
    instant = clock.now()
    plan = Plan(plan_id=plan_id, version=1, revision=1, created_at=instant, updated_at=instant, **values)
    db.add(plan)
    await db.flush()
    group = vocabulary.groups[plan.group_id]
    await crud.add_version(db, plan_id, 1, rules.terms_of(plan, group), admin.user_id)
    await snapshots.bump(db, snapshots.CATALOGUE)
    created = PlanCreated(
        user_id=str(SYSTEM_USER_ID),
        plan_id=str(plan_id),
        operator=plan.operator,
        version=1,
        changes=changes({}, values),
    )
    await emit(db, created)
    return StaffPlanOut.of_row(plan, group)


async def update(
    db: AsyncSession, admin: Principal, plan_id: UUID, command: PlanUpdate, *, if_match: str | None = None
) -> PlanUpdated:
    """Change what the command names. A change of what is sold makes a new version; sales keep the one they had.

    Raises PlanNotFound (also beyond the admin's scope), ResourceChanged, ValidationFailed, OperatorOutOfScope, PlanStatusNotAllowed, PlanAlreadyExists.
    """
    await snapshots.lock(db, snapshots.CATALOGUE)
    plan = await crud.lock_plan(db, plan_id, within(admin, Plan.operator.expression))
    if plan is None:
        raise PlanNotFound
    etags.check(if_match, plan)
    before = rules.state_of(plan)
    after = rules.completed({**before, **rules.columns_of(command)})
    if after == before:
        return PlanUpdated(etag=plan.etag, plan_id=plan_id, updated_fields={}, cache_status="Unchanged")
    check_status(before, after)
    vocabulary = await service.read_vocabulary(db)
    await _check(db, admin, plan_id, after, vocabulary)
    for name, value in after.items():
        setattr(plan, name, value)
    plan.revision += 1
    plan.updated_at = clock.now()
    if rules.makes_version(before, after):
        plan.version += 1
        snapshot = rules.terms_of(plan, vocabulary.groups[plan.group_id])
        await crud.add_version(db, plan_id, plan.version, snapshot, admin.user_id)
    await db.flush()
    await snapshots.bump(db, snapshots.CATALOGUE)
    await emit(
        db,
        PlanWasUpdated(
            user_id=str(SYSTEM_USER_ID),
            plan_id=str(plan_id),
            operator=plan.operator,
            version=plan.version,
            changes=changes(before, after),
        ),
    )
    return PlanUpdated(
        etag=plan.etag,
        plan_id=plan_id,
        updated_fields=_changes_to_out(before, after),
        cache_status="Invalidated",
    )


async def delete(db: AsyncSession, admin: Principal, plan_id: UUID) -> None:
    """Delete a draft: it was never on sale, since no published plan becomes a draft again.

    Raises PlanNotFound (also beyond the admin's scope), PlanAlreadyPublished.
    """
    await snapshots.lock(db, snapshots.CATALOGUE)
    plan = await crud.lock_plan(db, plan_id, within(admin, Plan.operator.expression))
    if plan is None:
        raise PlanNotFound
    if plan.status != PlanStatus.DRAFT.value:
        raise PlanAlreadyPublished
    state = rules.state_of(plan)
    await crud.delete_plan(db, plan_id)
    await snapshots.bump(db, snapshots.CATALOGUE)
    await emit(
        db,
        PlanDeleted(
            user_id=str(SYSTEM_USER_ID),
            plan_id=str(plan_id),
            operator=plan.operator,
            version=plan.version,
            changes=changes(state, {}),
        ),
    )


def conditions(admin: Principal, query: PlanFilters, vocabulary: Vocabulary) -> list[ColumnElement[bool]]:
    """The scope and the filters, as conditions on `plans`. Raises ValidationFailed."""
    problems = list(_problems(query, vocabulary))
    if problems:
        raise ValidationFailed(errors=problems)
    return [within(admin, Plan.operator.expression), *crud.matching(query, vocabulary)]


def check_status(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Raises PlanStatusNotAllowed: a published plan can't become a draft again."""
    if after["status"] == PlanStatus.DRAFT.value != before["status"]:
        raise PlanStatusNotAllowed(
            errors=[field_problem("body.status", "Must be active or inactive", "status_not_allowed")]
        )


async def _check(
    db: AsyncSession, admin: Principal, plan_id: UUID, values: dict[str, Any], vocabulary: Vocabulary
) -> None:
    """Raises ValidationFailed, OperatorOutOfScope, PlanAlreadyExists for a plan that can't be so."""
    wrong = list(rules.problems(values, vocabulary))
    if wrong:
        raise ValidationFailed(
            errors=[field_problem(f"body.{one.field}", one.message, one.code) for one in wrong]
        )
    check_scope(admin, values["operator"])
    if rules.identity_of(values) is None:
        return
    same = await crud.find_same(
        db, plan_id, values["operator"], values["plan_type"], values["name"], values["circles"]
    )
    if same is not None:
        right = worded("Plan {same} of this operator and type already has this name", same=same)
        raise PlanAlreadyExists(errors=[field_problem("body.name", right, "plan_already_exists")])


def _changes_to_out(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The changed fields with their new values, as the API names them."""
    changed_columns = {name: after[name] for name in rules.COLUMNS if before[name] != after[name]}
    if "price_paise" in changed_columns:
        changed_columns = {"price": Money(changed_columns.pop("price_paise")), **changed_columns}
    if changed_columns.keys() & set(AMOUNT_COLUMNS):
        others = {name: value for name, value in changed_columns.items() if name not in AMOUNT_COLUMNS}
        changed_columns = {**others, "amounts": rules.amounts_of(after)}
    if changed_columns.keys() & {"validity_count", "validity_unit"}:
        changed_columns.pop("validity_count", None)
        changed_columns.pop("validity_unit", None)
        changed_columns["validity"] = Validity(
            n=after["validity_count"], unit=ValidityUnit(after["validity_unit"])
        )
    if "benefits" in changed_columns:
        changed_columns["benefits"] = Benefits.from_stored(changed_columns["benefits"])
    return changed_columns


async def _find(db: AsyncSession, admin: Principal, plan_id: UUID) -> Plan:
    plan = await crud.find_plan(db, plan_id, within(admin, Plan.operator.expression))
    if plan is None:
        raise PlanNotFound
    return plan


def _problems(query: PlanFilters, vocabulary: Vocabulary) -> Iterator[FieldProblem]:
    if query.operator is not None and query.operator not in vocabulary.operators:
        yield field_problem(
            "query.operator",
            worded("Must be one of: {choices}", choices=list(vocabulary.operators)),
            "operator_invalid",
        )
    if query.circle is not None and query.circle not in vocabulary.circles:
        yield field_problem(
            "query.circle",
            worded("Must be one of: {choices}", choices=list(vocabulary.circles)),
            "circle_invalid",
        )
    if query.group is not None and vocabulary.group_of(query.group) is None:
        yield field_problem(
            "query.group",
            worded("Must be one of: {choices}", choices=vocabulary.group_names),
            "plan_group_invalid",
        )
    if query.min_price is not None and query.max_price is not None and query.min_price > query.max_price:
        yield field_problem("query.max_price", "Must be at least min_price", "range_invalid")
