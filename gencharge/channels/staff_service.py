"""What the staff do with channels: list, add, change and delete."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.approvals.service import ApprovalOut
from gencharge.channels import address_service as addresses
from gencharge.channels import commission_service as commission
from gencharge.channels import crud
from gencharge.channels.errors import (
    ChannelAlreadyExists,
    ChannelAmountsInvalid,
    ChannelInUse,
    ChannelNotFound,
)
from gencharge.channels.events import ChannelCreated, ChannelDeleted, ChannelUpdated
from gencharge.channels.models import OperatorChannel
from gencharge.channels.service import CHANNELS
from gencharge.channels.staff_schemas import (
    ChannelAddressApproval,
    ChannelCreate,
    ChannelOut,
    ChannelQuery,
    ChannelUpdate,
)
from gencharge.core.errors import field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.http.paging import Page, slice_page
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.operators.errors import OperatorInvalid
from gencharge.sessions.guards import Principal, check_scope, within

# Fields of a command whose column has another name.
_COLUMNS: Final = {"commission_basis_points": "commission_bp"}
# What the audit trail calls the columns that the staff change: amounts say that they are paise.
_AUDITED: Final = {
    "name": "name",
    "url": "url",
    "pending_url": "pending_url",
    "priority": "priority",
    "weight": "weight",
    "min_amount": "min_amount_paise",
    "max_amount": "max_amount_paise",
    "commission_bp": "commission_basis_points",
    "low_float": "low_float_paise",
    "is_active": "is_active",
    "pause_reason": "pause_reason",
}


async def list_all(db: AsyncSession, admin: Principal, query: ChannelQuery) -> Page[ChannelOut]:
    """A page of the channels in the admin's scope, by operator and priority. Raises CursorInvalid."""
    conditions = [within(admin, OperatorChannel.operator.expression)]
    if query.operator is not None:
        conditions.append(OperatorChannel.operator == query.operator.upper())
    channels = await crud.list_channels(db, *conditions)
    rows, cursor, total = slice_page(channels, query, lambda row: (row.operator, row.priority, row.code))
    return Page(items=[_to_out(row) for row in rows], next_cursor=cursor, total=total)


async def create(
    db: AsyncSession, admin: Principal, command: ChannelCreate, *, settings: Settings
) -> ChannelOut:
    """Add a channel, whose address waits for a second admin.

    Raises ChannelAlreadyExists, OperatorInvalid, ChannelAmountsInvalid, ChannelUrlInvalid, OperatorOutOfScope.
    """
    operator = command.operator.upper()
    codes = await crud.list_operator_codes(db)
    if operator not in codes:
        problem = field_problem(
            "body.operator", worded("Must be one of: {choices}", choices=list(codes)), "operator_invalid"
        )
        raise OperatorInvalid(errors=[problem])
    check_scope(admin, operator)
    _check_amounts(command.min_amount.paise, command.max_amount.paise)
    addresses.check(command.url, settings)
    if not await crud.add_missing(db, [_row(command, operator, admin)]):
        problem = field_problem("body.code", "This code is already in use", "channel_already_exists")
        raise ChannelAlreadyExists(errors=[problem])
    channel = await crud.lock_channel(db, command.code)
    assert channel is not None, "it was written a moment ago"
    await snapshots.bump(db, CHANNELS)
    state = changes({}, _state_of(channel))
    created = ChannelCreated(
        user_id=str(SYSTEM_USER_ID), channel_id=channel.code, operator=operator, changes=state
    )
    await emit(db, created)
    await addresses.announce(db, channel)
    return _to_out(channel)


async def update(
    db: AsyncSession,
    admin: Principal,
    code: str,
    command: ChannelUpdate,
    *,
    settings: Settings,
    if_match: str | None = None,
) -> ChannelOut | ApprovalOut:
    """Change the fields that the command names; another address, or another commission, waits for a second admin.

    Raises ChannelNotFound (also outside the scope), ResourceChanged, ChannelAmountsInvalid, ChannelUrlInvalid,
    ChannelCommissionInvalid, ApprovalAlreadyPending.
    """
    channel = await crud.lock_channel(db, code, within(admin, OperatorChannel.operator.expression))
    if channel is None:
        raise ChannelNotFound
    etags.check(if_match, channel)
    if commission.is_changed(channel, command):
        return await commission.propose(db, admin, channel, command)
    before = _state_of(channel)
    if "url" in command.model_fields_set:
        addresses.check(command.url, settings)
        addresses.propose(channel, admin, command.url)
    for name in command.model_fields_set - {"url"}:
        value = getattr(command, name)
        setattr(channel, _COLUMNS.get(name, name), value.paise if isinstance(value, Money) else value)
    if channel.is_active:
        channel.pause_reason = None
    _check_amounts(channel.min_amount, channel.max_amount)
    changed = changes(before, _state_of(channel))
    if changed:
        channel.updated_at = clock.now()
        await db.flush()
        await snapshots.bump(db, CHANNELS)
        updated = ChannelUpdated(
            user_id=str(SYSTEM_USER_ID), channel_id=channel.code, operator=channel.operator, changes=changed
        )
        await emit(db, updated)
        if channel.pending_url and "pending_url" in changed:
            await addresses.announce(db, channel)
    return _to_out(channel)


async def approve_address(
    db: AsyncSession, admin: Principal, code: str, command: ChannelAddressApproval, *, settings: Settings
) -> ChannelOut:
    """Approve the address that another admin entered. Raises what `address_service.approve` raises."""
    return _to_out(await addresses.approve(db, admin, code, command.url, settings=settings))


async def reject_address(db: AsyncSession, admin: Principal, code: str) -> ChannelOut:
    """Reject the address that waits. Raises what `address_service.reject` raises."""
    return _to_out(await addresses.reject(db, admin, code))


async def delete(db: AsyncSession, admin: Principal, code: str) -> None:
    """Delete a channel that was never used. Raises ChannelNotFound (also outside the scope), ChannelInUse."""
    channel = await crud.lock_channel(db, code, within(admin, OperatorChannel.operator.expression))
    if channel is None:
        raise ChannelNotFound
    if await crud.is_used(db, code):
        raise ChannelInUse
    state = _state_of(channel)
    await db.delete(channel)
    await db.flush()
    await snapshots.bump(db, CHANNELS)
    deleted = ChannelDeleted(
        user_id=str(SYSTEM_USER_ID),
        channel_id=code,
        operator=channel.operator,
        changes=changes(state, {}),
    )
    await emit(db, deleted)


def _check_amounts(smallest: int, largest: int) -> None:
    if smallest > largest:
        raise ChannelAmountsInvalid(
            errors=[field_problem("body.max_amount", "Must be at least min_amount", "range_invalid")]
        )


def _row(command: ChannelCreate, operator: str, admin: Principal) -> crud.ChannelRow:
    instant = clock.now()
    return crud.ChannelRow(
        code=command.code,
        operator=operator,
        name=command.name,
        pending_url=command.url,
        pending_by=admin.user_id,
        pending_at=instant,
        priority=command.priority,
        weight=command.weight,
        min_amount=command.min_amount.paise,
        max_amount=command.max_amount.paise,
        commission_bp=command.commission_basis_points,
        is_active=command.is_active,
        created_at=instant,
        updated_at=instant,
    )


def _state_of(channel: OperatorChannel) -> dict[str, object]:
    return {name: getattr(channel, column) for column, name in _AUDITED.items()}


def _to_out(channel: OperatorChannel) -> ChannelOut:
    return ChannelOut(
        etag=channel.etag,
        code=channel.code,
        operator=channel.operator,
        name=channel.name,
        url=channel.url,
        pending_url=channel.pending_url,
        pending_by=channel.pending_by,
        pending_at=channel.pending_at,
        priority=channel.priority,
        weight=channel.weight,
        min_amount=Money(channel.min_amount),
        max_amount=Money(channel.max_amount),
        commission_basis_points=channel.commission_bp,
        low_float=Money(channel.low_float),
        is_active=channel.is_active,
        pause_reason=channel.pause_reason,
        created_at=channel.created_at,
        updated_at=channel.updated_at,
    )
