"""Tells the staff of plans that customers bought, as each of them chose (`admins.SubscriptionNotices`)."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.admins.models import SubscriptionNotices
from gencharge.analytics import service as analytics
from gencharge.core.events.events import Envelope
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.notifications import crud, writing_service
from gencharge.notifications.models import Recipient, notice_id
from gencharge.notifications.subscription_notices import SUBSCRIPTIONS_DIGEST, Sold, activated, digest
from gencharge.notifications.writing_service import Entry, Write
from gencharge.recharge.events import PlanRecharged
from gencharge.sessions.guards import Action, Resource, permission

_READERS: Final = permission(Resource.RECHARGE, Action.READ)
Subscribers = list[tuple[UUID, tuple[str, ...]]]


async def tell_of_each(stores: Stores, batch: list[Envelope], write: Write = writing_service.write) -> None:
    """Write a notice of each of these plans to every admin who chose that and may see its operator."""
    subscribers = await stores.database.run(lambda db: _subscribers(db, SubscriptionNotices.EACH))
    entries = [
        Entry(envelope.id, envelope.occurred_at, activated(envelope.event, Recipient("admin", admin_id)))
        for envelope in batch
        if isinstance(envelope.event, PlanRecharged)
        for admin_id, scope in subscribers
        if not scope or envelope.event.operator in scope
    ]
    await write(stores, entries)


async def send_digests(stores: Stores) -> None:
    """Write the digest of yesterday, in India, to each admin who does not have it yet. Of a day without a sale there is none."""
    today = clock.now().astimezone(clock.IST).date()
    day = today - timedelta(days=1)

    async def read(db: AsyncSession) -> tuple[Subscribers, dict[str, dict[str, int]]]:
        return await _subscribers(db, SubscriptionNotices.DIGEST), await analytics.counted_on(db, day)

    subscribers, counted = await stores.database.run(read)
    sold = {
        operator: Sold(counts["delivered"], counts["delivered_price"] - counts["delivered_discount"])
        for operator, counts in counted.items()
    }
    event_id, noon = _event_id(day), clock.start_of_day(day) + timedelta(hours=12)
    entries = {}
    for admin_id, scope in subscribers:
        recipient = Recipient("admin", admin_id)
        draft = digest(noon, sold, recipient, scope)
        if draft is not None:
            own_id = notice_id(event_id, recipient, SUBSCRIPTIONS_DIGEST.name)
            entries[own_id] = Entry(event_id, clock.now(), draft)
    known = await crud.list_known(stores.documents, list(entries))
    await writing_service.write(stores, [entry for own_id, entry in entries.items() if own_id not in known])


async def _subscribers(db: AsyncSession, choice: SubscriptionNotices) -> Subscribers:
    return await admins.subscribers_of(db, _READERS, choice)


def _event_id(day: date) -> UUID:
    """An id for the digest of a day, the same however often the job runs. It goes by time, as those of events (UUIDv7)."""
    since: datetime = clock.start_of_day(day + timedelta(days=1))
    head = int(since.timestamp() * 1000).to_bytes(6, "big")
    raw = bytearray(head + hashlib.sha256(f"subscriptions:{day.isoformat()}".encode()).digest()[:10])
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))
