"""How a recharge is sold: a quote, a payment from the wallet, a payment through the gateway.

All three ask the same terms. The rules and the money of a sale are one SQL function, so a recharge from the wallet is one
round trip and one transaction. A recharge that the gateway pays asks the terms first and makes the gateway's order next:
a gateway that is down holds nothing of the wallet. Then the sale is written, with the rules checked once more; the
payment's event sends it on (`recharge.listeners`). If that sale is refused, the order is given up; nobody has seen it.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from gencharge.core import faultpoints
from gencharge.core.errors import IdempotencyKeyReused, Problem, field_problem
from gencharge.core.events import events
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.operators import service as operators
from gencharge.payments import service as payments
from gencharge.payments.models import Purpose
from gencharge.payments.service import Desk, OpenPayment
from gencharge.recharge import crud, lifecycle_crud, sale_crud, service
from gencharge.recharge.errors import REFUSALS, WalletPartWrong
from gencharge.recharge.models import PaymentMethod, RechargeStatus
from gencharge.recharge.schemas import (
    ActivationMode,
    PaymentDue,
    Quote,
    QuoteOut,
    Repeat,
    ReplacedPlan,
    RunningPlan,
    Subscribe,
    SubscriptionOut,
)
from gencharge.wallet.errors import InsufficientBalance, WalletNotFound

# No gateway takes less than a rupee.
GATEWAY_MINIMUM: Final = Money.rupees(1)
_HOW_TO_CORRECT: Final = "If that is not right, correct it with PUT /v1/operators/connections/{phone_number}."


async def quote(database: Database, user_id: UUID, query: Quote) -> QuoteOut:
    """What the recharge would cost and when it would start. Raises a refusal of `recharge.errors`, WalletNotFound."""
    row = await _terms(database, user_id, query)
    plan, running = row["plan"], row["running"]
    price, balance = Money(plan["price_paise"]), Money(row["available"])
    return QuoteOut(
        phone_number=query.phone_number,
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


async def _terms(database: Database, user_id: UUID, command: Quote | Subscribe) -> Any:
    """The terms of a sale as they stand now. Raises a refusal of `recharge.errors`, WalletNotFound."""
    row = await _fetch_terms(database, user_id, command)
    if _has_ended(row["running"]):
        number = command.phone_number
        await database.run(lambda db: lifecycle_crud.advance_line(db, number, events.context_json()))
        row = await _fetch_terms(database, user_id, command)
    if row["outcome"] is not None:
        raise _refusal(row["outcome"], row["known"], command.phone_number)
    if row["available"] is None:
        raise WalletNotFound
    return row


async def _fetch_terms(database: Database, user_id: UUID, command: Quote | Subscribe) -> Any:
    row = await database.fetch_row(
        sale_crud.QUOTE,
        user_id,
        command.phone_number,
        command.plan_id,
        operators.hint(command.phone_number),
        command.activation_mode is ActivationMode.ACTIVATE,
        clock.pinned(),
    )
    assert row is not None, "recharge_terms returns one row"
    return row


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


async def pay_from_wallet(
    database: Database, user_id: UUID, command: Subscribe, *, key: str, window_seconds: int
) -> Answered[SubscriptionOut]:
    """Recharge a number from the wallet: at most once for a key, and all of it or nothing.

    `window_seconds`: how long the same plan for the same number counts as a duplicate. Raises a refusal of
    `recharge.errors`, InsufficientBalance, WalletNotFound, IdempotencyKeyReused, DatabaseUnavailable.
    """
    await faultpoints.point("recharge.asked")
    row = await database.fetch_row(
        sale_crud.RECHARGE_FROM_WALLET,
        user_id,
        new_id(),
        key,
        fingerprint(command),
        command.phone_number,
        command.plan_id,
        operators.hint(command.phone_number),
        command.source.value,
        command.activation_mode is ActivationMode.ACTIVATE,
        command.confirm_duplicate,
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
        raise _refusal(outcome, row["known"], command.phone_number)
    return Answered(_answer(row), replayed=outcome == "replayed")


async def pay_through_gateway(
    desk: Desk, user_id: UUID, command: Subscribe, *, key: str, window_seconds: int
) -> Answered[SubscriptionOut]:
    """Sell a recharge and open its gateway payment: at most once for a key. Not inside a transaction.

    Raises a refusal of `recharge.errors`, WalletPartWrong, InsufficientBalance, WalletNotFound, IdempotencyKeyReused,
    GatewayUnavailable, GatewayRefused, DatabaseUnavailable.
    """
    request_hash = fingerprint(command)
    earlier = await desk.database.run(lambda db: crud.find_by_key(db, user_id, key))
    if earlier is not None and earlier.request_hash != request_hash:
        raise IdempotencyKeyReused
    wallet_part = command.wallet_amount or Money(0)
    gateway_part = (
        Money(earlier.gateway_amount)
        if earlier
        else await _gateway_part(desk.database, user_id, command, wallet_part)
    )
    payment = await payments.open_payment(
        desk,
        user_id,
        payment_id=new_id(),
        purpose=Purpose.RECHARGE,
        reference_id=new_id(),
        amount=gateway_part,
        method=command.payment_method.value,
        source=command.source.value,
        key=key,
        request_hash=request_hash,
    )
    opened = payment.answer
    await faultpoints.point("recharge.asked")
    row = await desk.database.fetch_row(
        sale_crud.RECHARGE_WITH_PAYMENT,
        user_id,
        opened.reference_id,
        key,
        request_hash,
        command.phone_number,
        command.plan_id,
        operators.hint(command.phone_number),
        command.source.value,
        command.activation_mode is ActivationMode.ACTIVATE,
        command.confirm_duplicate,
        window_seconds,
        command.payment_method.value,
        wallet_part.paise,
        opened.amount.paise,
        opened.payment_id,
        events.context_json(),
        clock.pinned(),
    )
    await faultpoints.point("recharge.committed")
    assert row is not None, "recharge_with_payment returns one row"
    outcome = row["outcome"]
    if outcome not in {"done", "replayed"}:
        await desk.database.run(
            lambda db: payments.give_up(db, user_id, opened.payment_id, f"recharge refused: {outcome}")
        )
        raise _refusal(outcome, row["known"], command.phone_number)
    return Answered(_answer(row, _due(opened)), replayed=outcome == "replayed")


async def _gateway_part(database: Database, user_id: UUID, command: Subscribe, wallet_part: Money) -> Money:
    """The part of the price that the gateway is to collect. Raises what `pay_through_gateway` raises."""
    terms = await _terms(database, user_id, command)
    price = Money(terms["plan"]["price_paise"])
    if wallet_part > Money(terms["available"]):
        raise InsufficientBalance
    if wallet_part.paise + GATEWAY_MINIMUM.paise > price.paise:
        limit = Money(max(0, price.paise - GATEWAY_MINIMUM.paise))
        problem = field_problem("body.wallet_amount", f"at most {limit} of {price}", "wallet_part_wrong")
        raise WalletPartWrong(errors=[problem])
    return price - wallet_part


def _refusal(outcome: str, known: str | None, phone_number: str) -> Problem:
    if outcome == InsufficientBalance.code():
        return InsufficientBalance()
    if outcome == IdempotencyKeyReused.code():
        return IdempotencyKeyReused()
    kind = REFUSALS[outcome]
    if not outcome.endswith("_mismatch"):
        return kind()
    what = f"{kind.title()} What is known of {phone_number}: {known or 'nothing'}. {_HOW_TO_CORRECT}"
    return kind(what, known=known)


def _answer(sale: Any, payment: PaymentDue | None = None) -> SubscriptionOut:
    """What the request is answered, the first time and at each replay."""
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


def _due(opened: OpenPayment) -> PaymentDue:
    return PaymentDue(
        payment_id=opened.payment_id,
        gateway=opened.gateway,
        order_id=opened.order_id,
        key_id=opened.key_id,
        amount=opened.amount,
        currency=opened.currency,
        checkout_url=opened.checkout_url,
        status=opened.status.value,
    )


async def repeat(database: Database, user_id: UUID, recharge_id: UUID, command: Repeat) -> Subscribe:
    """The command to buy the same plan for the same number once more. Raises RechargeNotFound."""
    earlier = await database.run(lambda db: service.get(db, user_id, recharge_id))
    return Subscribe(phone_number=earlier.phone_number, plan_id=earlier.plan_id, **command.model_dump())
