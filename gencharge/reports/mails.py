"""The e-mail about a scheduled report: that it is ready and where, and nothing of what is in it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from gencharge.core.http.web import PREFIX
from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.messages.models import MessageChannel, Outgoing

KIND: Final = "scheduled_report"
_TEXT: Final = """The report "{report}" is ready: {rows:,} rows. It is kept for three days.

Sign in and take it: {path}

रिपोर्ट "{report}" तैयार है: {rows:,} पंक्तियाँ। यह तीन दिन तक रहेगी। इसे लेने के लिए साइन इन करें।

GenCharge"""


def mail_of(file_id: UUID, admin_id: UUID, report: str, rows: int, public_url: str) -> Outgoing:
    """The e-mail to an admin. The address in it answers only to that admin, signed in."""
    path = f"{public_url.rstrip('/')}{PREFIX}/reports/files/{file_id}"
    return Outgoing(
        id=file_id,
        recipient=Recipient("admin", admin_id),
        channel=MessageChannel.EMAIL,
        kind=KIND,
        type=NotificationType.TRANSACTIONAL,
        title=f"GenCharge: {report}",
        text=_TEXT.format(report=report, rows=rows, path=path),
    )
