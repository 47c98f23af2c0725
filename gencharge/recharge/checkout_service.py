"""How a recharge is sold: a quote, a payment from the wallet, a payment through the gateway.

All three use the same terms. The rules and the money of a sale are one SQL function, so a recharge from the wallet is one
round trip and one transaction. A recharge through the gateway reads the terms first and opens the gateway's order next:
if the gateway is down, nothing of the wallet is held. Then the sale is written, with the rules checked once more, and the
payment's event sends it on (`recharge.listeners`). If that sale is refused, the order is abandoned before anybody has seen it.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from gencharge.core import faultpoints
from gencharge.core.errors import IdempotencyKeyReused, Problem, field_problem
from gencharge.core.events import events
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.offers.service import Selection
from gencharge.operators import service as operators
from gencharge.payments import service as payments
from gencharge.payments.models import PaymentPurpose
from gencharge.payments.service import OpenPayment, PaymentContext
from gencharge.recharge import choice_service, crud, lifecycle_crud, sale_crud
from gencharge.recharge.choice_service import Market
from gencharge.recharge.errors import REFUSALS, PriceChanged, WalletAmountInvalid
from gencharge.recharge.models import RechargeStatus, SaleOutcome
from gencharge.recharge.sale_crud import SaleRequest, SaleRow, TermsRow
from gencharge.recharge.schemas import (
    ActivationMode,
    PaymentDue,
    Quote,
    QuoteOut,
    ReplacedPlan,
    RunningPlan,
    Subscribe,
    SubscriptionOut,
)
from gencharge.velocity import service as velocity
from gencharge.velocity.service import Limits
from gencharge.wallet.errors import InsufficientBalance, WalletNotFound
from gencharge.wallet.models import PaymentMethod

# No gateway takes less than a rupee.
GATEWAY_MINIMUM: Final = Money.rupees(1)
# The fields of a sale that earlier releases did not have, with their defaults.
_LATER_FIELDS: Final = {"expected_price": None, "offer_id": None, "automatic_offer": True}
_SOLD: Final = frozenset({SaleOutcome.DONE, SaleOutcome.REPLAYED})
_HOW_TO_CORRECT: Final = "If it is wrong, correct it with PUT /v1/operators/connections/{phone_number}."


async def quote(database: Database, user_id: UUID, query: Quote) -> QuoteOut:
    """What the recharge would cost and when it would start. Raises a refusal of `recharge.errors`, WalletNotFound.

    Whether a plan is active on a number is for its owner and for who bought that plan. To anybody else the quote says the same
    for every number, and the sale itself finds out when the plan starts.
    """
    terms = await _terms(database, user_id, query, quoting=True)
    price, balance = Money(terms.price), Money(terms.available or 0)
    return QuoteOut(
        phone_number=query.phone_number,
        plan_id=terms.plan_id,
        plan_name=terms.plan_name,
        operator=terms.operator,
        plan_type=terms.plan_type,
        price=price,
        discount=Money(0),
        payable=price,
        wallet_balance=balance,
        wallet_covers=balance >= price,
        shortfall=price - balance if price > balance else Money(0),
        status=RechargeStatus(terms.status) if terms.may_see_plan else None,
        valid_from=terms.valid_from if terms.may_see_plan else None,
        valid_until=terms.valid_until if terms.may_see_plan else None,
        running_plan=_running(terms) if terms.may_see_plan else None,
    )


async def _terms(
    database: Database, user_id: UUID, command: Quote | Subscribe, *, quoting: bool = False
) -> TermsRow:
    """The current terms of a sale. Raises a refusal of `recharge.errors`, WalletNotFound.

    `quoting`: a refusal that would tell a stranger that no plan is active on the number is left to the sale.
    """
    terms = await _get_terms(database, user_id, command)
    if terms.running_until is not None and terms.running_until <= clock.now():
        number = command.phone_number
        await database.run(lambda db: lifecycle_crud.advance_line(db, number, events.context_json()))
        terms = await _get_terms(database, user_id, command)
    is_hidden = quoting and terms.outcome is SaleOutcome.BASE_PLAN_REQUIRED and not terms.may_see_plan
    if terms.outcome is not None and not is_hidden:
        raise _refusal(terms.outcome, terms.known, command)
    if terms.available is None:
        raise WalletNotFound
    return terms


async def _get_terms(database: Database, user_id: UUID, command: Quote | Subscribe) -> TermsRow:
    return await sale_crud.get_terms(
        database,
        user_id=user_id,
        phone_number=command.phone_number,
        plan_id=command.plan_id,
        hint=operators.hint(command.phone_number),
        replace=command.activation_mode is ActivationMode.ACTIVATE,
    )


def _running(terms: TermsRow) -> RunningPlan | None:
    if terms.running_id is None or terms.running_name is None or terms.running_until is None:
        return None
    return RunningPlan(
        recharge_id=terms.running_id, plan_name=terms.running_name, valid_until=terms.running_until
    )


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
    offers are chosen from; None: no offers. Raises a refusal of `recharge.errors`, VelocityLimitExceeded, InsufficientBalance, WalletNotFound, IdempotencyKeyReused, DatabaseUnavailable.
    """
    selection = choice_service.for_wallet(market, command)
    await faultpoints.point("recharge.asked")
    result = await sale_crud.add_from_wallet(
        database,
        _sale_request(user_id, new_id(), command, key, _request_hash(command), window_seconds),
        transfer_id=new_id(),
        event_id=new_id(),
        context=events.context_json(),
        expected_price=None if command.expected_price is None else command.expected_price.paise,
        limits=limits,
        offers=selection.to_json() if selection is not None else None,
    )
    await faultpoints.point("recharge.committed")
    if result.sale is None or result.outcome not in _SOLD:
        raise _refusal(result.outcome, result.known, command, selection)
    return Answered(_answer(result.sale), replayed=result.outcome is SaleOutcome.REPLAYED)


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

    Raises a refusal of `recharge.errors`, VelocityLimitExceeded, WalletAmountInvalid, InsufficientBalance, WalletNotFound,
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
        else await _gateway_part(context.database, user_id, command, wallet_part, market)
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
    )
    opened = payment.answer
    assert opened.reference_id is not None, "the payment of a recharge names the recharge"
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
    )
    await faultpoints.point("recharge.committed")
    outcome = result.outcome
    if result.sale is None or outcome not in _SOLD:
        await context.database.run(
            lambda db: payments.cancel(db, user_id, opened.payment_id, f"recharge refused: {outcome}")
        )
        raise _refusal(outcome, result.known, command, selection)
    return Answered(_answer(result.sale, _due(opened)), replayed=outcome is SaleOutcome.REPLAYED)


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
    database: Database, user_id: UUID, command: Subscribe, wallet_part: Money, market: Market | None
) -> tuple[Money, TermsRow, Selection | None]:
    """The part of the price that the gateway has to collect, the terms, and the offer. Raises what `pay_through_gateway` raises."""
    terms = await _terms(database, user_id, command)
    selection = await choice_service.for_gateway(
        database, user_id, market, command, at_least=wallet_part + GATEWAY_MINIMUM
    )
    if selection is not None and selection.problem is not None:
        raise selection.problem
    price = Money(terms.price)
    if selection is not None and selection.price == price:
        price -= selection.discount
    if command.expected_price not in {None, price}:
        raise _price_changed(price, command)
    if wallet_part > Money(terms.available or 0):
        raise InsufficientBalance
    if wallet_part.paise + GATEWAY_MINIMUM.paise > price.paise:
        limit = Money(max(0, price.paise - GATEWAY_MINIMUM.paise))
        problem = field_problem(
            "body.wallet_amount", f"Must be at most {limit}; the plan costs {price}", "wallet_amount_invalid"
        )
        raise WalletAmountInvalid(errors=[problem])
    return price - wallet_part, terms, selection


def _refusal(
    outcome: SaleOutcome, known: str | None, command: Quote | Subscribe, selection: Selection | None = None
) -> Problem:
    if outcome is SaleOutcome.INSUFFICIENT_BALANCE:
        return InsufficientBalance()
    if outcome is SaleOutcome.IDEMPOTENCY_KEY_REUSED:
        return IdempotencyKeyReused()
    if outcome is SaleOutcome.PRICE_CHANGED:
        assert known is not None, "begin_recharge names the present price"
        return _price_changed(Money(int(known)), command)
    if outcome is SaleOutcome.VELOCITY_LIMIT_EXCEEDED:
        assert known is not None, "begin_recharge says which rule"
        return velocity.refusal(known)
    if outcome is SaleOutcome.OFFER_NOT_APPLICABLE:
        assert selection is not None, "only a chosen offer is refused"
        return selection.refusal(known)
    kind = REFUSALS[outcome]
    if not outcome.endswith("_mismatch"):
        return kind()
    detail = f"{kind.title()} We have this on record for {command.phone_number}: {known or 'nothing'}. {_HOW_TO_CORRECT}"
    return kind(detail, known=known)


def _price_changed(price: Money, command: Quote | Subscribe) -> PriceChanged:
    if not isinstance(command, Subscribe) or command.expected_price is None:
        return PriceChanged(price=price)
    problem = field_problem("body.expected_price", f"The plan costs {price} now", "price_changed")
    return PriceChanged(price=price, errors=[problem])


def _request_hash(command: Subscribe) -> bytes:
    """Without the fields of later releases, the hash of a release that had none: a repeat is a repeat after an update, too."""
    fields = dict(command.__dict__)
    for name, default in _LATER_FIELDS.items():
        if fields[name] == default:
            del fields[name]
    return fingerprint(fields)


def _answer(sale: SaleRow, payment: PaymentDue | None = None) -> SubscriptionOut:
    """The answer to the request, at first and at each replay."""
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
        created_at=sale.created_at,
        payment=payment,
    )


def _replaced(sale: SaleRow) -> ReplacedPlan | None:
    if sale.replaced_plan_name is None or sale.replaced_valid_until is None:
        return None
    return ReplacedPlan(plan_name=sale.replaced_plan_name, valid_until=sale.replaced_valid_until)


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
