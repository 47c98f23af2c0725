"""A recharge that a gateway pays, wholly or beside the wallet.

The rules are asked first and the gateway's order is made next, so that a gateway which is away holds nothing of the
wallet; then the recharge is placed, in one SQL function with the rules once more. The payment's event sends it on
(`recharge.paid`). An order whose recharge was refused in the end is one that nobody was told of.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from gencharge.core import faultpoints
from gencharge.core.errors import IdempotencyKeyReused, field_problem
from gencharge.core.events import events
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.operators import service as operators
from gencharge.payments import service as payments
from gencharge.payments.models import Purpose
from gencharge.payments.service import Desk, OpenPayment
from gencharge.recharge import crud
from gencharge.recharge.errors import WalletPartWrong
from gencharge.recharge.schemas import ActivationMode, PaymentDue, Subscribe, SubscriptionOut
from gencharge.recharge.service import answer, refusal
from gencharge.wallet.errors import InsufficientBalance, WalletNotFound

# No gateway takes less than a rupee.
LEAST: Final = Money.rupees(1)


async def subscribe(
    desk: Desk, user_id: UUID, wanted: Subscribe, *, key: str, window_seconds: int
) -> Answered[SubscriptionOut]:
    """Place a recharge and open its payment: at most once for a key. Not inside a transaction.

    Raises a refusal of `recharge.errors`, WalletPartWrong, InsufficientBalance, WalletNotFound, IdempotencyKeyReused,
    GatewayUnavailable, GatewayRefused, DatabaseUnavailable.
    """
    request_hash = fingerprint(wanted)
    earlier = await desk.database.run(lambda db: crud.find_by_key(db, user_id, key))
    if earlier is not None and earlier.request_hash != request_hash:
        raise IdempotencyKeyReused
    wallet_part = wanted.wallet_amount or Money(0)
    gateway_part = (
        Money(earlier.gateway_amount) if earlier else await _gateway_part(desk, user_id, wanted, wallet_part)
    )
    result = await payments.open_payment(
        desk,
        user_id,
        payment_id=new_id(),
        purpose=Purpose.RECHARGE,
        reference_id=new_id(),
        amount=gateway_part,
        method=wanted.payment_method.value,
        source=wanted.source.value,
        key=key,
        request_hash=request_hash,
    )
    opened = result.answer
    await faultpoints.point("recharge.asked")
    row = await desk.database.fetch_row(
        crud.RECHARGE_WITH_PAYMENT,
        user_id,
        opened.reference_id,
        key,
        request_hash,
        wanted.phone_number,
        wanted.plan_id,
        operators.hint(wanted.phone_number),
        wanted.source.value,
        wanted.activation_mode is ActivationMode.ACTIVATE,
        wanted.confirm_duplicate,
        window_seconds,
        wanted.payment_method.value,
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
        raise refusal(outcome, row["known"], wanted.phone_number)
    return Answered(answer(row, _due(opened)), replayed=outcome == "replayed")


async def _gateway_part(desk: Desk, user_id: UUID, wanted: Subscribe, wallet_part: Money) -> Money:
    """What the gateway is to pay, as things stand now. Raises what stands against the recharge."""
    hint = operators.hint(wanted.phone_number)
    replace = wanted.activation_mode is ActivationMode.ACTIVATE
    arguments = (user_id, wanted.phone_number, wanted.plan_id, hint, replace, clock.pinned())
    row = await desk.database.fetch_row(crud.QUOTE, *arguments)
    assert row is not None, "recharge_terms returns one row"
    if row["outcome"] is not None:
        raise refusal(row["outcome"], row["known"], wanted.phone_number)
    if row["available"] is None:
        raise WalletNotFound
    price = Money(row["plan"]["price_paise"])
    if wallet_part > Money(row["available"]):
        raise InsufficientBalance
    if wallet_part.paise + LEAST.paise > price.paise:
        most = Money(max(0, price.paise - LEAST.paise))
        problem = field_problem("body.wallet_amount", f"at most {most} of {price}", "wallet_part_wrong")
        raise WalletPartWrong(errors=[problem])
    return price - wallet_part


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
