"""What the staff do with payouts: look, say where one goes that has nowhere to go, and give the proof of one that they paid."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
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

_NEWS: Final = worded("The gateway reported something about this payout since. Look at it, and ask again.")
_USED: Final = worded("This bank's reference is the proof of a payout to somebody else.")


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

    async def look(db: AsyncSession) -> str:
        return _standing(await _lock(db, user_id, payout_id))

    seen = await context.database.run(look)
    checked = await service.check(context, user_id, command)

    async def unit(db: AsyncSession) -> StaffPayoutOut | ApprovalOut:
        payout = await _lock(db, user_id, payout_id, seen=seen)
        # Who settles it has sent the money already.
        await approvals.refuse_beside(db, SETTLE, _target(payout))
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
        target=_target(payout),
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
            "standing": _standing(payout),
            "payee": _fingerprint(checked.fund_account),
            "reason": reason,
        },
    )
    return (await approvals.request(db, admin_id, proposal)).answer


async def _send_approved(db: AsyncSession, approved: Approved) -> None:
    payload = approved.payload
    payout = await _lock_approved(db, payload)
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
    db: AsyncSession,
    admin_id: UUID,
    user_id: UUID,
    payout_id: UUID,
    command: SettlePayout,
    *,
    alone_limit: int,
) -> StaffPayoutOut | ApprovalOut:
    """Write down that a payout was made outside of the product; above `alone_limit` rupees it waits for a second admin.

    Raises PayoutNotFound, ApprovalAlreadyPending, and PayoutNotAllowed, also if the bank's reference is that of a payout to somebody else.
    """
    payout = await _lock(db, user_id, payout_id)
    # Approved later, it would be paid twice.
    await approvals.refuse_beside(db, SEND, _target(payout))
    utr = command.utr.upper()
    await _refuse_used(db, payout, utr)
    if payout.amount <= alone_limit * 100:
        await _settle(db, payout, utr, by=admin_id, reason=command.reason)
        return await _shown(db, payout)
    proposal = approvals.Proposal(
        act=SETTLE,
        target=_target(payout),
        summary=worded(
            "Write down that Rs {amount} of a closed account were paid by hand, with the bank's reference {utr}.",
            amount=Money(payout.amount),
            utr=utr,
        ),
        reason=command.reason,
        payload={
            "user_id": str(user_id),
            "payout_id": str(payout_id),
            "standing": _standing(payout),
            "utr": utr,
            "reason": command.reason,
        },
    )
    return (await approvals.request(db, admin_id, proposal)).answer


async def _settle_approved(db: AsyncSession, approved: Approved) -> None:
    payload = approved.payload
    payout = await _lock_approved(db, payload)
    await _refuse_used(db, payout, payload["utr"])
    await _settle(db, payout, payload["utr"], by=approved.requested_by, reason=payload["reason"])


async def _refuse_used(db: AsyncSession, payout: Payout, utr: str) -> None:
    """A bank transfer goes to one account. Raises PayoutNotAllowed."""
    await crud.lock_proof(db, utr)
    if await crud.is_proof_of_others(db, utr, besides=payout.user_id):
        raise PayoutNotAllowed(_USED)


async def _settle(db: AsyncSession, payout: Payout, utr: str, *, by: UUID, reason: str) -> None:
    payout.status, payout.reason = PayoutStatus.PAID.value, None
    payout.utr, payout.paid_at, payout.paid_by = utr, clock.now(), by
    # It went elsewhere than to the payee that was named, if there was one.
    payout.kind = payout.destination = payout.holder = payout.fund_account = None
    await db.flush()
    await emit(
        db,
        PayoutSettledByHand(
            user_id=str(payout.user_id),
            payout_id=str(payout.payout_id),
            amount_paise=payout.amount,
            utr=utr,
            reason=reason,
        ),
    )


def _target(payout: Payout) -> str:
    return f"payout:{payout.payout_id}"


def _standing(payout: Payout) -> str:
    """What an admin saw of it: another round or another reason is news, such as that an attempt arrived which had failed."""
    return f"{payout.round} {payout.reason}"


async def _lock_approved(db: AsyncSession, payload: Mapping[str, Any]) -> Payout:
    ids = UUID(payload["user_id"]), UUID(payload["payout_id"])
    return await _lock(db, *ids, seen=payload.get("standing", ""))


async def _lock(db: AsyncSession, user_id: UUID, payout_id: UUID, *, seen: str | None = None) -> Payout:
    """A payout that needs a payee: nothing is on its way. `seen`: as it stood when somebody decided about it.

    Raises PayoutNotFound, PayoutNotAllowed.
    """
    payout = await crud.lock_payout(db, user_id, payout_id)
    if payout is None:
        raise PayoutNotFound
    if payout.status != PayoutStatus.NEEDS_PAYEE:
        raise PayoutNotAllowed
    if seen is not None and seen != _standing(payout):
        raise PayoutNotAllowed(_NEWS)
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
SETTLE: Final = Act(
    name="settle_payout", permission=permission(Resource.PAYMENTS, Action.EDIT), run=_settle_approved
)
