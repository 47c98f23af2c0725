"""Automatic top-ups as their owners set them, read them and stop them. `topups_run_service` charges them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import topups_crud
from gencharge.autopay import topups_run_service as runs
from gencharge.autopay.errors import AutoTopupInProgress, AutoTopupNotFound, AutoTopupStatusNotAllowed
from gencharge.autopay.events import AutoTopupChanged
from gencharge.autopay.models import (
    AutoTopup,
    AutoTopupCharge,
    ChargeOutcome,
    TopupPauseReason,
    TopupStatus,
)
from gencharge.autopay.topups_schemas import (
    AutoTopupChargePage,
    AutoTopupOut,
    AutoTopupSet,
    StaffAutoTopupOut,
    StaffAutoTopupPage,
    StaffAutoTopupQuery,
)
from gencharge.autopay.views import auto_topup_out, charge_out
from gencharge.core.events.events import emit
from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_bounded_page, fetch_page
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.mandates import service as mandates
from gencharge.users import service as users


async def put(db: AsyncSession, user_id: UUID, command: AutoTopupSet) -> AutoTopupOut:
    """Set the customer's automatic top-up, and let it run. A charge that was announced is announced once more.

    Raises what `mandates.get_chargeable` raises, AutoTopupInProgress.
    """
    await users.lock(db, user_id)  # so that two requests set it one after the other
    await mandates.get_chargeable(db, user_id, command.mandate_id, Money(command.amount.paise))
    now = clock.now()
    values = {
        "threshold": command.threshold.paise,
        "amount": command.amount.paise,
        "monthly_max": command.monthly_max.paise,
        "mandate_id": command.mandate_id,
        "source": command.source.value,
        "status": TopupStatus.ACTIVE.value,
        "pause_reason": None,
        "is_armed": True,
        "charge_at": None,
        "held_back": None,
        "tries": 0,
        "wake_at": now,
        "updated_at": now,
    }
    if not await topups_crud.add(db, user_id=user_id, created_at=now, **values):
        row = await _lock_free(db, user_id)
        for name, value in values.items():
            setattr(row, name, value)
        row.cycle, row.leased_until = row.cycle + 1, None
        await db.flush()
    return await _changed(db, await _get(db, user_id), "set")


async def show(db: AsyncSession, user_id: UUID) -> AutoTopupOut:
    """The customer's automatic top-up. Raises AutoTopupNotFound."""
    return auto_topup_out(await _get(db, user_id))


async def pause(db: AsyncSession, user_id: UUID) -> AutoTopupOut:
    """Nothing is charged until it is resumed. Raises AutoTopupNotFound, AutoTopupInProgress, AutoTopupStatusNotAllowed."""
    row = await _lock_free(db, user_id)
    if row.status == TopupStatus.PAUSED:
        raise AutoTopupStatusNotAllowed("Your automatic top-up is paused already.")
    _stop(row, TopupPauseReason.CUSTOMER)
    return await _changed(db, row, "pause")


async def resume(db: AsyncSession, user_id: UUID) -> AutoTopupOut:
    """Let a paused one run again. Raises what `mandates.get_chargeable` raises, AutoTopupNotFound, AutoTopupStatusNotAllowed."""
    row = await _lock_free(db, user_id)
    if row.status != TopupStatus.PAUSED:
        raise AutoTopupStatusNotAllowed("Your automatic top-up is not paused.")
    await mandates.get_chargeable(db, user_id, row.mandate_id, Money(row.amount))
    row.status, row.pause_reason = TopupStatus.ACTIVE.value, None
    row.is_armed, row.wake_at = True, clock.now()
    return await _changed(db, row, "resume")


async def skip(db: AsyncSession, user_id: UUID) -> AutoTopupOut:
    """Leave the announced charge out; the next one comes when the wallet has been filled and runs low again.

    Raises AutoTopupNotFound, AutoTopupInProgress, AutoTopupStatusNotAllowed.
    """
    row = await _lock_free(db, user_id)
    if row.charge_at is None:
        raise AutoTopupStatusNotAllowed("No charge is announced.")
    now = clock.now()
    await topups_crud.add_charge(
        db,
        user_id=user_id,
        charge_id=new_id(),
        cycle=row.cycle,
        amount=row.amount,
        outcome=ChargeOutcome.SKIPPED.value,
        attempted_at=now,
    )
    row.is_armed, row.charge_at, row.wake_at = False, None, now + runs.LOOK_AGAIN
    row.cycle, row.tries = row.cycle + 1, 0
    return await _changed(db, row, "skip")


async def pause_charged_to(db: AsyncSession, user_id: UUID, mandate_id: UUID) -> None:
    """A mandate has ended: pause what would be charged to it. A charge under way ends first, and finds that out by itself."""
    row = await topups_crud.lock(db, user_id)
    if (
        row is None
        or row.mandate_id != mandate_id
        or row.status != TopupStatus.ACTIVE
        or row.payment_id is not None
    ):
        return
    _stop(row, TopupPauseReason.MANDATE_ENDED)
    await db.flush()
    await emit(db, runs.pause_event(row, TopupPauseReason.MANDATE_ENDED))


async def close(db: AsyncSession, user_id: UUID) -> None:
    """Nothing is charged for an account that is closed."""
    row = await topups_crud.lock(db, user_id)
    if row is not None and row.status == TopupStatus.ACTIVE:
        _stop(row, TopupPauseReason.ACCOUNT_INACTIVE)
        await db.flush()


async def list_charges(db: AsyncSession, user_id: UUID, page: PageQuery) -> AutoTopupChargePage:
    """A page of what became of the charges, the newest first."""
    order = Order(column_of(AutoTopupCharge.attempted_at), column_of(AutoTopupCharge.charge_id))
    rows, cursor, total = await fetch_page(db, topups_crud.select_charges(user_id), order, page)
    return AutoTopupChargePage(items=[charge_out(row) for row in rows], next_cursor=cursor, total=total)


async def list_all(db: AsyncSession, query: StaffAutoTopupQuery) -> StaffAutoTopupPage:
    """A page of all customers' automatic top-ups, for the staff."""
    rows, cursor = await fetch_bounded_page(
        db,
        topups_crud.select_all(query),
        lambda entity: topups_crud.match(entity, query),
        Order(column_of(AutoTopup.created_at), column_of(AutoTopup.user_id), query.sort == "-created_at"),
        query,
    )
    owners = await users.briefs(db, (row.user_id for row in rows))
    items = [
        StaffAutoTopupOut(**vars(auto_topup_out(row)), user_id=row.user_id, user=owners.get(row.user_id))
        for row in rows
    ]
    return StaffAutoTopupPage(items=items, next_cursor=cursor)


async def _get(db: AsyncSession, user_id: UUID) -> AutoTopup:
    row = await topups_crud.get(db, user_id)
    if row is None:
        raise AutoTopupNotFound
    return row


async def _lock_free(db: AsyncSession, user_id: UUID) -> AutoTopup:
    """The customer's automatic top-up, held, if nothing is being charged. Raises AutoTopupNotFound, AutoTopupInProgress.

    A worker that has it may be opening a payment: one that the row does not name is never charged.
    """
    row = await topups_crud.lock(db, user_id)
    if row is None:
        raise AutoTopupNotFound
    if row.payment_id is not None:
        raise AutoTopupInProgress
    return row


def _stop(row: AutoTopup, reason: TopupPauseReason) -> None:
    for name, value in runs.paused(row, reason).items():
        setattr(row, name, value)
    row.leased_until, row.updated_at = None, clock.now()


async def _changed(db: AsyncSession, row: AutoTopup, act: str) -> AutoTopupOut:
    row.updated_at, row.leased_until = clock.now(), None
    await db.flush()
    changed = AutoTopupChanged(
        user_id=str(row.user_id),
        act=act,
        threshold_paise=row.threshold,
        amount_paise=row.amount,
        monthly_max_paise=row.monthly_max,
        mandate_id=str(row.mandate_id),
    )
    await emit(db, changed)
    return auto_topup_out(row)
