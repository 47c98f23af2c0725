"""What the staff do with payouts: look, say where one goes that has nowhere to go, and give the proof of one that they paid."""

from __future__ import annotations

from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.approvals import service as approvals
from gencharge.approvals.service import ApprovalOut
from gencharge.core.events.events import emit
from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.core.vault.vault import Vault
from gencharge.core.wording import worded
from gencharge.payouts import crud, service
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.errors import PayoutNotAllowed, PayoutNotFound
from gencharge.payouts.events import PayoutPayeeSet, PayoutSettledByHand
from gencharge.payouts.models import Payout, PayoutStatus
from gencharge.payouts.service import CheckedPayee
from gencharge.payouts.staff_schemas import (
    SendPayout,
    SettlePayout,
    StaffPayoutOut,
    StaffPayoutPage,
    StaffPayoutQuery,
)
from gencharge.sessions.guards import Action, Resource, permission
from gencharge.users import service as users
from gencharge.users.models import UserBrief


async def list_payouts(db: AsyncSession, query: StaffPayoutQuery) -> StaffPayoutPage:
    """A page of all customers' payouts."""
    rows, cursor = await fetch_bounded_page(
        db,
        crud.select_all(query),
        lambda entity: crud.match(entity, query),
        Order(column_of(Payout.created_at), column_of(Payout.payout_id), query.sort == "-created_at"),
        query,
    )
    owners = await users.briefs(db, (row.user_id for row in rows))
    return StaffPayoutPage(items=[_out(row, owners.get(row.user_id)) for row in rows], next_cursor=cursor)


async def send(
    context: PayoutContext, admin_id: UUID, user_id: UUID, payout_id: UUID, command: SendPayout
) -> StaffPayoutOut | ApprovalOut:
    """Say where a payout goes that needs a payee; the bank is asked first. Not inside a transaction.

    The owner has not said it, so above REFUND_ALONE_LIMIT it waits for a second admin. Raises PayoutNotFound,
    PayoutNotAllowed, ApprovalAlreadyPending, and what `service.check` raises.
    """
    await context.database.run(lambda db: _lock(db, user_id, payout_id))
    checked = await service.check(context, user_id, command)

    async def unit(db: AsyncSession) -> StaffPayoutOut | ApprovalOut:
        payout = await _lock(db, user_id, payout_id)
        payout.kind, payout.destination = checked.kind.value, checked.destination
        payout.holder = checked.holder
        payout.fund_account = await Vault.of(db).seal(
            Payout.fund_account, (user_id, payout_id), checked.fund_account
        )
        await db.flush()
        if payout.amount > context.settings.refund_alone_limit * 100:
            return await _propose(db, admin_id, payout, checked, command.reason)
        await _make_due(db, payout, command.reason)
        return await _shown(db, payout)

    return await context.database.run(unit)


async def _propose(
    db: AsyncSession, admin_id: UUID, payout: Payout, checked: CheckedPayee, reason: str
) -> ApprovalOut:
    proposal = approvals.Proposal(
        act=SEND,
        target=f"payout:{payout.payout_id}",
        summary=worded(
            "Send Rs {amount} of a closed account to {destination}, held by {holder}.",
            amount=Money(payout.amount),
            destination=checked.destination,
            holder=checked.holder,
        ),
        reason=reason,
        # The payee stands in the row, encrypted. Another one with the same last digits is another request.
        payload={
            "user_id": str(payout.user_id),
            "payout_id": str(payout.payout_id),
            "payee": _fingerprint(checked.fund_account),
            "reason": reason,
        },
    )
    return (await approvals.request(db, admin_id, proposal)).answer


async def _send_approved(db: AsyncSession, approved: Approved) -> None:
    payload = approved.payload
    payout = await _lock(db, UUID(payload["user_id"]), UUID(payload["payout_id"]))
    # It may have been erased since.
    if payout.fund_account is None:
        raise PayoutNotAllowed
    if _fingerprint(await Vault.of(db).show(payout, Payout.fund_account)) != payload["payee"]:
        raise PayoutNotAllowed
    await _make_due(db, payout, payload["reason"])


async def _make_due(db: AsyncSession, payout: Payout, reason: str) -> None:
    assert payout.kind is not None
    assert payout.destination is not None
    payout.status, payout.reason = PayoutStatus.DUE.value, None
    payout.next_attempt_at = clock.now()
    await db.flush()
    await emit(
        db,
        PayoutPayeeSet(
            user_id=str(payout.user_id),
            payout_id=str(payout.payout_id),
            kind=payout.kind,
            destination=payout.destination,
            reason=reason,
        ),
    )


def _fingerprint(fund_account: str) -> str:
    return sha256(fund_account.encode()).hexdigest()


async def settle(
    db: AsyncSession, admin_id: UUID, user_id: UUID, payout_id: UUID, command: SettlePayout
) -> StaffPayoutOut:
    """Write down that a payout was made outside of the product. Raises PayoutNotFound, PayoutNotAllowed."""
    payout = await _lock(db, user_id, payout_id)
    payout.status, payout.reason = PayoutStatus.PAID.value, None
    payout.utr, payout.paid_at, payout.paid_by = command.utr.upper(), clock.now(), admin_id
    await db.flush()
    await emit(
        db,
        PayoutSettledByHand(
            user_id=str(user_id),
            payout_id=str(payout_id),
            amount_paise=payout.amount,
            utr=payout.utr,
            reason=command.reason,
        ),
    )
    return await _shown(db, payout)


async def _lock(db: AsyncSession, user_id: UUID, payout_id: UUID) -> Payout:
    """A payout that needs a payee: nothing is on its way. Raises PayoutNotFound, PayoutNotAllowed."""
    payout = await crud.lock_payout(db, user_id, payout_id)
    if payout is None:
        raise PayoutNotFound
    if payout.status != PayoutStatus.NEEDS_PAYEE:
        raise PayoutNotAllowed
    return payout


async def _shown(db: AsyncSession, payout: Payout) -> StaffPayoutOut:
    owners = await users.briefs(db, [payout.user_id])
    return _out(payout, owners.get(payout.user_id))


def _out(payout: Payout, user: UserBrief | None) -> StaffPayoutOut:
    return StaffPayoutOut(
        payout_id=payout.payout_id,
        user_id=payout.user_id,
        user=user,
        amount=Money(payout.amount),
        status=PayoutStatus(payout.status),
        kind=payout.kind,
        destination=payout.destination,
        holder=payout.holder,
        gateway_payout_id=payout.gateway_payout_id,
        utr=payout.utr,
        reason=payout.reason,
        paid_by=payout.paid_by,
        paid_at=payout.paid_at,
        created_at=payout.created_at,
    )


SEND: Final = Act(
    name="send_payout", permission=permission(Resource.PAYMENTS, Action.EDIT), run=_send_approved
)
