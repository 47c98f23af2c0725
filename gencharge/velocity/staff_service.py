"""What the staff see of the velocity rules, and whom they allow more.

The lists are the only queries here that name no customer: on a sharded database they ask every shard.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.wording import worded
from gencharge.users import service as users
from gencharge.users.models import UserBrief
from gencharge.velocity import crud, service
from gencharge.velocity.errors import VelocityAllowanceNotFound
from gencharge.velocity.events import VelocityAllowanceGiven, VelocityAllowanceWithdrawn
from gencharge.velocity.models import AllowanceScope, HeldBack, VelocityAllowance, VelocityRule
from gencharge.velocity.staff_schemas import (
    MAX_DAYS,
    AllowanceCreate,
    AllowanceOut,
    AllowancePage,
    AllowanceQuery,
    HeldBackQuery,
    StaffHeldBackOut,
    StaffHeldBackPage,
)

_NEWEST: Final = Order(
    column_of(VelocityAllowance.allowed_at), column_of(VelocityAllowance.allowance_id), descending=True
)


async def list_held_back(db: AsyncSession, query: HeldBackQuery) -> StaffHeldBackPage:
    """A page of what was held back from all customers."""
    order = Order(
        column_of(HeldBack.first_at),
        column_of(HeldBack.held_back_id),
        descending=query.sort == "-first_at",
    )
    rows, cursor = await fetch_bounded_page(
        db, crud.select_held_back(query), lambda entity: crud.match_held_back(entity, query), order, query
    )
    briefs = await users.briefs(db, (row.user_id for row in rows))
    items = [_held_back_out(row, briefs.get(row.user_id)) for row in rows]
    return StaffHeldBackPage(items=items, next_cursor=cursor)


def _held_back_out(row: HeldBack, brief: UserBrief | None) -> StaffHeldBackOut:
    of_device = row.rule == VelocityRule.PAYERS_OF_DEVICE_IN_A_DAY
    return StaffHeldBackOut(
        **dict(service.held_back_out(row)),
        user_id=row.user_id,
        user=brief,
        bound=row.bound,
        device_id=UUID(row.subject) if of_device else None,
    )


async def list_allowances(db: AsyncSession, query: AllowanceQuery) -> AllowancePage:
    """A page of the allowances, the newest first."""
    now = clock.now()
    rows, cursor = await fetch_bounded_page(
        db,
        crud.select_allowances(query),
        lambda entity: crud.match_allowances(entity, query, now=now),
        _NEWEST,
        query,
    )
    return AllowancePage(items=[_allowance_out(row) for row in rows], next_cursor=cursor)


async def allow(db: AsyncSession, admin_id: UUID, command: AllowanceCreate) -> AllowanceOut:
    """Multiply the bounds of a customer, a number or an address until an instant. Raises UserNotFound, ValidationFailed."""
    now = clock.now()
    if not now < command.ends_at <= now + timedelta(days=MAX_DAYS):
        text = worded("Must be in the future, at most {max_days} days ahead", max_days=MAX_DAYS)
        raise ValidationFailed(errors=[field_problem("body.ends_at", text, "instant_invalid")])
    if command.user_id is not None:
        await users.get(db, command.user_id)
    row = VelocityAllowance(
        allowance_id=new_id(),
        subject=crud.subject_of(
            user_id=command.user_id, phone_number=command.phone_number, address=command.address
        ),
        factor=command.factor,
        reason=command.reason,
        allowed_by=admin_id,
        allowed_at=now,
        ends_at=command.ends_at,
    )
    db.add(row)
    await db.flush()
    event = VelocityAllowanceGiven(
        user_id=str(command.user_id or SYSTEM_USER_ID),
        velocity_allowance_id=str(row.allowance_id),
        phone_number=command.phone_number,
        address=command.address,
        reason=command.reason,
        changes=changes({}, {"factor": row.factor, "ends_at": row.ends_at}),
    )
    await emit(db, event)
    return _allowance_out(row)


async def withdraw(db: AsyncSession, allowance_id: UUID) -> None:
    """End an allowance now. Raises VelocityAllowanceNotFound, also for one that has ended."""
    now = clock.now()
    row = await crud.lock_allowance(db, allowance_id)
    if row is None or row.ends_at <= now:
        raise VelocityAllowanceNotFound
    before = row.ends_at
    row.ends_at = now
    await db.flush()
    shown = _allowance_out(row)
    event = VelocityAllowanceWithdrawn(
        user_id=str(shown.user_id or SYSTEM_USER_ID),
        velocity_allowance_id=str(allowance_id),
        phone_number=shown.phone_number,
        address=shown.address,
        changes=changes({"ends_at": before}, {"ends_at": now}),
    )
    await emit(db, event)


def _allowance_out(row: VelocityAllowance) -> AllowanceOut:
    text, _, name = row.subject.partition(":")
    scope = AllowanceScope(text)
    return AllowanceOut(
        allowance_id=row.allowance_id,
        scope=scope,
        user_id=UUID(name) if scope is AllowanceScope.USER else None,
        phone_number=name if scope is AllowanceScope.NUMBER else None,
        address=name if scope is AllowanceScope.ADDRESS else None,
        factor=row.factor,
        reason=row.reason,
        allowed_by=row.allowed_by,
        allowed_at=row.allowed_at,
        ends_at=row.ends_at,
    )
