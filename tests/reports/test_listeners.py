"""Who gets a scheduled report has one e-mail about it, however often the event is delivered."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from gencharge import wiring
from gencharge.admins.models import Admin
from gencharge.core.events.events import emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.messages.loop import MessageLoop
from gencharge.messages.models import MessageChannel
from gencharge.messages.senders import senders_of
from gencharge.reports import schedule_service
from gencharge.reports.events import ScheduledReportReady
from tests.make.mail_server import mail_server
from tests.make.reports import make_waiting
from tests.reports.test_schedule_service import NOW, an_admin, files_of, schedule


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


async def test_a_scheduled_report_reaches_the_mailbox_of_who_gets_it(shop: Stores) -> None:
    # An address is written to once it is usable, which begins when the admin is made.
    with clock.at(NOW):
        admin = await an_admin(shop)
    created = await schedule(shop, admin)
    address = await shop.database.run(
        lambda db: db.scalar(select(Admin.email).where(Admin.admin_id == admin.user_id))
    )
    async with mail_server() as server:
        smtp = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_starttls": False}
        sender = senders_of(shop.settings.model_copy(update=smtp))[MessageChannel.EMAIL]
        with clock.at(NOW + timedelta(minutes=31)):
            await schedule_service.run_due(shop)
            await make_waiting(shop)
            await Relay(shop, wiring.LISTENERS).drain()
            loop = MessageLoop(shop, {MessageChannel.EMAIL: sender})
            await loop.drain()
            await loop.close()
    (file,) = await files_of(shop, created)
    (mail,) = [mail for mail in server.mails if mail["To"] == address]
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"/v1/reports/files/{file.file_id}" in body.get_content()
