"""Contacts are those of now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Contact, Recipient
from gencharge.messages.contact_service import contacts_of
from gencharge.users.models import User
from tests.make.factories import make_admin, make_user


def to(kind: str, recipient_id: object) -> dict[str, Any]:
    return {"recipient_kind": kind, "recipient_id": recipient_id}


async def test_users_and_admins_are_looked_up_together_and_who_is_gone_is_left_out(stores: Stores) -> None:
    user = await stores.database.run(make_user)
    admin = await stores.database.run(make_admin)
    gone = new_id()
    messages = [
        to("user", user.user_id),
        to("admin", admin.admin_id),
        to("user", gone),
        to("admin", user.user_id),
    ]
    contacts = await stores.database.run(lambda db: contacts_of(db, messages))
    assert contacts == {
        Recipient("user", user.user_id): Contact(user.phone_number, user.email or "", is_active=True),
        Recipient("admin", admin.admin_id): Contact(admin.phone_number, admin.email, is_active=True),
    }


async def test_an_address_that_is_not_proved_yet_and_a_blocked_account(stores: Stores) -> None:
    user = await stores.database.run(make_user)

    async def change(db: Any) -> None:
        row = await db.get(User, user.user_id)
        row.email_usable_from, row.status = clock.now() + timedelta(hours=1), "blocked"

    await stores.database.run(change)
    contacts = await stores.database.run(lambda db: contacts_of(db, [to("user", user.user_id)]))
    assert contacts == {Recipient("user", user.user_id): Contact(user.phone_number, "", is_active=False)}


async def test_no_messages_need_no_query(stores: Stores) -> None:
    assert await stores.database.run(lambda db: contacts_of(db, [])) == {}
