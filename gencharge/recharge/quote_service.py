"""What a recharge would cost, with the offers for it, and why it can't be sold: the terms that every sale uses, too."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from gencharge.core.errors import IdempotencyKeyReused, Problem, field_problem
from gencharge.core.events import events
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.offers.errors import OfferChanged
from gencharge.offers.service import Judged, Refusal, Saving, Selection
from gencharge.operators import service as operators
from gencharge.plans.models import AmountRange
from gencharge.recharge import choice_service, lifecycle_crud, quote_tally, sale_crud
from gencharge.recharge.choice_service import Market
from gencharge.recharge.errors import REFUSALS, AmountInvalid, PriceChanged
from gencharge.recharge.models import RechargeStatus, SaleOutcome
from gencharge.recharge.sale_crud import TermsRow
from gencharge.recharge.schemas import (
    ActivationMode,
    Quote,
    QuotedOffer,
    QuotedReason,
    QuoteOut,
    RunningPlan,
    Subscribe,
)
from gencharge.velocity import service as velocity
from gencharge.wallet.errors import InsufficientBalance, WalletNotFound

_HOW_TO_CORRECT: Final = worded(
    "If it is wrong, state the right one in the request, or correct it with PUT /v1/operators/connections/{phone_number}."
)
# The field that states what such a mismatch is about.
_STATED: Final = {SaleOutcome.OPERATOR_MISMATCH: "operator", SaleOutcome.CIRCLE_MISMATCH: "circle"}


async def quote(database: Database, user_id: UUID, query: Quote, market: Market | None = None) -> QuoteOut:
    """What the recharge would cost and when it would start. Raises a refusal of `recharge.errors`, WalletNotFound,
    and for an offer that was chosen OfferNotFound, OfferCodeNotFound.

    Whether a plan is active on a number is for its owner and for who bought that plan. To anybody else the quote says the same
    for every number, and the sale itself finds out when the plan starts.
    """
    row = await terms(database, user_id, query, quoting=True)
    price, balance = Money(row.price), Money(row.available or 0)
    selection, judged = await choice_service.for_quote(database, user_id, market, query)
    if selection is not None and (selection.problem is not None or selection.price != price):
        raise selection.problem or OfferChanged
    best = selection.candidates[0] if selection is not None and selection.candidates else None
    saving = best.saving if best is not None else Saving(Money(0), Money(0))
    payable = price - saving.discount
    quote_tally.OPERATORS.count(row.operator)
    if best is not None:
        quote_tally.OFFERS.count(best.offer.offer_id)
    return QuoteOut(
        phone_number=query.phone_number,
        plan_id=row.plan_id,
        plan_name=row.plan_name,
        operator=row.operator,
        plan_type=row.plan_type,
        price=price,
        talktime=Money(row.talktime) if row.talktime is not None else None,
        discount=saving.discount,
        cashback=saving.cashback,
        offer_id=best.offer.offer_id if best is not None else None,
        payable=payable,
        wallet_balance=balance,
        wallet_covers=balance >= payable,
        shortfall=payable - balance if payable > balance else Money(0),
        status=RechargeStatus(row.status) if row.may_see_plan else None,
        valid_from=row.valid_from if row.may_see_plan else None,
        valid_until=row.valid_until if row.may_see_plan else None,
        running_plan=_running(row) if row.may_see_plan else None,
        offers=[_offer_out(each) for each in judged],
    )


def _offer_out(judged: Judged) -> QuotedOffer:
    offer, outcome = judged.offer, judged.outcome
    saving = outcome if isinstance(outcome, Saving) else None
    return QuotedOffer(
        offer_id=offer.offer_id,
        name=offer.name,
        offer_code=offer.code,
        applies=saving is not None,
        discount=saving.discount if saving is not None else Money(0),
        cashback=saving.cashback if saving is not None else Money(0),
        reasons=[QuotedReason(code=reason.code, message=reason.message) for reason in outcome.reasons]
        if isinstance(outcome, Refusal)
        else [],
    )


async def terms(
    database: Database, user_id: UUID, command: Quote | Subscribe, *, quoting: bool = False
) -> TermsRow:
    """The current terms of a sale. Raises a refusal of `recharge.errors`, WalletNotFound.

    `quoting`: a refusal that would tell a stranger that no plan is active on the number is left to the sale.
    """
    row = await _get_terms(database, user_id, command)
    if row.running_until is not None and row.running_until <= clock.now():
        number = command.phone_number
        await database.run(lambda db: lifecycle_crud.advance_line(db, number, events.context_json()))
        row = await _get_terms(database, user_id, command)
    is_hidden = quoting and row.outcome is SaleOutcome.BASE_PLAN_REQUIRED and not row.may_see_plan
    if row.outcome is not None and not is_hidden:
        raise refusal(row.outcome, row.known, command)
    if row.available is None:
        raise WalletNotFound
    return row


async def _get_terms(database: Database, user_id: UUID, command: Quote | Subscribe) -> TermsRow:
    return await sale_crud.get_terms(
        database,
        user_id=user_id,
        phone_number=command.phone_number,
        plan_id=command.plan_id,
        hint=operators.hint(command.phone_number),
        replace=command.activation_mode is ActivationMode.ACTIVATE,
        stated=sale_crud.stated_json(command.connection(), command.amount),
    )


def _running(terms: TermsRow) -> RunningPlan | None:
    if terms.running_id is None or terms.running_name is None or terms.running_until is None:
        return None
    return RunningPlan(
        recharge_id=terms.running_id, plan_name=terms.running_name, valid_until=terms.running_until
    )


def refusal(
    outcome: SaleOutcome, known: str | None, command: Quote | Subscribe, selection: Selection | None = None
) -> Problem:
    """The error of an outcome other than a sale. `known`: as of `SaleResult`; `selection`: the offers that were tried."""
    if outcome is SaleOutcome.INSUFFICIENT_BALANCE:
        return InsufficientBalance()
    if outcome is SaleOutcome.IDEMPOTENCY_KEY_REUSED:
        return IdempotencyKeyReused()
    if outcome is SaleOutcome.PRICE_CHANGED:
        assert known is not None, "begin_recharge names the present price"
        return price_changed(Money(int(known)), command)
    if outcome is SaleOutcome.AMOUNT_INVALID:
        return _amount_invalid(known)
    if outcome is SaleOutcome.VELOCITY_LIMIT_EXCEEDED:
        assert known is not None, "begin_recharge says which rule"
        return velocity.refusal(known)
    if outcome is SaleOutcome.OFFER_NOT_APPLICABLE:
        assert selection is not None, "only a chosen offer is refused"
        return selection.refusal(known)
    kind = REFUSALS[outcome]
    if not outcome.endswith("_mismatch"):
        return kind()
    field = _STATED.get(outcome)
    if field in command.connection():
        detail = worded("{title} The request states {known}.", title=worded(kind.title()), known=known)
        return kind(detail, known=known, errors=[field_problem(f"body.{field}", detail, kind.code())])
    detail = worded(
        "{title} We have this on record for {phone_number}: {known}. {hint}",
        title=worded(kind.title()),
        phone_number=command.phone_number,
        known=known or worded("nothing"),
        hint=_HOW_TO_CORRECT,
    )
    return kind(detail, known=known)


def _amount_invalid(known: str | None) -> AmountInvalid:
    """`known`: the lowest amount, the highest and the step in paise; None: the plan has one price."""
    if known is None:
        return amount_invalid(None)
    minimum, maximum, step = (Money(int(paise)) for paise in known.split())
    return amount_invalid(AmountRange(minimum, maximum, step, (), None))


def amount_invalid(amounts: AmountRange | None) -> AmountInvalid:
    """The refusal of an amount, with what would be right. None: the plan has one price."""
    if amounts is None:
        right, extra = worded("Must be left out: this plan has a price of its own"), dict[str, Any]()
    else:
        extra = {"minimum": amounts.minimum, "maximum": amounts.maximum, "step": amounts.step}
        right = worded("Must be from {minimum} to {maximum} in steps of {step}", **extra)
    return AmountInvalid(errors=[field_problem("body.amount", right, AmountInvalid.code())], **extra)


def price_changed(price: Money, command: Quote | Subscribe) -> PriceChanged:
    """The plan costs `price` now, with the offer if there is one."""
    if not isinstance(command, Subscribe) or command.expected_price is None:
        return PriceChanged(price=price)
    problem = field_problem(
        "body.expected_price", worded("The plan costs {price} now", price=price), "price_changed"
    )
    return PriceChanged(price=price, errors=[problem])
