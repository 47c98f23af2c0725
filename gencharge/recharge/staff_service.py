"""What the staff do: list all customers' recharges and the plans of any number, refund a delivered recharge.

A customer's own lists bring the numbers' plans up to date first. The staff's lists must not write: a plan past its end is
recognized by comparing its end with now. They are the only queries on customers' tables without a customer's id: a
sharded database sends them to every shard.

A refund moves money: it takes the locks that every end of a recharge takes, runs once for a key, and has a reason that
the audit trail keeps. An admin who is limited to some operators finds those operators' recharges only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.approvals import service as approvals
from gencharge.approvals.service import ApprovalOut
from gencharge.core.errors import IdempotencyKeyReused, field_problem
from gencharge.core.events import events
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.http.paging import LOOK_THROUGH, Order, column_of, fetch_bounded_page
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.payments import service as payments
from gencharge.payments.errors import RefundTooLarge
from gencharge.recharge import crud, lifecycle_crud, plans_crud, refund_crud, service, views
from gencharge.recharge.errors import RechargeNotRefundable
from gencharge.recharge.models import ActivePlan, PaymentState, Recharge, RechargeRefund, RefundOutcome
from gencharge.recharge.staff_schemas import (
    RechargeOverview,
    RechargeRefundOut,
    RefundDestination,
    RefundRecharge,
    StaffBoughtPlanPage,
    StaffBoughtPlanQuery,
    StaffRechargeOut,
    StaffRechargePage,
    StaffRechargeQuery,
)
from gencharge.sessions.guards import Action, Principal, Resource, permission, within
from gencharge.users import service as users

_SHOWN: Final = 5
# With a filter by the plan's state, each row that is read costs a lookup of its plan, too.
_LOOK_THROUGH_WITH_PLANS: Final = LOOK_THROUGH // 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refund:
    """A refund that was asked for; `amount` in paise."""

    user_id: UUID
    recharge_id: UUID
    amount: int
    destination: RefundDestination
    reason: str
    key: str
    request_hash: bytes


async def list_recharges(db: AsyncSession, admin: Principal, query: StaffRechargeQuery) -> StaffRechargePage:
    """A page of all customers' recharges, as far as the admin's operators go, each with what its plan does now."""
    now = clock.now()

    def matches(alias: type[Recharge]) -> Sequence[ColumnElement[bool]]:
        conditions = [
            *crud.match_recharges(alias, query),
            *query.within(alias.wallet_amount + alias.gateway_amount, column_of(alias.created_at)),
            within(admin, column_of(alias.operator)),
        ]
        return [*conditions, crud.has_status(alias, query.status, now=now)] if query.status else conditions

    by_plan = query.status is not None and query.status in crud.PLAN_STATES
    rows, cursor = await fetch_bounded_page(
        db,
        crud.select_all_recharges(query),
        matches,
        Order(column_of(Recharge.created_at), column_of(Recharge.id), query.sort == "-created_at"),
        query,
        look_through=_LOOK_THROUGH_WITH_PLANS if by_plan else LOOK_THROUGH,
    )
    return StaffRechargePage(items=await service.show_to_staff(db, rows, now), next_cursor=cursor)


async def get_recharge(
    db: AsyncSession, admin: Principal, user_id: UUID, recharge_id: UUID
) -> StaffRechargeOut:
    """One recharge of a customer's. Raises RechargeNotFound, also if it is out of the admin's scope."""
    recharge = await service.get_in_scope(db, admin, user_id, recharge_id)
    return (await service.show_to_staff(db, [recharge], clock.now()))[0]


async def list_current_plans(
    db: AsyncSession, admin: Principal, query: StaffBoughtPlanQuery
) -> StaffBoughtPlanPage:
    """A page of the plans that run or wait on any number, as far as the admin's operators go."""
    now = clock.now()
    column = ActivePlan.valid_until if query.by_end else ActivePlan.created_at
    rows, cursor = await fetch_bounded_page(
        db,
        plans_crud.select_current_plans(query, now),
        lambda alias: [*plans_crud.match_plans(alias, query, now), within(admin, alias.operator)],
        Order(column_of(column), column_of(ActivePlan.recharge_id), query.sort.startswith("-")),
        query,
    )
    payers = await users.briefs(db, (row.user_id for row in rows))
    items = [views.staff_plan_out(row, payers.get(row.user_id), now=now) for row in rows]
    return StaffBoughtPlanPage(items=items, next_cursor=cursor)


async def overview(db: AsyncSession, user_id: UUID) -> RechargeOverview:
    """A customer's last five recharges, and up to five plans that run or wait on the numbers that they paid for."""
    now = clock.now()
    last = await crud.list_last_recharges(db, user_id, limit=_SHOWN)
    plans = await crud.list_current_plans(db, user_id, now=now, limit=_SHOWN)
    return RechargeOverview(
        last_recharges=await service.show_to_staff(db, last, now),
        current_plans=[views.plan_out(plan, now) for plan in plans],
    )


async def refund(
    db: AsyncSession,
    admin: Principal,
    user_id: UUID,
    recharge_id: UUID,
    command: RefundRecharge,
    *,
    key: str,
    alone_limit: int,
) -> Answered[RechargeRefundOut] | Answered[ApprovalOut]:
    """Take a delivered recharge back, in part or in full: into the wallet, or on to where the payment came from.

    If the recharge's refunds come to more than `alone_limit` rupees with it, it waits for a second admin. Raises
    RechargeNotFound, RechargeNotRefundable, RefundTooLarge, IdempotencyKeyReused, ApprovalAlreadyPending.
    """
    recharge = await service.get_in_scope(db, admin, user_id, recharge_id)
    request_hash = fingerprint(command, recharge_id)
    await lifecycle_crud.lock_recharge(db, user_id, recharge_id)
    earlier = await refund_crud.find_refund_by_key(db, user_id, key)
    if earlier is not None:
        if earlier.request_hash != request_hash:
            raise IdempotencyKeyReused
        return Answered(_refund_to_out(earlier), replayed=True)
    await db.refresh(recharge)
    left = recharge.wallet_amount + recharge.gateway_amount - recharge.refunded_amount
    amount = command.amount.paise if command.amount is not None else left
    _check_refund(recharge, amount, command.destination)
    refund = _Refund(
        user_id=user_id,
        recharge_id=recharge_id,
        amount=amount,
        destination=command.destination,
        reason=command.reason,
        key=key,
        request_hash=request_hash,
    )
    if recharge.refunded_amount + amount > alone_limit * 100:
        return await _propose(db, admin, recharge, refund)
    return Answered(await _take_back(db, recharge, refund, admin.user_id))


def _check_refund(recharge: Recharge, amount: int, destination: RefundDestination) -> None:
    left = recharge.wallet_amount + recharge.gateway_amount - recharge.refunded_amount
    if recharge.status != PaymentState.DELIVERED:
        raise RechargeNotRefundable
    limit = min(left, recharge.gateway_amount) if destination is RefundDestination.SOURCE else left
    if amount > limit or amount == 0:
        raise _too_large(Money(max(0, limit)))


async def _take_back(
    db: AsyncSession, recharge: Recharge, refund: _Refund, requested_by: UUID
) -> RechargeRefundOut:
    """Book a refund that was checked under the lock."""
    row = await refund_crud.add_refund(
        db,
        user_id=refund.user_id,
        refund_id=new_id(),
        recharge_id=refund.recharge_id,
        amount=refund.amount,
        reason=refund.reason,
        requested_by=requested_by,
        key=refund.key,
        request_hash=refund.request_hash,
        destination=refund.destination.value,
    )
    outcome = await lifecycle_crud.refund(
        db,
        refund.user_id,
        refund.recharge_id,
        amount=refund.amount,
        key=str(row.refund_id),
        reason=refund.reason,
        context=events.context_json(),
        to_source=refund.destination is RefundDestination.SOURCE,
    )
    assert outcome is RefundOutcome.REFUNDED, f"checked under the lock: {outcome}"
    if refund.destination is RefundDestination.SOURCE and recharge.payment_id is not None:
        await payments.refund_to_source(
            db,
            refund.user_id,
            recharge.payment_id,
            amount=Money(refund.amount),
            key=f"recharge-refund:{row.refund_id}",
            request_hash=refund.request_hash,
            reason=refund.reason,
            requested_by=str(requested_by),
            refund_id=row.refund_id,
        )
    return _refund_to_out(row)


async def _propose(
    db: AsyncSession, admin: Principal, recharge: Recharge, refund: _Refund
) -> Answered[ApprovalOut]:
    to_source = refund.destination is RefundDestination.SOURCE
    proposal = approvals.Proposal(
        act=REFUND,
        target=f"recharge:{refund.recharge_id}",
        summary=worded(
            "Refund Rs {amount} of {plan} ({operator}) to {destination}.",
            amount=Money(refund.amount),
            plan=recharge.plan_name,
            operator=recharge.operator,
            destination=worded("its source") if to_source else worded("the wallet"),
        ),
        reason=refund.reason,
        operator=recharge.operator,
        payload={
            "user_id": str(refund.user_id),
            "recharge_id": str(refund.recharge_id),
            "amount": refund.amount,
            "destination": refund.destination.value,
            "reason": refund.reason,
            "key": refund.key,
            "request_hash": refund.request_hash.hex(),
        },
        key=refund.key,
        request_hash=refund.request_hash,
    )
    return await approvals.request(db, admin.user_id, proposal)


async def _refund_approved(db: AsyncSession, approved: Approved) -> None:
    payload = approved.payload
    refund = _Refund(
        user_id=UUID(payload["user_id"]),
        recharge_id=UUID(payload["recharge_id"]),
        amount=payload["amount"],
        destination=RefundDestination(payload["destination"]),
        reason=payload["reason"],
        key=payload["key"],
        request_hash=bytes.fromhex(payload["request_hash"]),
    )
    await lifecycle_crud.lock_recharge(db, refund.user_id, refund.recharge_id)
    recharge = await service.get(db, refund.user_id, refund.recharge_id)
    await db.refresh(recharge)
    _check_refund(recharge, refund.amount, refund.destination)
    await _take_back(db, recharge, refund, approved.requested_by)


REFUND: Final = Act(
    name="refund_recharge", permission=permission(Resource.RECHARGE, Action.EDIT), run=_refund_approved
)


def _too_large(limit: Money) -> RefundTooLarge:
    return RefundTooLarge(
        errors=[
            field_problem("body.amount", worded("Must be at most {amount}", amount=limit), "refund_too_large")
        ]
    )


def _refund_to_out(row: RechargeRefund) -> RechargeRefundOut:
    return RechargeRefundOut(
        refund_id=row.refund_id,
        recharge_id=row.recharge_id,
        amount=Money(row.amount),
        destination=RefundDestination(row.destination),
        reason=row.reason,
        created_at=row.created_at,
    )
