"""What a customer does with recharges: ask what one costs, make one, look back.

The rules and the money of a recharge are one SQL function (`recharge_from_wallet`), so that a recharge is one round
trip and one transaction; this module prepares its arguments and says what its outcome means.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import faultpoints
from gencharge.core.errors import IdempotencyKeyReused, Problem
from gencharge.core.events import events
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.http.paging import Order, column_of, fetch_page
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.delivery.reconcile_service import apply_answer as apply_answer
from gencharge.delivery.reconcile_service import fail_and_release as fail_and_release
from gencharge.delivery.reconcile_service import settle_delivered as settle_delivered
from gencharge.delivery.reconcile_service import take_back as take_back
from gencharge.operators import service as operators
from gencharge.recharge import crud
from gencharge.recharge.errors import REFUSALS, RechargeNotFound
from gencharge.recharge.models import ActivePlan, PaymentState, PlanState, Recharge
from gencharge.recharge.schemas import (
    ActivationMode,
    BoughtPlanOut,
    BoughtPlanPage,
    PaymentDue,
    PaymentMethod,
    PlanQuery,
    Quote,
    QuoteOut,
    RechargeOut,
    RechargePage,
    RechargeQuery,
    RechargeStatus,
    Repeat,
    ReplacedPlan,
    RunningPlan,
    Subscribe,
    SubscriptionOut,
)
from gencharge.users import service as users
from gencharge.wallet.errors import InsufficientBalance, WalletNotFound

_HOW_TO_CORRECT = "If that is not right, correct it with PUT /v1/operators/connections/{phone_number}."


async def quote(database: Database, user_id: UUID, wanted: Quote) -> QuoteOut:
    """What the recharge would cost and when it would start. Raises what would stand against it."""
    hint = operators.hint(wanted.phone_number)
    replace = wanted.activation_mode is ActivationMode.ACTIVATE
    arguments = (user_id, wanted.phone_number, wanted.plan_id, hint, replace, clock.pinned())
    row = await database.fetch_row(crud.QUOTE, *arguments)
    if row is not None and _has_ended(row["running"]):
        await database.run(lambda db: _advance(db, [wanted.phone_number]))
        row = await database.fetch_row(crud.QUOTE, *arguments)
    assert row is not None, "recharge_terms returns one row"
    if row["outcome"] is not None:
        raise refusal(row["outcome"], row["known"], wanted.phone_number)
    if row["available"] is None:
        raise WalletNotFound
    plan, running = row["plan"], row["running"]
    price, balance = Money(plan["price_paise"]), Money(row["available"])
    return QuoteOut(
        phone_number=wanted.phone_number,
        plan_id=plan["plan_id"],
        plan_name=plan["name"],
        operator=plan["operator"],
        plan_type=plan["plan_type"],
        price=price,
        discount=Money(0),
        payable=price,
        wallet_balance=balance,
        wallet_covers=balance >= price,
        shortfall=price - balance if price > balance else Money(0),
        status=RechargeStatus(row["status"]),
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        running_plan=_running(running),
    )


def _has_ended(running: Any) -> bool:
    return (
        running is not None and running["valid_until"] is not None and running["valid_until"] <= clock.now()
    )


def _running(plan: Any) -> RunningPlan | None:
    if plan is None or plan["recharge_id"] is None:
        return None
    return RunningPlan(
        subscription_id=plan["recharge_id"], plan_name=plan["plan_name"], valid_until=plan["valid_until"]
    )


async def subscribe(
    database: Database, user_id: UUID, wanted: Subscribe, *, key: str, window_seconds: int
) -> Answered[SubscriptionOut]:
    """Recharge a number from the wallet: at most once for a key, and all of it or nothing.

    `window_seconds`: how long the same plan for the same number counts as a duplicate. Raises a refusal of
    `recharge.errors`, InsufficientBalance, WalletNotFound, IdempotencyKeyReused, DatabaseUnavailable.
    """
    await faultpoints.point("recharge.asked")
    row = await database.fetch_row(
        crud.RECHARGE_FROM_WALLET,
        user_id,
        new_id(),
        key,
        fingerprint(wanted),
        wanted.phone_number,
        wanted.plan_id,
        operators.hint(wanted.phone_number),
        wanted.source.value,
        wanted.activation_mode is ActivationMode.ACTIVATE,
        wanted.confirm_duplicate,
        window_seconds,
        new_id(),
        new_id(),
        events.context_json(),
        clock.pinned(),
    )
    await faultpoints.point("recharge.committed")
    assert row is not None, "recharge_from_wallet returns one row"
    outcome = row["outcome"]
    if outcome not in {"done", "replayed"}:
        raise refusal(outcome, row["known"], wanted.phone_number)
    return Answered(answer(row), replayed=outcome == "replayed")


def refusal(outcome: str, known: str | None, phone_number: str) -> Problem:
    if outcome == InsufficientBalance.code():
        return InsufficientBalance()
    if outcome == IdempotencyKeyReused.code():
        return IdempotencyKeyReused()
    kind = REFUSALS[outcome]
    if not outcome.endswith("_mismatch"):
        return kind()
    what = f"{kind.title()} What is known of {phone_number}: {known or 'nothing'}. {_HOW_TO_CORRECT}"
    return kind(what, known=known)


def answer(sale: Any, payment: PaymentDue | None = None) -> SubscriptionOut:
    """What a request is told of the recharge that it made, now and at each repeat."""
    replaced = sale["replaced_plan_name"]
    wallet_amount, gateway_amount = Money(sale["wallet_amount"]), Money(sale["gateway_amount"])
    return SubscriptionOut(
        subscription_id=sale["id"],
        plan_id=sale["plan_id"],
        status=RechargeStatus(sale["sold_status"]),
        total_paid=Money(0) if payment is not None else wallet_amount + gateway_amount,
        phone_number=sale["phone_number"],
        plan_name=sale["plan_name"],
        operator=sale["operator"],
        plan_type=sale["plan_type"],
        category=sale["category"],
        price=Money(sale["price"]),
        discount=Money(sale["discount"]),
        wallet_amount=wallet_amount,
        gateway_amount=gateway_amount,
        payment_method=PaymentMethod(sale["payment_method"]),
        source=sale["source"],
        valid_from=sale["sold_valid_from"],
        valid_until=sale["sold_valid_until"],
        replaced_plan=ReplacedPlan(plan_name=replaced, valid_until=sale["replaced_valid_until"])
        if replaced
        else None,
        wallet_balance=Money(sale["balance_after"]),
        created_at=sale["created_at"],
        payment=payment,
    )


async def again(database: Database, user_id: UUID, recharge_id: UUID, wanted: Repeat) -> Subscribe:
    """The request for the same number and plan once more. Raises RechargeNotFound."""
    earlier = await database.run(lambda db: _mine(db, user_id, recharge_id))
    return Subscribe(phone_number=earlier.phone_number, plan_id=earlier.plan_id, **wanted.model_dump())


async def show(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> RechargeOut:
    """One of the customer's recharges. Raises RechargeNotFound, also for another's."""
    return await _as_it_stands(db, await _mine(db, user_id, recharge_id))


async def show_by_key(db: AsyncSession, user_id: UUID, key: str) -> RechargeOut:
    """What became of the request with this Idempotency-Key. Raises RechargeNotFound: it changed nothing."""
    found = await crud.find_by_key(db, user_id, key)
    if found is None:
        raise RechargeNotFound
    return await _as_it_stands(db, found)


async def list_recharges(db: AsyncSession, user_id: UUID, wanted: RechargeQuery) -> RechargePage:
    """A page of the customer's recharges, each with what its plan does now."""
    await _advance(db, await crud.list_numbers(db, user_id))
    order = Order(
        column_of(Recharge.created_at), column_of(Recharge.id), descending=wanted.sort == "-created_at"
    )
    rows, cursor, total = await fetch_page(db, crud.select_recharges(user_id, wanted), order, wanted)
    plans = await crud.list_plans_of(db, rows)
    return RechargePage(
        items=[_shown(row, plans.get(row.id)) for row in rows], next_cursor=cursor, total=total
    )


async def list_plans(db: AsyncSession, user_id: UUID, wanted: PlanQuery) -> BoughtPlanPage:
    """The plans that the customer bought, and those on the customer's own number, whoever paid."""
    own_number = (await users.get(db, user_id)).phone_number
    numbers = await crud.list_numbers(db, user_id)
    await _advance(db, [own_number, *numbers])
    order = Order(column_of(ActivePlan.created_at), column_of(ActivePlan.recharge_id))
    rows, cursor, total = await fetch_page(
        db, crud.select_plans(user_id, own_number, numbers, wanted), order, wanted
    )
    return BoughtPlanPage(items=[_bought(row, clock.now()) for row in rows], next_cursor=cursor, total=total)


async def advance_due_lines(db: AsyncSession, *, limit: int) -> int:
    """Expire what has ended and start what was queued, for up to about `limit` numbers; how many plans changed."""
    return await _advance_lines(db, await crud.list_due_lines(db, limit))


async def _advance(db: AsyncSession, numbers: list[str]) -> int:
    return await _advance_lines(db, await crud.list_ended(db, numbers)) if numbers else 0


async def _advance_lines(db: AsyncSession, numbers: list[str]) -> int:
    context = events.context_json()
    return sum([await crud.advance_line(db, number, context) for number in sorted(numbers)])


async def _mine(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Recharge:
    found = await crud.get_recharge(db, user_id, recharge_id)
    if found is None:
        raise RechargeNotFound
    return found


async def _as_it_stands(db: AsyncSession, recharge: Recharge) -> RechargeOut:
    await _advance(db, [recharge.phone_number])
    plans = await crud.list_plans_of(db, [recharge])
    return _shown(recharge, plans.get(recharge.id))


def status_of(recharge: Recharge, plan: ActivePlan | None) -> RechargeStatus:
    """What the customer sees: the plan's state once it is delivered, the payment's state before."""
    if recharge.status == PaymentState.DELIVERED and plan is not None:
        return RechargeStatus(plan.status)
    return RechargeStatus(recharge.status)


def _shown(recharge: Recharge, plan: ActivePlan | None) -> RechargeOut:
    return RechargeOut(**fields_of(recharge, plan), status=status_of(recharge, plan))


def fields_of(recharge: Recharge, plan: ActivePlan | None) -> dict[str, Any]:
    """A recharge with its plan: the fields of RechargeOut but the status."""
    return {
        "id": recharge.id,
        "phone_number": recharge.phone_number,
        "plan_id": recharge.plan_id,
        "plan_version": recharge.plan_version,
        "plan_name": recharge.plan_name,
        "operator": recharge.operator,
        "plan_type": recharge.plan_type,
        "category": recharge.category,
        "price": Money(recharge.price),
        "discount": Money(recharge.discount),
        "wallet_amount": Money(recharge.wallet_amount),
        "gateway_amount": Money(recharge.gateway_amount),
        "total_paid": Money(recharge.wallet_amount + recharge.gateway_amount),
        "payment_method": PaymentMethod(recharge.payment_method),
        "source": recharge.source,
        "valid_from": plan.valid_from if plan else None,
        "valid_until": plan.valid_until if plan else None,
        "failure_reason": recharge.failure_reason,
        "created_at": recharge.created_at,
        "completed_at": recharge.completed_at,
    }


def _bought(plan: ActivePlan, now: datetime) -> BoughtPlanOut:
    return BoughtPlanOut(**plan_fields_of(plan, now))


def plan_fields_of(plan: ActivePlan, now: datetime) -> dict[str, Any]:
    """A bought plan: the fields of BoughtPlanOut."""
    runs = plan.status == PlanState.ACTIVE and plan.valid_until is not None
    return {
        "subscription_id": plan.recharge_id,
        "phone_number": plan.phone_number,
        "plan_id": plan.plan_id,
        "plan_name": plan.plan_name,
        "operator": plan.operator,
        "plan_type": plan.plan_type,
        "category": plan.category,
        "is_addon": plan.is_addon,
        "status": RechargeStatus.PROCESSING
        if plan.status == PlanState.PENDING
        else RechargeStatus(plan.status),
        "valid_from": plan.valid_from,
        "valid_until": plan.valid_until,
        "days_left": max(0, (plan.valid_until - now).days) if runs and plan.valid_until else None,
        "bought_at": plan.created_at,
    }
