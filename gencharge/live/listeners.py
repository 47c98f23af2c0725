"""Passes on what happened: each event, after its transaction has committed, as the changes that a client wants to know."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from gencharge.announcements.events import AnnouncementShown
from gencharge.core.events.events import Envelope, Event, Outside
from gencharge.core.values.recipient import Recipient
from gencharge.live.changes import Change, Kind, recipient_of
from gencharge.live.feed import Feed
from gencharge.notifications.events import NoticesWritten
from gencharge.payments.events import (
    PaymentCaptured,
    PaymentCapturedTwice,
    PaymentOverLimit,
    RefundFailed,
    RefundProcessed,
    RefundRequested,
)
from gencharge.recharge.events import (
    BillPaid,
    PaymentReturned,
    PlanActivated,
    PlanExpired,
    PlanRecharged,
    RechargeAccepted,
    RechargeFailed,
    RechargePlaced,
    RechargeRefunded,
)
from gencharge.referrals.events import ReferralRewardPaid, ReferralRewardReversed
from gencharge.wallet.events import AdjustmentApproved

# What moves money of a customer's wallet, also money that is held.
BALANCE: Final[tuple[type[Event], ...]] = (
    PlanRecharged,
    BillPaid,
    RechargePlaced,
    RechargeAccepted,
    RechargeFailed,
    RechargeRefunded,
    PaymentReturned,
    PaymentCaptured,
    PaymentCapturedTwice,
    PaymentOverLimit,
    RefundRequested,
    RefundProcessed,
    RefundFailed,
    AdjustmentApproved,
    ReferralRewardPaid,
    ReferralRewardReversed,
)
# What changes the status of a recharge.
RECHARGES: Final[tuple[type[Event], ...]] = (
    RechargePlaced,
    RechargeAccepted,
    PlanRecharged,
    BillPaid,
    RechargeFailed,
    RechargeRefunded,
    PaymentReturned,
    PlanActivated,
    PlanExpired,
)


def changes_of(envelope: Envelope) -> list[Change]:
    """What a client wants to know of this event."""
    event: Any = envelope.event
    if isinstance(event, NoticesWritten):
        return [
            Change(recipient_of(address), Kind.NOTIFICATION, notice_id, notice_id)
            for notice_id, address in event.recipients.items()
        ]
    if isinstance(event, AnnouncementShown):
        return [Change(None, Kind.ANNOUNCEMENT, event.announcement_id, event.announcement_id)]
    owner = Recipient("user", UUID(event.user_id))
    changes = []
    if isinstance(event, RECHARGES):
        recharge_id = str(getattr(event, "recharge_id"))  # noqa: B009 - the tuple's events have it
        changes.append(Change(owner, Kind.RECHARGE, recharge_id, f"{envelope.id}:recharge"))
    if isinstance(event, BALANCE):
        changes.append(Change(owner, Kind.BALANCE, "", f"{envelope.id}:balance"))
    return changes


async def pass_on(stores: Any, batch: list[Envelope]) -> None:
    """Pass on the changes of these events. Raises RedisError while Redis is away: they are passed on later."""
    feed = Feed(stores.redis, stores.settings.database_name)
    await feed.add([change for envelope in batch for change in changes_of(envelope)])


PASS_ON: Final = Outside(
    "live.pass_on", tuple(dict.fromkeys((NoticesWritten, AnnouncementShown, *BALANCE, *RECHARGES))), pass_on
)
