"""Tells the recipients of scheduled reports that a file is ready."""

from __future__ import annotations

from typing import Any, Final, cast
from uuid import UUID

from gencharge.core.events.events import Envelope, Outside
from gencharge.core.vault.vault import Vault
from gencharge.messages import service as messages
from gencharge.reports import mails
from gencharge.reports.events import ScheduledReportReady


async def write_to_recipients(stores: Any, batch: list[Envelope]) -> None:
    """Queue the e-mails of these events, each once. Raises DataKeyNotUsable, DatabaseUnavailable, PyMongoError."""
    events = [cast(ScheduledReportReady, envelope.event) for envelope in batch]
    vault = Vault.of_database(stores.database)
    url = stores.settings.public_api_url
    # The file's id is the message's: whatever is delivered again is queued once.
    await messages.enqueue(
        stores.documents,
        vault,
        [
            mails.mail_of(UUID(event.report_file_id), UUID(event.admin_id), event.report, event.rows, url)
            for event in events
        ],
    )


READY: Final = Outside("reports.ready", (ScheduledReportReady,), write_to_recipients)
