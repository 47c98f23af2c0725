"""Resolves differences. Money moves under the lock of the difference's row, so it moves once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import service as channels
from gencharge.core.background import jobs
from gencharge.core.events.events import changes, emit
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.delivery import service as delivery
from gencharge.recharge import service as recharge
from gencharge.recharge.models import DeliverOutcome, FailOutcome
from gencharge.reconciliation import crud
from gencharge.reconciliation.errors import (
    DifferenceAlreadyResolved,
    DifferenceNotFound,
    DifferenceSuperseded,
    ResolutionNotAllowed,
)
from gencharge.reconciliation.events import ReconciliationDifferenceResolved
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceKind,
    DifferenceResolution,
    DifferenceStatus,
    ReconciliationDifference,
)
from gencharge.reconciliation.staff_schemas import DifferenceOut, ResolveDifference, difference_out
from gencharge.sessions.guards import Principal
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account

ASK: Final = "reconciliation.ask"
Act = Callable[[AsyncSession, ReconciliationDifference, UUID], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Applied:
    """A resolution that was carried out. `is_replay`: it was carried out before, and nothing moved this time."""

    difference: DifferenceOut
    moved_paise: int = 0
    is_replay: bool = False


async def resolve(
    db: AsyncSession, admin: Principal, run_id: UUID, difference_id: UUID, command: ResolveDifference
) -> DifferenceOut:
    """Resolve a difference as the command says. It is idempotent: the same resolution again changes nothing.

    Raises DifferenceNotFound, DifferenceAlreadyResolved, DifferenceSuperseded, ResolutionNotAllowed.
    """
    return (await apply(db, admin, run_id, difference_id, command)).difference


async def apply(
    db: AsyncSession, admin: Principal, run_id: UUID, difference_id: UUID, command: ResolveDifference
) -> Applied:
    """Like `resolve`, with the money that moved."""
    difference = await crud.lock_difference(db, run_id, difference_id)
    if difference is None:
        raise DifferenceNotFound
    if difference.status == DifferenceStatus.RESOLVED:
        if difference.resolution != command.resolution:
            raise DifferenceAlreadyResolved(
                worded(
                    "This difference has already been resolved: {resolution}.",
                    resolution=difference.resolution,
                )
            )
        return Applied(difference_out(difference), is_replay=True)
    if difference.status == DifferenceStatus.SUPERSEDED:
        raise DifferenceSuperseded
    before = state_of(difference)
    moved = 0
    if command.resolution is DifferenceResolution.CLAIM_FROM_COUNTERPARTY:
        difference.status = DifferenceStatus.CLAIMED.value
    elif command.resolution is DifferenceResolution.ASK_OPERATOR_AGAIN:
        if difference.recharge_id is None and difference.payment_id is None:
            raise ResolutionNotAllowed(
                "We have no record of this reference, so there is nothing to ask about."
            )
        # After the commit: a call to a counterparty must not hold the transaction open.
        await jobs.defer(db, ASK, run_id=str(run_id), difference_id=str(difference_id))
    else:
        moved = await _ACTS[command.resolution](db, difference, admin.user_id)
        difference.status = DifferenceStatus.RESOLVED.value
    difference.resolution, difference.note = command.resolution.value, command.note
    difference.resolved_by, difference.resolved_at = admin.user_id, clock.now()
    await announce(db, difference, before, moved)
    await db.flush()
    return Applied(difference_out(difference), moved)


def state_of(difference: ReconciliationDifference) -> dict[str, object]:
    """The fields of a difference that a resolution changes."""
    return {"status": difference.status, "resolution": difference.resolution}


async def announce(
    db: AsyncSession, difference: ReconciliationDifference, before: dict[str, object], moved_paise: int
) -> None:
    """Announce a change of a difference. `before` is its `state_of` before the change."""
    resolved = ReconciliationDifferenceResolved(
        user_id=str(difference.user_id or SYSTEM_USER_ID),
        difference_id=str(difference.difference_id),
        run_id=str(difference.run_id),
        counterparty=difference.counterparty,
        kind=difference.kind,
        reference=difference.reference,
        resolution=difference.resolution or "",
        moved_paise=moved_paise,
        reason=difference.note or "",
        changes=changes(before, state_of(difference)),
    )
    await emit(db, resolved)


async def _settle(db: AsyncSession, difference: ReconciliationDifference, by: UUID) -> int:
    del by
    if not _is_recharge(difference) or difference.theirs_paise is None:
        raise ResolutionNotAllowed("Their statement does not list this recharge as delivered.")
    operator_reference = difference.detail.get("their_reference")
    outcome = await delivery.settle_delivered(
        db, difference.reference, str(operator_reference) if operator_reference else None
    )
    if outcome in {DeliverOutcome.ALREADY_FAILED, DeliverOutcome.NOT_FOUND}:
        raise ResolutionNotAllowed("The recharge failed and was refunded to the wallet.")
    return difference.theirs_paise if outcome is DeliverOutcome.DELIVERED else 0


async def _release(db: AsyncSession, difference: ReconciliationDifference, by: UUID) -> int:
    del by
    if not _is_recharge(difference):
        raise ResolutionNotAllowed("This difference is not about a pending recharge.")
    if difference.theirs_paise is not None:
        raise ResolutionNotAllowed("Their statement lists this recharge as delivered.")
    outcome = await delivery.fail_and_release(db, difference.reference, "reconciled_as_failed")
    if outcome in {FailOutcome.DELIVERED, FailOutcome.NOT_FOUND}:
        raise ResolutionNotAllowed("The recharge was delivered. It can only be refunded.")
    return 0


async def _refund(db: AsyncSession, difference: ReconciliationDifference, by: UUID) -> int:
    if not _is_recharge(difference) or difference.user_id is None or difference.recharge_id is None:
        raise ResolutionNotAllowed("This difference is not about a recharge.")
    moved = await recharge.take_back(
        db,
        difference.user_id,
        difference.recharge_id,
        refund_id=difference.difference_id,
        reason="reconciliation",
        by=by,
    )
    if moved is None:
        raise ResolutionNotAllowed("Only a delivered recharge can be refunded.")
    return moved


async def _write_off(db: AsyncSession, difference: ReconciliationDifference, by: UUID) -> int:
    """Move the counterparty's account to the balance in their statement, at our loss or gain."""
    del by
    if difference.kind == DifferenceKind.STATUS_DIFFERS and difference.ours_paise is None:
        raise ResolutionNotAllowed("The recharge is pending. Settle it or fail it instead.")
    if (
        difference.kind == DifferenceKind.MISSING_AT_OURS
        and difference.payment_id is not None
        and (difference.theirs_paise or 0) > 0
    ):
        raise ResolutionNotAllowed(
            "This is a customer's payment. Ask the gateway again so that it is credited."
        )
    is_gateway = difference.counterparty == GATEWAY
    paise = _net(difference, difference.theirs_paise, "theirs_charges_paise") - _net(
        difference, difference.ours_paise, "ours_charges_paise"
    )
    if paise == 0:
        raise ResolutionNotAllowed("There is nothing to write off.")
    account = GATEWAY if is_gateway else await _account(db, difference.counterparty)
    # A gateway owes us what it took; to an operator we owe what it delivered, less its commission.
    gain = paise > 0 if is_gateway else paise < 0
    movement = await wallet.write_off(
        db,
        Money(abs(paise)),
        debit_account=account if gain else Account.WRITE_OFF,
        credit_account=Account.WRITE_OFF if gain else account,
        key=str(difference.difference_id),
        reference_id=difference.recharge_id or difference.refund_id or difference.payment_id,
    )
    if movement.replayed:
        raise ResolutionNotAllowed("This reference was already written off with a different amount.")
    return abs(paise)


async def _nothing(db: AsyncSession, difference: ReconciliationDifference, by: UUID) -> int:
    del db, difference, by
    return 0


def _is_recharge(difference: ReconciliationDifference) -> bool:
    return difference.recharge_id is not None and difference.counterparty != GATEWAY


def _net(difference: ReconciliationDifference, paise: int | None, charges: str) -> int:
    """What one side says is owed for the reference: to an operator, the amount less the commission."""
    if paise is None:
        return 0
    commission = difference.detail.get(charges, 0)
    assert isinstance(commission, int), f"{charges} is a number of paise"
    return paise - commission


async def _account(db: AsyncSession, channel: str) -> str:
    snapshot = (await channels.load_channels(db)).get(channel)
    assert snapshot is not None, "a channel that was used is never deleted"
    return f"operator:{snapshot.operator.lower()}"


_ACTS: Final[dict[DifferenceResolution, Act]] = {
    DifferenceResolution.SETTLE_DELIVERED: _settle,
    DifferenceResolution.FAIL_AND_RELEASE: _release,
    DifferenceResolution.REFUND_CUSTOMER: _refund,
    DifferenceResolution.WRITE_OFF: _write_off,
    DifferenceResolution.NONE: _nothing,
}
