"""What the staff do about a difference. Money moves under the difference's row, once, whoever asks and how often."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import service as fulfilment
from gencharge.core.background import jobs
from gencharge.core.events.events import changes, emit
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.money import Money
from gencharge.delivery import service as delivery
from gencharge.recharge import service as recharge
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
from gencharge.reconciliation.schemas import DifferenceOut, ResolveDifference, difference_out
from gencharge.sessions.guards import Principal
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account

ASK: Final = "reconciliation.ask"
Act = Callable[[AsyncSession, ReconciliationDifference, UUID], Awaitable[int]]


async def resolve(
    db: AsyncSession, admin: Principal, run_id: UUID, difference_id: UUID, wanted: ResolveDifference
) -> DifferenceOut:
    """Do what `wanted` says about a difference, once; the same again changes nothing.

    Raises DifferenceNotFound, DifferenceAlreadyResolved, DifferenceSuperseded, ResolutionNotAllowed.
    """
    found = await crud.lock_difference(db, run_id, difference_id)
    if found is None:
        raise DifferenceNotFound
    if found.status == DifferenceStatus.RESOLVED:
        if found.resolution != wanted.resolution:
            raise DifferenceAlreadyResolved(f"This difference has already been resolved: {found.resolution}.")
        return difference_out(found)
    if found.status == DifferenceStatus.SUPERSEDED:
        raise DifferenceSuperseded
    before = state_of(found)
    moved = 0
    if wanted.resolution is DifferenceResolution.CLAIM_FROM_COUNTERPARTY:
        found.status = DifferenceStatus.CLAIMED.value
    elif wanted.resolution is DifferenceResolution.ASK_OPERATOR_AGAIN:
        if found.recharge_id is None and found.payment_id is None:
            raise ResolutionNotAllowed(
                "We have no record of this reference, so there is nothing to ask about."
            )
        # After the commit: asking is a call to the outside.
        await jobs.defer(db, ASK, run_id=str(run_id), difference_id=str(difference_id))
    else:
        moved = await _ACTS[wanted.resolution](db, found, admin.user_id)
        found.status = DifferenceStatus.RESOLVED.value
    found.resolution, found.note = wanted.resolution.value, wanted.note
    found.resolved_by, found.resolved_at = admin.user_id, clock.now()
    await announce(db, found, before, moved)
    await db.flush()
    return difference_out(found)


def state_of(found: ReconciliationDifference) -> dict[str, Any]:
    """What a resolution changes of a difference."""
    return {"status": found.status, "resolution": found.resolution}


async def announce(
    db: AsyncSession, found: ReconciliationDifference, before: dict[str, Any], moved: int
) -> None:
    """Tell what was done about a difference; `before` is its `state_of` from before."""
    told = ReconciliationDifferenceResolved(
        user_id=str(found.user_id or SYSTEM_USER_ID),
        difference_id=str(found.difference_id),
        run_id=str(found.run_id),
        counterparty=found.counterparty,
        kind=found.kind,
        reference=found.reference,
        resolution=found.resolution or "",
        moved_paise=moved,
        reason=found.note or "",
        changes=changes(before, state_of(found)),
    )
    await emit(db, told)


async def _settle(db: AsyncSession, found: ReconciliationDifference, by: UUID) -> int:
    del by
    if not _is_recharge(found) or found.theirs_paise is None:
        raise ResolutionNotAllowed("Their statement does not list this recharge as delivered.")
    outcome = await delivery.settle_delivered(
        db, found.reference, found.detail.get("their_reference") or None
    )
    if outcome in {"given_up", "not_found"}:
        raise ResolutionNotAllowed("The recharge failed and was refunded to the wallet.")
    return found.theirs_paise if outcome == "delivered" else 0


async def _release(db: AsyncSession, found: ReconciliationDifference, by: UUID) -> int:
    del by
    if not _is_recharge(found):
        raise ResolutionNotAllowed("This difference is not about a pending recharge.")
    if found.theirs_paise is not None:
        raise ResolutionNotAllowed("Their statement lists this recharge as delivered.")
    outcome = await delivery.fail_and_release(db, found.reference, "reconciled_as_failed")
    if outcome in {"delivered", "not_found"}:
        raise ResolutionNotAllowed("The recharge was delivered. It can only be refunded.")
    return 0


async def _refund(db: AsyncSession, found: ReconciliationDifference, by: UUID) -> int:
    if not _is_recharge(found) or found.user_id is None or found.recharge_id is None:
        raise ResolutionNotAllowed("This difference is not about a recharge.")
    moved = await recharge.take_back(
        db,
        found.user_id,
        found.recharge_id,
        refund_id=found.difference_id,
        reason="reconciliation",
        by=by,
    )
    if moved is None:
        raise ResolutionNotAllowed("Only a delivered recharge can be refunded.")
    return moved


async def _write_off(db: AsyncSession, found: ReconciliationDifference, by: UUID) -> int:
    """Bring the counterparty's account to what their statement says, at the house's cost or gain."""
    del by
    if found.kind == DifferenceKind.STATUS_DIFFERS and found.ours_paise is None:
        raise ResolutionNotAllowed("The recharge is pending. Settle it or fail it instead.")
    if (
        found.kind == DifferenceKind.MISSING_AT_OURS
        and found.payment_id is not None
        and (found.theirs_paise or 0) > 0
    ):
        raise ResolutionNotAllowed(
            "This is a customer's payment. Ask the gateway again so that it is credited."
        )
    is_gateway = found.counterparty == GATEWAY
    paise = _net(found, "theirs") - _net(found, "ours")
    if paise == 0:
        raise ResolutionNotAllowed("There is nothing to write off.")
    account = GATEWAY if is_gateway else await _account(db, found.counterparty)
    # A gateway owes us what it took; to an operator we owe what it delivered, less its commission.
    gain = paise > 0 if is_gateway else paise < 0
    done = await wallet.write_off(
        db,
        Money(abs(paise)),
        debit_account=account if gain else Account.WRITE_OFF,
        credit_account=Account.WRITE_OFF if gain else account,
        key=str(found.difference_id),
        reference_id=found.recharge_id or found.refund_id or found.payment_id,
    )
    if done.replayed:
        raise ResolutionNotAllowed("This reference was already written off with a different amount.")
    return abs(paise)


async def _nothing(db: AsyncSession, found: ReconciliationDifference, by: UUID) -> int:
    del db, found, by
    return 0


def _is_recharge(found: ReconciliationDifference) -> bool:
    return found.recharge_id is not None and found.counterparty != GATEWAY


def _net(found: ReconciliationDifference, side: str) -> int:
    """What one side says is owed for the reference: to an operator, the amount less the commission."""
    paise = found.theirs_paise if side == "theirs" else found.ours_paise
    if paise is None:
        return 0
    return paise - int(found.detail.get(f"{side}_charges_paise", 0))


async def _account(db: AsyncSession, channel: str) -> str:
    known = (await fulfilment.load_channels(db)).get(channel)
    assert known is not None, "a channel that something went over is never deleted"
    return f"operator:{known.operator.lower()}"


_ACTS: Final[dict[DifferenceResolution, Act]] = {
    DifferenceResolution.SETTLE_DELIVERED: _settle,
    DifferenceResolution.FAIL_AND_RELEASE: _release,
    DifferenceResolution.REFUND_CUSTOMER: _refund,
    DifferenceResolution.WRITE_OFF: _write_off,
    DifferenceResolution.NONE: _nothing,
}
