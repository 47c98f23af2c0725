"""Tells customers that their wallet has run low: once for each time that a payment takes it below the bound."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from gencharge.core.events.events import Envelope, Outside
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.notifications import writing_service
from gencharge.notifications.reminder_notices import balance_low
from gencharge.notifications.writing_service import Entry
from gencharge.recharge.events import BillPaid, PlanRecharged, RechargePlaced
from gencharge.wallet import service as wallet
from gencharge.wallet.models import PaymentMethod

# What an outage held up for longer says nothing of the wallet as it was then.
_STALE: Final = timedelta(days=1)


async def remind_of_balances(stores: Stores, batch: list[Envelope]) -> None:
    """Write a reminder for each payment of the batch that took a wallet below the bound.

    The balance is the one of now: a wallet that was filled up since gets none. Several payments of one batch count as one.
    """
    bound = Money.rupees(stores.settings.low_balance_rupees)
    since = clock.now() - _STALE
    spent = dict[UUID, Money]()
    latest = dict[UUID, tuple[Envelope, UUID]]()
    for envelope in batch:
        payment = _from_wallet(envelope)
        if payment is None or envelope.occurred_at < since:
            continue
        user_id = payment.user_id
        spent[user_id] = spent.get(user_id, Money(0)) + payment.amount
        latest[user_id] = (envelope, payment.recharge_id)
    if not spent or not bound:
        return
    balances = await stores.database.run(lambda db: wallet.available_of(db, spent))
    entries = [
        # The id of the recharge: a payment in two parts is announced by two events, and is one payment.
        Entry(recharge_id, envelope.occurred_at, balance_low(user_id, balance))
        for user_id, balance in balances.items()
        if balance < bound <= balance + spent[user_id]
        for envelope, recharge_id in [latest[user_id]]
    ]
    await writing_service.write(stores, entries)


class _Payment(NamedTuple):
    """What a recharge took from a wallet."""

    user_id: UUID
    amount: Money
    recharge_id: UUID


def _from_wallet(envelope: Envelope) -> _Payment | None:
    """What the event took from a wallet; None if it took nothing."""
    event = envelope.event
    if isinstance(event, PlanRecharged | BillPaid) and event.payment_method == PaymentMethod.WALLET:
        return _Payment(UUID(event.user_id), Money(event.total_paid_paise), UUID(event.recharge_id))
    if isinstance(event, RechargePlaced) and event.wallet_paise:
        return _Payment(UUID(event.user_id), Money(event.wallet_paise), UUID(event.recharge_id))
    return None


BALANCES: Final = Outside(
    "notifications.balances", (PlanRecharged, BillPaid, RechargePlaced), remind_of_balances
)
