"""Tells customers of the cashback that a recharge earned, and of one that a refund took back.

The recharge and its refund have notices of their own, from the same events.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from gencharge.core.events.events import Envelope, Outside
from gencharge.core.stores.stores import Stores
from gencharge.notifications import writing_service
from gencharge.notifications.cashback_notices import cashback_paid, cashback_reversed
from gencharge.notifications.kinds import Draft
from gencharge.notifications.writing_service import Entry, Write
from gencharge.recharge.events import PlanRecharged, RechargeRefunded


async def tell_of_cashbacks(
    stores: Stores, batch: list[Envelope], write: Write = writing_service.write
) -> None:
    """Write the notices of the cashbacks of these events. One that exists already stays as it is."""
    drafts = [(envelope, _draft(envelope)) for envelope in batch]
    await write(
        stores,
        [Entry(envelope.id, envelope.occurred_at, draft) for envelope, draft in drafts if draft is not None],
    )


def _draft(envelope: Envelope) -> Draft | None:
    if isinstance(envelope.event, PlanRecharged):
        return cashback_paid(envelope.event)
    if isinstance(envelope.event, RechargeRefunded):
        return cashback_reversed(envelope.event)
    return None


CASHBACKS: Final = Outside(
    "notifications.cashbacks",
    (PlanRecharged, RechargeRefunded),
    tell_of_cashbacks,
    replay=partial(tell_of_cashbacks, write=writing_service.rewrite),
)
