"""Who gets a scheduled report has one e-mail about it, however often the event is delivered."""

from __future__ import annotations

from uuid import UUID

from gencharge.core.events.events import emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.reports.events import ScheduledReportReady


async def test_the_mail_is_queued_once(stores: Stores, relay: Relay) -> None:
    file_id, admin_id = new_id(), new_id()
    event = ScheduledReportReady(
        user_id=str(SYSTEM_USER_ID),
        report_file_id=str(file_id),
        admin_id=str(admin_id),
        report="transactions",
        rows=3,
    )
    for _ in range(2):
        await stores.database.run(lambda db: emit(db, event))
        await relay.drain()
    queued = [message async for message in stores.documents["messages"].find({"recipient_id": admin_id})]
    (message,) = queued
    assert (message["_id"], message["channel"], message["kind"]) == (
        UUID(str(file_id)),
        "email",
        "scheduled_report",
    )
