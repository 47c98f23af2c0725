"""Recharges and bought plans: the customers' lists, and the verbs for the rooms above.

A recharge is sold in `checkout_service`. Its end (`pay`, `deliver`, `fail`, `refund`) is one SQL function each, under the
locks of the number's line and of the recharge.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events import events
from gencharge.core.http import references
from gencharge.core.http.paging import Order, column_of, fetch_page
from gencharge.core.values import clock
from gencharge.core.values.ids import written_between
from gencharge.core.vault.vault import Vault
from gencharge.recharge import bill_crud, crud, lifecycle_crud, plans_crud, refund_crud, views
from gencharge.recharge.bill_service import (
    BillPaymentRequest,
    BillSale,
    bill_refusal,
    find_bill_payment,
    note_bill_payment,
    pay_bill,
    place_bill,
)
from gencharge.recharge.checkout_service import due_of, pay_from_wallet, pay_through_gateway
from gencharge.recharge.choice_service import Market
from gencharge.recharge.errors import RechargeNotFound
from gencharge.recharge.models import (
    ActivePlan,
    DeliverOutcome,
    FailOutcome,
    PaymentState,
    Recharge,
    RechargeRefund,
    RechargeStatus,
    RefundOutcome,
)
from gencharge.recharge.quote_service import amount_invalid, quote
from gencharge.recharge.schemas import (
    BoughtPlanPage,
    BoughtPlanQuery,
    PaymentDue,
    Quote,
    QuoteOut,
    RechargeOut,
    RechargePage,
    RechargeQuery,
    Subscribe,
    SubscriptionOut,
)
from gencharge.recharge.staff_schemas import StaffRechargeOut
from gencharge.sessions.guards import Principal, within
from gencharge.users import service as users

# For the rooms above that sell a recharge or answer with one.
__all__ = [
    "BillPaymentRequest",
    "BillSale",
    "Market",
    "PaymentDue",
    "Quote",
    "QuoteOut",
    "StaffRechargeOut",
    "Subscribe",
    "SubscriptionOut",
    "amount_invalid",
    "bill_refusal",
    "due_of",
    "find_bill_payment",
    "note_bill_payment",
    "pay_bill",
    "pay_from_wallet",
    "pay_through_gateway",
    "place_bill",
    "quote",
]


async def show(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> RechargeOut:
    """One of the customer's recharges. Raises RechargeNotFound, also for another customer's."""
    return await _as_it_stands(db, await get(db, user_id, recharge_id))


async def show_by_key(db: AsyncSession, user_id: UUID, key: str) -> RechargeOut:
    """The recharge that was made with this Idempotency-Key. Raises RechargeNotFound: the request changed nothing."""
    recharge = await crud.find_by_key(db, user_id, key)
    if recharge is None:
        raise RechargeNotFound
    return await _as_it_stands(db, recharge)


async def list_recharges(db: AsyncSession, user_id: UUID, query: RechargeQuery) -> RechargePage:
    """A page of the customer's recharges, each with the present state of its plan."""
    await _advance(db, await crud.list_numbers(db, user_id))
    order = Order(
        column_of(Recharge.created_at), column_of(Recharge.id), descending=query.sort == "-created_at"
    )
    rows, cursor, total = await fetch_page(db, crud.select_recharges(user_id, query), order, query)
    plans = await crud.list_plans_of(db, rows)
    items = [views.recharge_out(row, plans.get(row.id), await metadata_of(db, row)) for row in rows]
    return RechargePage(items=items, next_cursor=cursor, total=total)


async def list_plans(db: AsyncSession, user_id: UUID, query: BoughtPlanQuery) -> BoughtPlanPage:
    """The plans that the customer bought, and those that anybody bought for the customer's own number."""
    own_number = (await users.get(db, user_id)).phone_number
    numbers = await crud.list_numbers(db, user_id)
    await _advance(db, [own_number, *numbers])
    chosen = plans_crud.select_plans(user_id, query, own_number=own_number, numbers=numbers)
    rows, cursor, total = await fetch_page(db, chosen, plans_crud.order_of(query), query)
    now = clock.now()
    return BoughtPlanPage(items=[views.plan_out(row, now) for row in rows], next_cursor=cursor, total=total)


async def list_lines(
    db: AsyncSession, user_id: UUID, *, own_number: str, numbers: Sequence[str]
) -> dict[str, list[ActivePlan]]:
    """By number, the active base plan and those queued behind it: that the customer bought, or that are on their own number."""
    await _advance(db, [own_number, *numbers])
    lines: dict[str, list[ActivePlan]] = {}
    for plan in await crud.list_lines(db, user_id, own_number=own_number, numbers=numbers):
        lines.setdefault(plan.phone_number, []).append(plan)
    return lines


def days_left(plan: ActivePlan) -> int | None:
    """Whole days until an active plan ends; None for any other plan."""
    return views.days_left(plan, clock.now())


async def get(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Recharge:
    """One of the customer's recharges. Raises RechargeNotFound, also for another customer's."""
    recharge = await crud.get_recharge(db, user_id, recharge_id)
    if recharge is None:
        raise RechargeNotFound
    return recharge


async def first_delivered(
    db: AsyncSession,
    user_id: UUID,
    *,
    minimum: int = 0,
    since: datetime | None = None,
    before: datetime | None = None,
) -> Recharge | None:
    """The customer's first recharge of at least `minimum` paise that was delivered in that time, refunded later or not."""
    return await crud.find_first_delivered(db, user_id, minimum=minimum, since=since, before=before)


async def get_in_scope(db: AsyncSession, admin: Principal, user_id: UUID, recharge_id: UUID) -> Recharge:
    """A recharge of an operator in the admin's scope. Raises RechargeNotFound."""
    scope = within(admin, column_of(Recharge.operator))
    recharge = await crud.get_recharge_in_scope(db, user_id, recharge_id, scope)
    if recharge is None:
        raise RechargeNotFound
    return recharge


async def find_in_scope(db: AsyncSession, admin: Principal, recharge_id: UUID) -> Recharge | None:
    """A recharge by its id alone, of an operator in the admin's scope.

    No index begins with the id; but the id says when it was made, and there is an index by the instant.
    """
    period = written_between(recharge_id)
    if period is None:
        return None
    scope = within(admin, column_of(Recharge.operator))
    return await crud.find_by_id(db, recharge_id, after=period[0], before=period[1], scope=scope)


async def list_of_number(
    db: AsyncSession, admin: Principal, phone_number: str, *, limit: int
) -> Sequence[Recharge]:
    """The last recharges of a number at the operators in the admin's scope, of all customers."""
    scope = within(admin, column_of(Recharge.operator))
    return await crud.list_of_number(db, phone_number, scope=scope, limit=limit)


async def list_by_reference(
    db: AsyncSession, admin: Principal, reference: str, *, limit: int
) -> Sequence[Recharge]:
    """The last recharges that their callers call so, at the operators in the admin's scope."""
    scope = within(admin, column_of(Recharge.operator))
    return await crud.list_by_reference(db, reference, scope=scope, limit=limit)


async def keys_of_other(db: AsyncSession, text: str, other_id: UUID | None) -> Sequence[tuple[UUID, UUID]]:
    """What a refund's id, or the bill that an operator calls so, belongs to: `user_id`, `recharge_id`."""
    refunded = await refund_crud.find_refunded(db, other_id) if other_id is not None else None
    return [refunded] if refunded is not None else await bill_crud.list_paid(db, text, limit=20)


async def list_of_keys(db: AsyncSession, keys: Collection[tuple[UUID, UUID]]) -> Sequence[Recharge]:
    """These recharges (`user_id`, `recharge_id`), in one query. One that does not exist is left out."""
    return await crud.list_of_keys(db, keys)


async def list_noted(db: AsyncSession, keys: Collection[tuple[UUID, UUID]]) -> Sequence[Recharge]:
    """Those of these recharges (`user_id`, `recharge_id`) that have a reference or metadata."""
    return await crud.list_noted(db, keys)


async def metadata_of(db: AsyncSession, recharge: Recharge) -> dict[str, str] | None:
    """What the customer noted; None if nothing, or if the reader may not see customers' own words."""
    return await references.opened(Vault.of(db), recharge, Recharge.caller_metadata)


async def list_refunds(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Sequence[RechargeRefund]:
    """What the staff refunded of a recharge, the oldest first."""
    return await refund_crud.list_refunds(db, user_id, recharge_id)


async def status_of(db: AsyncSession, recharge: Recharge) -> RechargeStatus:
    """The status that the customer sees: the plan's state after delivery, the payment's state before."""
    plans = await crud.list_plans_of(db, [recharge])
    return views.status_of(recharge, plans.get(recharge.id))


async def plan_of(db: AsyncSession, recharge: Recharge) -> ActivePlan | None:
    """The plan that a recharge bought; None if it paid a bill."""
    return (await crud.list_plans_of(db, [recharge])).get(recharge.id)


def status_with(recharge: Recharge, plan: ActivePlan | None) -> RechargeStatus:
    """The status that the customer sees of a recharge with its plan."""
    return views.status_of(recharge, plan)


async def show_to_staff(
    db: AsyncSession, recharges: Sequence[Recharge], now: datetime
) -> list[StaffRechargeOut]:
    """Recharges with their plans and payers at `now`, in two queries. Writes nothing."""
    plans = await crud.list_plans_of(db, recharges)
    payers = await users.briefs(db, (recharge.user_id for recharge in recharges))
    return [
        views.staff_recharge_out(
            recharge,
            plans.get(recharge.id),
            payers.get(recharge.user_id),
            now=now,
            metadata=await metadata_of(db, recharge),
        )
        for recharge in recharges
    ]


async def advance_due_lines(db: AsyncSession, *, limit: int) -> int:
    """Expire plans that have ended and start queued ones, for up to about `limit` numbers; how many plans changed."""
    return await _advance_lines(db, await lifecycle_crud.list_due_lines(db, limit))


async def _advance(db: AsyncSession, numbers: list[str]) -> int:
    return await _advance_lines(db, await lifecycle_crud.list_ended(db, numbers)) if numbers else 0


async def _advance_lines(db: AsyncSession, numbers: list[str]) -> int:
    context = events.context_json()
    return sum([await lifecycle_crud.advance_line(db, number, context) for number in sorted(numbers)])


async def _as_it_stands(db: AsyncSession, recharge: Recharge) -> RechargeOut:
    await _advance(db, [recharge.phone_number])
    plans = await crud.list_plans_of(db, [recharge])
    return views.recharge_out(recharge, plans.get(recharge.id), await metadata_of(db, recharge))


async def lock(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> str | None:
    """Hold the number's line and the recharge to the end of the transaction; its status, None if it does not exist."""
    return await lifecycle_crud.lock_recharge(db, user_id, recharge_id)


async def deliver(
    db: AsyncSession,
    user_id: UUID,
    recharge_id: UUID,
    *,
    operator_reference: str | None,
    channel: str,
    commission: int,
) -> DeliverOutcome:
    """The operator has delivered the recharge: its held money goes to the operator, less `commission` paise, and the
    plan starts.
    """
    return await lifecycle_crud.deliver(
        db,
        user_id,
        recharge_id,
        operator_reference=operator_reference,
        channel=channel,
        commission=commission,
        context=events.context_json(),
    )


async def fail(db: AsyncSession, user_id: UUID, recharge_id: UUID, *, reason: str) -> FailOutcome:
    """The recharge is proven not to be delivered: its held money goes back to the wallet."""
    return await lifecycle_crud.fail(db, user_id, recharge_id, reason=reason, context=events.context_json())


async def show_pending_as(db: AsyncSession, user_id: UUID, recharge_id: UUID, status: PaymentState) -> None:
    """Set what a pending recharge shows: processing or unknown. Changes nothing once it has ended."""
    await lifecycle_crud.set_status(db, user_id, recharge_id, status)


async def take_back(
    db: AsyncSession, user_id: UUID, recharge_id: UUID, *, refund_id: UUID, reason: str, by: UUID
) -> int | None:
    """Refund all that is left of a delivered recharge to the wallet: how many paise; None if it was not delivered.

    Once for a `refund_id`; zero if it was refunded before.
    """
    status = await lifecycle_crud.lock_recharge(db, user_id, recharge_id)
    if status == PaymentState.REFUNDED:
        return 0
    if status != PaymentState.DELIVERED:
        return None
    recharge = await db.get_one(Recharge, (user_id, recharge_id), populate_existing=True)
    left = recharge.wallet_amount + recharge.gateway_amount - recharge.refunded_amount
    outcome = await lifecycle_crud.refund(
        db,
        user_id,
        recharge_id,
        amount=left,
        key=str(refund_id),
        reason=reason,
        context=events.context_json(),
    )
    if outcome is RefundOutcome.REPLAYED:
        return 0
    assert outcome is RefundOutcome.REFUNDED, f"checked under the lock: {outcome}"
    await refund_crud.add_refund(
        db,
        user_id=user_id,
        refund_id=refund_id,
        recharge_id=recharge_id,
        amount=left,
        reason=reason,
        requested_by=by,
        key=f"reconciliation:{refund_id}",
        request_hash=b"",
    )
    return left
