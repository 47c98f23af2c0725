"""The customer's history: one row for each business event, put together from the transfers that it consists of.

A recharge over an operator's API is a hold and a capture in the ledger, and one row here. The row is that of the event's
first transfer: its id, its instant and what it is about never change, whatever comes later. docs/decisions/0015 says
what a row is and why.

    code of the first transfer          the row               later transfers of the same event
    recharge                            recharge              -
    hold (of a recharge)                recharge              payment, capture, release
    payment (without a hold)            recharge              capture, release
    release (of a gateway's money)      refund                -
    refund                              refund                hold, source_refund, release, if it goes on to the source
    hold (of a refund)                  source_refund         source_refund, release
    opening, topup, cashback, ...       the same              -

Summed over a customer's rows, `wallet_change` is the wallet's balance and `held` is what the wallet holds, at any instant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from gencharge.wallet.models import Account, Code, Transfer
from gencharge.wallet.schemas import TransactionCategory, TransactionStatus

# An event of one transfer, and its category.
SINGLE: Final = {
    Code.OPENING: TransactionCategory.OPENING,
    Code.TOPUP: TransactionCategory.TOPUP,
    Code.RECHARGE: TransactionCategory.RECHARGE,
    Code.CASHBACK: TransactionCategory.CASHBACK,
    Code.REFERRAL: TransactionCategory.REFERRAL,
    Code.ADJUSTMENT: TransactionCategory.ADJUSTMENT,
    Code.PAYOUT: TransactionCategory.PAYOUT,
}
# Transfers that may begin an event of several.
GROUPED: Final = (Code.REFUND, Code.HOLD, Code.PAYMENT, Code.RELEASE)
# Transfers that only continue or end an event.
CONTINUING: Final = (Code.CAPTURE, Code.SOURCE_REFUND)
# Between our own accounts.
INTERNAL: Final = (Code.COMMISSION, Code.WRITE_OFF, Code.DISCOUNT)


@dataclass(frozen=True, slots=True)
class BusinessEvent:
    """A row of the history. Amounts in paise."""

    first: Transfer
    category: TransactionCategory
    status: TransactionStatus
    amount: int  # the whole amount, from the wallet and the gateway together
    wallet_change: int  # what it has done to the balance that can be spent
    held: int  # what of it is set aside now
    payment_method: str | None
    updated_at: datetime

    @property
    def comes_in(self) -> bool:
        """Whether it brings the customer money."""
        return self.first.credit == Account.MAIN


class Legs:
    """The transfers of some events, by what connects them."""

    def __init__(self, transfers: Iterable[Transfer]) -> None:
        self._of_key: dict[tuple[UUID, str, int], Transfer] = {}
        self._payments: dict[tuple[UUID, UUID | None], list[Transfer]] = defaultdict(list)
        for each in transfers:
            self._of_key[each.user_id, each.key, each.code] = each
            if each.code == Code.PAYMENT and each.credit == Account.HELD:
                self._payments[each.user_id, each.reference_id].append(each)

    def find(self, first: Transfer, code: Code, key: str | None = None) -> Transfer | None:
        """The customer's transfer of this code and key, by default `first`'s key."""
        return self._of_key.get((first.user_id, key or first.key, code))

    def payments_of(self, first: Transfer) -> Sequence[Transfer]:
        """What a gateway paid for the recharge that `first` belongs to."""
        return self._payments.get((first.user_id, first.reference_id), ())


def is_recharge(hold: Transfer) -> bool:
    """Whether a hold is for a recharge; otherwise it is for a refund to the source."""
    return hold.service_type is not None


def event_of(first: Transfer, legs: Legs) -> BusinessEvent:
    """The event that begins with `first`. Raises ValueError for a transfer that begins none."""
    code = Code(first.code)
    if code in SINGLE:
        change = first.amount if first.credit == Account.MAIN else -first.amount
        return _event(first, SINGLE[code], TransactionStatus.COMPLETED, first.amount, change)
    if code is Code.REFUND:
        return _refund(first, legs)
    if code is Code.RELEASE:
        own = legs.find(first, Code.HOLD)
        amount = first.amount - (own.amount if own is not None else 0)
        return _event(first, TransactionCategory.REFUND, TransactionStatus.COMPLETED, amount, amount)
    if code in (Code.HOLD, Code.PAYMENT):
        return _set_aside(first, legs)
    raise ValueError(f"a transfer of code {code.name.lower()} begins no event")


def _refund(first: Transfer, legs: Legs) -> BusinessEvent:
    """A refund of a recharge: into the wallet, or through it to the source."""
    hold = legs.find(first, Code.HOLD)
    if hold is None or is_recharge(hold):
        return _event(
            first, TransactionCategory.REFUND, TransactionStatus.COMPLETED, first.amount, first.amount
        )
    paid, back = legs.find(first, Code.SOURCE_REFUND), legs.find(first, Code.RELEASE)
    ended = paid is not None or back is not None
    status = TransactionStatus.COMPLETED if ended else TransactionStatus.PENDING
    change = first.amount - hold.amount + (back.amount if back is not None else 0)
    held = 0 if ended else hold.amount
    return _event(
        first, TransactionCategory.REFUND, status, first.amount, change, held, later=(hold, paid, back)
    )


def _set_aside(first: Transfer, legs: Legs) -> BusinessEvent:
    """A recharge whose money was held first, of the wallet, a gateway or both; or a refund to the source."""
    from_wallet = first.code == Code.HOLD
    is_sale = not from_wallet or is_recharge(first)
    payments = legs.payments_of(first) if is_sale else ()
    key = str(first.reference_id) if is_sale and first.reference_id is not None else first.key
    taken = legs.find(first, Code.CAPTURE, key) or legs.find(first, Code.SOURCE_REFUND, key)
    released = legs.find(first, Code.RELEASE, key)
    returned = [legs.find(first, Code.RELEASE, payment.key) for payment in payments]
    failed = released is not None or (not from_wallet and any(returned))
    later = (*payments, taken, released, *returned)
    incoming = [first, *payments] if from_wallet else list(payments)
    held = sum(each.amount for each in incoming)
    held -= sum(each.amount for each in {each.id: each for each in later[len(payments) :] if each}.values())
    status = TransactionStatus.PENDING
    if taken is not None:
        status = TransactionStatus.COMPLETED
    elif failed:
        status = TransactionStatus.FAILED
    return _event(
        first,
        TransactionCategory.RECHARGE if is_sale else TransactionCategory.SOURCE_REFUND,
        status,
        sum(each.amount for each in incoming),
        -first.amount if from_wallet and not failed else 0,
        held,
        method=payments[0].payment_method if payments else None,
        later=later,
    )


def _event(
    first: Transfer,
    category: TransactionCategory,
    status: TransactionStatus,
    amount: int,
    change: int,
    held: int = 0,
    *,
    method: str | None = None,
    later: Iterable[Transfer | None] = (),
) -> BusinessEvent:
    return BusinessEvent(
        first,
        category,
        status,
        amount,
        change,
        held,
        method or first.payment_method,
        max([first.created_at, *(each.created_at for each in later if each is not None)]),
    )
