"""What is known of who reads."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.announcements import audience_crud
from gencharge.announcements.audience_crud import CustomerRow
from gencharge.announcements.models import Reader
from gencharge.core.values.language import Language
from gencharge.core.values.recipient import Recipient
from gencharge.operators import service as operators


async def readers_of(db: AsyncSession, recipients: Collection[Recipient]) -> dict[Recipient, Reader]:
    """What is known of these readers, in two queries at most; who is not registered is not in the answer."""
    user_ids = [recipient.id for recipient in recipients if recipient.kind == "user"]
    admin_ids = [recipient.id for recipient in recipients if recipient.kind == "admin"]
    readers = dict[Recipient, Reader]()
    for row in await audience_crud.list_customers(db, user_ids) if user_ids else ():
        reader = of_row(row)
        readers[reader.recipient] = reader
    for admin_id, since, language in await audience_crud.list_admins(db, admin_ids) if admin_ids else ():
        recipient = Recipient("admin", admin_id)
        readers[recipient] = Reader(recipient, since, Language(language))
    return readers


def of_row(row: CustomerRow) -> Reader:
    """The reader of a row. What no registry and no customer says of the operator, the block of the number does."""
    return Reader(
        Recipient("user", row.user_id),
        row.registered_at,
        Language(row.language),
        row.user_type,
        row.operator or operators.hint(row.phone_number),
        row.circle,
        tuple(row.campaign_ids),
    )
