"""How a recharge is sold: a payment from the wallet, a payment through the gateway.

Both use the terms of a quote (`quote_service`). The rules and the money of a sale are one SQL function, so a recharge from the wallet is one
round trip and one transaction. A recharge through the gateway reads the terms first and opens the gateway's order next:
if the gateway is down, nothing of the wallet is held. Then the sale is written, with the rules checked once more, and the
payment's event sends it on (`recharge.listeners`). If that sale is refused, the order is abandoned before anybody has seen it.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from gencharge.core import faultpoints
from gencharge.core.errors import IdempotencyKeyReused, Problem, ReferenceAlreadyUsed, field_problem
from gencharge.core.events import events
from gencharge.core.http import references
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.postgres.database import Database
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.core.vault.vault import Vault
from gencharge.core.wording import worded
from gencharge.offers.service import Selection
from gencharge.operators import service as operators
from gencharge.payments import service as payments
from gencharge.payments.models import PaymentPurpose
from gencharge.payments.service import OpenPayment, PaymentContext
from gencharge.recharge import choice_service, crud, quote_service, sale_crud
from gencharge.recharge.choice_service import Market
from gencharge.recharge.errors import WalletAmountInvalid, reference_used
from gencharge.recharge.models import Recharge, RechargeStatus, SaleOutcome
from gencharge.recharge.sale_crud import (
    NOTHING_NOTED,
    Noted,
    SaleRequest,
    SaleResult,
    SaleRow,
    TermsRow,
)
from gencharge.recharge.schemas import (
    ActivationMode,
    PaymentDue,
    ReplacedPlan,
    Subscribe,
    SubscriptionOut,
)
from gencharge.velocity import service as velocity
from gencharge.velocity.service import Limits
from gencharge.wallet.errors import InsufficientBalance
from gencharge.wallet.models import PaymentMethod

# No gateway takes less than a rupee.
GATEWAY_MINIMUM: Final = Money.rupees(1)
# The fields of a sale that earlier releases did not have, with their defaults.
_LATER_FIELDS: Final = {
    "expected_price": None,
    "offer_id": None,
    "offer_code": None,
    "automatic_offer": True,
    "operator": None,
    "circle": None,
    "amount": None,
    **references.LATER_FIELDS,
}
_SOLD: Final = frozenset({SaleOutcome.DONE, SaleOutcome.REPLAYED})


async def pay_from_wallet(
    database: Database,
    user_id: UUID,
    command: Subscribe,
    *,
    key: str,
    window_seconds: int,
    limits: Limits,
    market: Market | None = None,
) -> Answered[SubscriptionOut]:
    """Recharge a number from the wallet: at most once for a key, and all of it or nothing.

    `window_seconds`: how long the same plan for the same number counts as a duplicate. `limits`: of the velocity rules. `market`: where
    offers are chosen from; None: no offers. Raises a refusal of `recharge.errors`, ReferenceAlreadyUsed, VelocityLimitExceeded, InsufficientBalance, WalletNotFound,
    IdempotencyKeyReused, DatabaseUnavailable.
    """
    await _check_reference(database, user_id, command, key)
    selection = await choice_service.for_wallet(database, user_id, market, command)
    recharge_id = new_id()
    noted = await _noted(database, user_id, recharge_id, command)
    await faultpoints.point("recharge.asked")
    result = await sale_crud.add_from_wallet(
        database,
        _sale_request(user_id, recharge_id, command, key, _request_hash(command), window_seconds),
        transfer_id=new_id(),
        event_id=new_id(),
        context=events.context_json(),
        expected_price=None if command.expected_price is None else command.expected_price.paise,
        limits=limits,
        offers=selection.to_json() if selection is not None else None,
        noted=noted,
        stated=sale_crud.stated_json(command.connection(), command.amount),
    )
    await faultpoints.point("recharge.committed")
    if result.sale is None or result.outcome not in _SOLD:
        raise await _refusal(database, user_id, command, result, selection)
    return Answered(_answer(result.sale, command), replayed=result.outcome is SaleOutcome.REPLAYED)


async def pay_through_gateway(
    context: PaymentContext,
    user_id: UUID,
    command: Subscribe,
    *,
    key: str,
    window_seconds: int,
    limits: Limits,
    market: Market | None = None,
) -> Answered[SubscriptionOut]:
    """Sell a recharge and open its gateway payment: at most once for a key. Not inside a transaction.

    Raises a refusal of `recharge.errors`, ReferenceAlreadyUsed, VelocityLimitExceeded, WalletAmountInvalid, InsufficientBalance, WalletNotFound,
    IdempotencyKeyReused, GatewayUnavailable, GatewayDeclined, DatabaseUnavailable.
    """
    request_hash = _request_hash(command)
    earlier = await context.database.run(lambda db: crud.find_by_key(db, user_id, key))
    if earlier is not None and earlier.request_hash != request_hash:
        raise IdempotencyKeyReused
    wallet_part = command.wallet_amount or Money(0)
    gateway_part, terms, selection = (
        (Money(earlier.gateway_amount), earlier, None)
        if earlier
        else await _gateway_part(context.database, user_id, command, market, limits)
    )
    payment = await payments.open_payment(
        context,
        user_id,
        payment_id=new_id(),
        purpose=PaymentPurpose.RECHARGE,
        reference_id=new_id(),
        amount=gateway_part,
        method=command.payment_method.value,
        source=command.source.value,
        key=key,
        request_hash=request_hash,
        notes={"description": terms.plan_name, "phone_number": command.phone_number},
        phone_number=command.phone_number,
        service_type=terms.plan_type,
        operator=terms.operator,
        caller_reference=command.reference,
        caller_metadata=command.metadata,
    )
    opened = payment.answer
    assert opened.reference_id is not None, "the payment of a recharge names the recharge"
    noted = await _noted(context.database, user_id, opened.reference_id, command)
    await faultpoints.point("recharge.asked")
    result = await sale_crud.add_with_payment(
        context.database,
        _sale_request(user_id, opened.reference_id, command, key, request_hash, window_seconds),
        payment_method=command.payment_method.value,
        wallet_amount=wallet_part.paise,
        gateway_amount=opened.amount.paise,
        payment_id=opened.payment_id,
        context=events.context_json(),
        limits=limits,
        offers=selection.to_json() if selection is not None else None,
        noted=noted,
        stated=sale_crud.stated_json(command.connection(), command.amount),
    )
    await faultpoints.point("recharge.committed")
    outcome = result.outcome
    if result.sale is None or outcome not in _SOLD:
        await context.database.run(
            lambda db: payments.cancel(
                db, user_id, opened.payment_id, f"recharge refused: {outcome or ReferenceAlreadyUsed.code()}"
            )
        )
        raise await _refusal(context.database, user_id, command, result, selection)
    return Answered(_answer(result.sale, command, due_of(opened)), replayed=outcome is SaleOutcome.REPLAYED)


async def _check_reference(
    database: Database, user_id: UUID, command: Subscribe, key: str | None = None
) -> None:
    """Raises ReferenceAlreadyUsed, unless it is this key's own recharge: that is answered, or refused, by its key.

    Before the rules, so that a caller who lost an answer learns which recharge it was. The sale itself can't be beaten: the
    reference is unique.
    """
    reference = command.reference
    if reference is None:
        return
    earlier = await database.run(lambda db: crud.find_by_reference(db, user_id, reference))
    if earlier is not None and earlier.idempotency_key != key:
        raise reference_used(earlier.id)


async def _noted(database: Database, user_id: UUID, recharge_id: UUID, command: Subscribe) -> Noted:
    if command.metadata is None:
        return NOTHING_NOTED if command.reference is None else Noted(command.reference)
    vault = Vault.of_database(database)
    sealed = await references.seal(vault, Recharge.caller_metadata, (user_id, recharge_id), command.metadata)
    return Noted(command.reference, sealed.stored if sealed is not None else None)


async def _refusal(
    database: Database, user_id: UUID, command: Subscribe, result: SaleResult, selection: Selection | None
) -> Problem:
    reference = command.reference
    if result.outcome is not None or reference is None:
        assert result.outcome is not None, "only a reference is refused without an outcome"
        return quote_service.refusal(result.outcome, result.known, command, selection)
    # Another request took it since it was looked up.
    winner = await database.run(lambda db: crud.find_by_reference(db, user_id, reference))
    return reference_used(winner.id if winner is not None else None)


def _sale_request(
    user_id: UUID, recharge_id: UUID, command: Subscribe, key: str, request_hash: bytes, window_seconds: int
) -> SaleRequest:
    return SaleRequest(
        user_id=user_id,
        recharge_id=recharge_id,
        key=key,
        request_hash=request_hash,
        phone_number=command.phone_number,
        plan_id=command.plan_id,
        hint=operators.hint(command.phone_number),
        source=command.source.value,
        replace=command.activation_mode is ActivationMode.ACTIVATE,
        confirmed=command.confirm_duplicate,
        window_seconds=window_seconds,
    )


async def _gateway_part(
    database: Database, user_id: UUID, command: Subscribe, market: Market | None, limits: Limits
) -> tuple[Money, TermsRow, Selection | None]:
    """The part of the price that the gateway has to collect, the terms, and the offer. Raises what `pay_through_gateway` raises.

    What a velocity rule refuses is refused here, before the gateway hears of it; the sale counts once more, under the lock.
    """
    await _check_reference(database, user_id, command)
    wallet_part = command.wallet_amount or Money(0)
    terms = await quote_service.terms(database, user_id, command)
    selection = await choice_service.for_gateway(
        database, user_id, market, command, at_least=wallet_part + GATEWAY_MINIMUM
    )
    if selection is not None and selection.problem is not None:
        raise selection.problem
    price = Money(terms.price)
    if selection is not None and selection.price == price:
        price -= selection.discount
    if command.expected_price not in {None, price}:
        raise quote_service.price_changed(price, command)
    if wallet_part > Money(terms.available or 0):
        raise InsufficientBalance
    if wallet_part.paise + GATEWAY_MINIMUM.paise > price.paise:
        limit = Money(max(0, price.paise - GATEWAY_MINIMUM.paise))
        problem = field_problem(
            "body.wallet_amount",
            worded("Must be at most {limit}; the plan costs {price}", limit=limit, price=price),
            "wallet_amount_invalid",
        )
        raise WalletAmountInvalid(errors=[problem])
    held_back = await sale_crud.hold_back(
        database,
        events.context_json(),
        limits,
        user_id=user_id,
        phone_number=command.phone_number,
        price=terms.price,
    )
    if held_back is not None:
        raise velocity.refusal(held_back)
    return price - wallet_part, terms, selection


def _request_hash(command: Subscribe) -> bytes:
    """Without the fields of later releases, the hash of a release that had none: a repeat is a repeat after an update, too."""
    fields = dict(command.__dict__)
    for name, default in _LATER_FIELDS.items():
        if fields[name] == default:
            del fields[name]
    return fingerprint(fields)


def _answer(sale: SaleRow, command: Subscribe, payment: PaymentDue | None = None) -> SubscriptionOut:
    """The answer to the request, at first and at each replay, which is of the same command."""
    wallet_amount, gateway_amount = Money(sale.wallet_amount), Money(sale.gateway_amount)
    return SubscriptionOut(
        recharge_id=sale.id,
        subscription_id=sale.id,
        plan_id=sale.plan_id,
        status=RechargeStatus(sale.sold_status),
        total_paid=Money(0) if payment is not None else wallet_amount + gateway_amount,
        phone_number=sale.phone_number,
        plan_name=sale.plan_name,
        operator=sale.operator,
        plan_type=sale.plan_type,
        category=sale.category,
        price=Money(sale.price),
        talktime=Money(sale.talktime) if sale.talktime is not None else None,
        discount=Money(sale.discount),
        cashback=Money(sale.cashback),
        offer_id=sale.offer_id,
        wallet_amount=wallet_amount,
        gateway_amount=gateway_amount,
        payment_method=PaymentMethod(sale.payment_method),
        source=sale.source,
        valid_from=sale.sold_valid_from,
        valid_until=sale.sold_valid_until,
        replaced_plan=_replaced(sale),
        wallet_balance=Money(sale.balance_after),
        reference=command.reference,
        metadata=command.metadata,
        created_at=sale.created_at,
        payment=payment,
    )


def _replaced(sale: SaleRow) -> ReplacedPlan | None:
    if sale.replaced_plan_name is None or sale.replaced_valid_until is None:
        return None
    return ReplacedPlan(plan_name=sale.replaced_plan_name, valid_until=sale.replaced_valid_until)


def due_of(opened: OpenPayment) -> PaymentDue:
    """What the customer pays at the gateway."""
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
