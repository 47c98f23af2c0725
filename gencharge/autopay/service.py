"""Autopays as their owners set them up, change them and read them. `run_service` runs what is due."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import crud, due, terms, views
from gencharge.autopay import ending_service as ending
from gencharge.autopay import reading_service as reading
from gencharge.autopay import setup_service as setup
from gencharge.autopay.errors import (
    AutopayInProgress,
    AutopayIntervalInvalid,
    AutopayMethodInvalid,
    AutopayNotFound,
    AutopayStatusNotAllowed,
)
from gencharge.autopay.events import AutopayChanged
from gencharge.autopay.models import (
    AttemptOutcome,
    Autopay,
    AutopayKind,
    AutopayPaymentMethod,
    AutopayStatus,
    AutopayTag,
    PauseReason,
)
from gencharge.autopay.schemas import AutopayOut, AutopayUpdate
from gencharge.bills.service import BillsContext
from gencharge.core.errors import field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.mandates import service as mandates
from gencharge.plans import service as plans
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import RechargeNotFound
from gencharge.recharge.service import Market

create, add, lock_place = setup.create, setup.add, setup.lock_place
next_runs = reading.next_runs
# What an owner changes: in the event as the API calls it.
_CHANGED: Final = (
    "status",
    "pause_reason",
    "next_due",
    "amount",
    "max_amount",
    "interval_count",
    "interval_unit",
    "mandate_id",
)


async def update(db: AsyncSession, user_id: UUID, autopay_id: UUID, command: AutopayUpdate) -> AutopayOut:
    """Change the next due date, the interval, the amount, the highest amount or the mandate.

    Raises what `mandates.get_chargeable` raises, AutopayNotFound, AutopayInProgress, AutopayStatusNotAllowed, AutopayDateInvalid, AutopayIntervalInvalid,
    AutopayMethodInvalid, AmountInvalid, AutopayAmountInvalid.
    """
    autopay = await _lock_live(db, user_id, autopay_id)
    before = _facts(autopay)
    sent = command.model_fields_set
    if "max_amount" in sent:
        autopay.max_amount = command.max_amount.paise
    if "amount" in sent:
        await _set_amount(db, autopay, command.amount)
    if "every" in sent:
        if autopay.tag == AutopayTag.ONETIME:
            raise AutopayIntervalInvalid("A onetime autopay has no interval.")
        autopay.interval_count, autopay.interval_unit = command.every.n, command.every.unit.value
    if "mandate_id" in sent:
        await _set_mandate(db, autopay, command.mandate_id)
    if sent & {"next_due_at", "every"}:
        if "next_due_at" in sent:
            terms.check_date(command.next_due_at)
        # From here on due dates are counted from this one.
        _set_due(autopay, command.next_due_at if "next_due_at" in sent else autopay.next_due, period=0)
        assert autopay.next_due is not None, "a live autopay is due"
        autopay.first_due = autopay.next_due
    return await _changed(db, autopay, before, "update")


async def _set_amount(db: AsyncSession, autopay: Autopay, amount: Money) -> None:
    """What each run is to cost from now on, before offers. The owner gets another notice if one was sent for the next run."""
    amounts = None if autopay.plan_id is None else await plans.find_amounts(db, autopay.plan_id)
    if amounts is None or not amounts.takes(amount):
        raise recharges.amount_invalid(amounts)
    terms.check_amount(Money(autopay.max_amount), amount)
    if autopay.mandate_id is not None:
        await mandates.get_chargeable(db, autopay.user_id, autopay.mandate_id, amount)
    autopay.amount = autopay.price = amount.paise
    autopay.noticed_due = None
    _set_due(autopay, autopay.next_due, period=autopay.periods)


async def _set_mandate(db: AsyncSession, autopay: Autopay, mandate_id: UUID | None) -> None:
    """Pay from the wallet only (None), or by this mandate what that does not cover, after a notice of its own."""
    method = AutopayPaymentMethod.WALLET
    if mandate_id is not None and autopay.kind == AutopayKind.BILL:
        text = "Leave it out: bills are paid from the wallet"
        problem = field_problem("body.mandate_id", text, AutopayMethodInvalid.code())
        raise AutopayMethodInvalid(errors=[problem])
    if mandate_id is not None:
        await mandates.get_chargeable(db, autopay.user_id, mandate_id, Money(autopay.price))
        method = AutopayPaymentMethod.MANDATE
        autopay.noticed_due = None
    autopay.mandate_id, autopay.payment_method = mandate_id, method.value
    _set_due(autopay, autopay.next_due, period=autopay.periods)


async def pause(db: AsyncSession, user_id: UUID, autopay_id: UUID) -> AutopayOut:
    """Nothing is due until it is resumed. Raises AutopayNotFound, AutopayInProgress, AutopayStatusNotAllowed."""
    autopay = await _lock_live(db, user_id, autopay_id)
    if autopay.status == AutopayStatus.PAUSED:
        raise AutopayStatusNotAllowed("This autopay is paused already.")
    before = _facts(autopay)
    autopay.status, autopay.pause_reason = AutopayStatus.PAUSED.value, PauseReason.CUSTOMER.value
    autopay.wake_at = None
    return await _changed(db, autopay, before, "pause")


async def resume(
    database: Database,
    user_id: UUID,
    autopay_id: UUID,
    market: Market | None = None,
    bills: BillsContext | None = None,
) -> AutopayOut:
    """Let a paused autopay run again; if its due date has passed, it runs now. Not inside a transaction.

    `market`: where offers are chosen from; `bills`: who is asked about a bill, for an autopay of bills.
    Raises a refusal of a quote or of a bill, what `mandates.get_chargeable` raises, AutopayNotFound, AutopayStatusNotAllowed,
    AutopayAmountInvalid.
    """
    paused = await database.run(lambda db: reading.show(db, user_id, autopay_id))
    payable = await setup.payable(database, user_id, paused, market, bills)

    async def unit(db: AsyncSession) -> AutopayOut:
        autopay = await _lock_live(db, user_id, autopay_id)
        if autopay.status != AutopayStatus.PAUSED:
            raise AutopayStatusNotAllowed("This autopay is not paused.")
        check = terms.check_amount if autopay.kind == AutopayKind.PLAN else terms.check_bill
        check(Money(autopay.max_amount), payable)
        if autopay.mandate_id is not None:
            await mandates.get_chargeable(db, user_id, autopay.mandate_id, payable)
        before = _facts(autopay)
        autopay.status, autopay.pause_reason = AutopayStatus.ACTIVE.value, None
        autopay.price, autopay.tries = payable.paise, 0
        assert autopay.next_due is not None, "a live autopay is due"
        autopay.wake_at = due.wake_for(autopay.next_due, autopay.noticed_due, clock.now())
        return await _changed(db, autopay, before, "resume")

    return await database.run(unit)


async def skip(db: AsyncSession, user_id: UUID, autopay_id: UUID) -> AutopayOut:
    """Leave the next due date out. A regular autopay goes on at the one after it; a onetime one ends.

    Raises AutopayNotFound, AutopayInProgress, AutopayStatusNotAllowed.
    """
    autopay = await _lock_live(db, user_id, autopay_id)
    before, now = _facts(autopay), clock.now()
    assert autopay.next_due is not None, "a live autopay is due"
    await crud.add_attempt(
        db,
        user_id=user_id,
        attempt_id=new_id(),
        autopay_id=autopay_id,
        due_at=autopay.next_due,
        attempted_at=now,
        outcome=AttemptOutcome.SKIPPED.value,
        amount=0,
        late_seconds=max(0, int((now - autopay.next_due).total_seconds())),
    )
    following = due.following(autopay, now)
    if following is None:
        ending.end(autopay)
    else:
        _set_due(autopay, following[1], period=following[0])
    return await _changed(db, autopay, before, "skip")


async def remove(db: AsyncSession, user_id: UUID, autopay_id: UUID) -> None:
    """End an autopay for good; its tries stay. Raises AutopayNotFound, AutopayInProgress, AutopayStatusNotAllowed."""
    autopay = await _lock_live(db, user_id, autopay_id)
    await ending.cancel(db, autopay, "customer")


async def _lock_live(db: AsyncSession, user_id: UUID, autopay_id: UUID) -> Autopay:
    """The customer's autopay, held, if nothing is being bought for it. Raises what `pause` raises.

    A worker that died may have made the sale and not have written it down: the next worker does that first.
    """
    autopay = await crud.lock_autopay(db, user_id, autopay_id)
    if autopay is None or autopay.status == AutopayStatus.CANCELLED:
        raise AutopayNotFound
    if autopay.next_due is None:
        raise AutopayStatusNotAllowed("This autopay has ended.")
    now = clock.now()
    is_leased = autopay.leased_until is not None and autopay.leased_until > now
    if autopay.recharge_id is not None or (is_leased and autopay.next_due <= now):
        raise AutopayInProgress
    if autopay.status == AutopayStatus.ACTIVE and autopay.leased_until is not None:
        key = due.key_of(autopay_id, autopay.next_due, autopay.cycle)
        try:
            await recharges.show_by_key(db, user_id, key)
        except RechargeNotFound:
            return autopay
        raise AutopayInProgress
    return autopay


def _set_due(autopay: Autopay, instant: datetime | None, *, period: int) -> None:
    assert instant is not None, "a live autopay is due"
    autopay.next_due, autopay.periods = instant, period
    autopay.tries = autopay.cycle = 0
    if autopay.status == AutopayStatus.ACTIVE:
        autopay.wake_at = due.wake_for(instant, autopay.noticed_due, clock.now())


def _facts(autopay: Autopay) -> dict[str, Any]:
    facts = {name: getattr(autopay, name) for name in _CHANGED}
    for name in ("amount", "max_amount"):
        facts[f"{name}_paise"] = facts.pop(name)
    return facts


async def _changed(db: AsyncSession, autopay: Autopay, before: dict[str, Any], act: str) -> AutopayOut:
    autopay.updated_at = clock.now()
    autopay.leased_until = None
    await db.flush()
    changed = changes(before, _facts(autopay))
    if changed:
        await emit(
            db,
            AutopayChanged(
                user_id=str(autopay.user_id), autopay_id=str(autopay.autopay_id), act=act, changes=changed
            ),
        )
    return views.autopay_out(autopay)
