"""Where the recipients of messages are reached now."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.core.stores.mongo import Document
from gencharge.core.values.recipient import Contact, Recipient
from gencharge.users import service as users


async def contacts_of(db: AsyncSession, messages: Sequence[Document]) -> dict[Recipient, Contact]:
    """The contacts of the recipients of these messages, in two queries at most; one who is gone is not in the answer."""

    def ids(kind: str) -> list[UUID]:
        return [message["recipient_id"] for message in messages if message["recipient_kind"] == kind]

    of_users = await users.contacts(db, ids("user"))
    of_admins = await admins.contacts(db, ids("admin"))
    return {
        **{Recipient("user", user_id): contact for user_id, contact in of_users.items()},
        **{Recipient("admin", admin_id): contact for admin_id, contact in of_admins.items()},
    }
