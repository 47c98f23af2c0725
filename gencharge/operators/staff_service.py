"""What the staff do with operators: add one, rename it, mark it down, choose its channel, deactivate it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.http.paging import Page, slice_page
from gencharge.core.rooms import snapshots
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.operators import crud
from gencharge.operators.errors import OperatorAlreadyExists, OperatorInUse, OperatorNotFound
from gencharge.operators.events import OperatorCreated, OperatorDeleted, OperatorUpdated
from gencharge.operators.models import Operator
from gencharge.operators.staff_schemas import (
    OperatorCreate,
    OperatorUpdate,
    StaffOperatorOut,
    StaffOperatorQuery,
)
from gencharge.sessions.errors import OperatorScopeTooNarrow
from gencharge.sessions.guards import Principal, within

_EDITABLE: Final = ("name", "display_name", "status", "channel", "is_active", "sort_order", "maintenance")
# What an admin of some operators may set: whether and when recharges go through. The rest needs a role for all operators.
_IN_SCOPE: Final = frozenset({"status", "maintenance"})


async def list_all(db: AsyncSession, admin: Principal, query: StaffOperatorQuery) -> Page[StaffOperatorOut]:
    """A page of the operators in the admin's scope, served or not. Raises CursorInvalid."""
    filters = query.model_dump(include={"status", "channel", "is_active"}, exclude_none=True)
    conditions = [getattr(Operator, name) == value for name, value in filters.items()]
    operators = await crud.list_operators_where(db, within(admin, Operator.code.expression), *conditions)
    rows, cursor, total = slice_page(operators, query, lambda operator: (operator.sort_order, operator.code))
    items = [StaffOperatorOut.model_validate(row) for row in rows]
    return Page(items=items, next_cursor=cursor, total=total)


async def create(db: AsyncSession, command: OperatorCreate) -> StaffOperatorOut:
    """A new operator. Raises OperatorAlreadyExists (names the field)."""
    await snapshots.lock(db, snapshots.CATALOGUE)
    if await crud.lock_operator(db, command.code) is not None:
        raise OperatorAlreadyExists(
            errors=[field_problem("body.code", "This code is already in use", "operator_already_exists")]
        )
    instant = clock.now()
    operator = Operator(**_plain(command.model_dump()), created_at=instant, updated_at=instant)
    db.add(operator)
    await db.flush()
    await snapshots.bump(db, snapshots.CATALOGUE)
    created = OperatorCreated(
        user_id=str(SYSTEM_USER_ID), operator_id=operator.code, changes=changes({}, _state_of(operator))
    )
    await emit(db, created)
    return StaffOperatorOut.model_validate(operator)


async def update(
    db: AsyncSession, admin: Principal, code: str, command: OperatorUpdate, *, if_match: str | None = None
) -> StaffOperatorOut:
    """Change what the command names. A scoped admin may set the status and the maintenance window of an operator in scope.

    Raises OperatorNotFound (also beyond the scope), ResourceChanged, OperatorScopeTooNarrow.
    """
    await snapshots.lock(db, snapshots.CATALOGUE)
    operator = await crud.lock_operator(db, code.upper(), within(admin, Operator.code.expression))
    if operator is None:
        raise OperatorNotFound
    etags.check(if_match, operator)
    if admin.operator_scope and command.model_fields_set - _IN_SCOPE:
        raise OperatorScopeTooNarrow(
            "Your role covers only some operators. You can change only their status and maintenance."
        )
    before = _state_of(operator)
    fields = command.model_fields_set - {"maintenance"}
    for name, value in _plain(command.model_dump(include=fields)).items():
        setattr(operator, name, value)
    if "maintenance" in command.model_fields_set:
        operator.maintenance = command.maintenance.window() if command.maintenance else None
    changed = changes(before, _state_of(operator))
    if changed:
        operator.updated_at = clock.now()
        await db.flush()
        await snapshots.bump(db, snapshots.CATALOGUE)
        await emit(
            db, OperatorUpdated(user_id=str(SYSTEM_USER_ID), operator_id=operator.code, changes=changed)
        )
    return StaffOperatorOut.model_validate(operator)


async def delete(db: AsyncSession, code: str) -> None:
    """Delete an operator that nothing refers to. Raises OperatorNotFound, OperatorInUse."""
    await snapshots.lock(db, snapshots.CATALOGUE)
    operator = await crud.lock_operator(db, code.upper())
    if operator is None:
        raise OperatorNotFound
    state = _state_of(operator)
    db.expunge(operator)
    try:
        # Foreign keys know what refers to it; this room can't ask higher ones.
        async with db.begin_nested():
            await crud.delete_operator(db, operator.code)
    except IntegrityError:
        raise OperatorInUse from None
    await snapshots.bump(db, snapshots.CATALOGUE)
    deleted = OperatorDeleted(
        user_id=str(SYSTEM_USER_ID), operator_id=operator.code, changes=changes(state, {})
    )
    await emit(db, deleted)


def _state_of(operator: Operator) -> dict[str, Any]:
    state = {name: getattr(operator, name) for name in _EDITABLE}
    return state | {"maintenance": asdict(operator.maintenance) if operator.maintenance else None}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values as the table keeps them: enumerations as their text."""
    return {name: getattr(value, "value", value) for name, value in values.items()}
