"""Notices in the language of who reads them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from gencharge.admins import service as admins
from gencharge.core.http.paging import encode_cursor
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.clock import IST
from gencharge.core.values.ids import new_id
from gencharge.core.values.language import Language
from gencharge.core.values.recipient import NotificationType
from gencharge.core.vault.vault import Vault
from gencharge.messages.models import MessageChannel
from gencharge.notifications import notices_service, writing_service
from gencharge.notifications.account_notices import REFRESH_TOKEN_REUSED
from gencharge.notifications.autopay_notices import ANNOUNCED
from gencharge.notifications.errors import NotificationNotFound
from gencharge.notifications.kinds import EVERYWHERE, Draft, Kind
from gencharge.notifications.models import Notice, Recipient, from_document
from gencharge.notifications.recharge_notices import PLAN_EXPIRED, plan_recharged
from gencharge.notifications.writing_service import Entry
from gencharge.users import profile_service
from gencharge.users.models import DEFAULT_PREFERENCES
from tests.make import factories
from tests.make.notifications import english, recharged
from tests.make.push import register_both
from tests.notifications.conftest import inbox


async def notices_of(stores: Stores, recipient: Recipient) -> list[Notice]:
    vault = Vault.of_database(stores.database)
    return [await from_document(vault, document) for document in await inbox(stores, recipient.id)]


async def test_each_customer_reads_a_notice_in_their_language(stores: Stores) -> None:
    run = stores.database.run
    asha, mira = await run(factories.make_user), await run(factories.make_user)
    await run(lambda db: profile_service.update(db, mira.user_id, language=Language.HINDI))
    drafts = [plan_recharged(recharged(user_id=str(user.user_id))) for user in (asha, mira)]
    await writing_service.write(stores, [Entry(new_id(), clock.now(), draft) for draft in drafts])
    (english,) = await notices_of(stores, Recipient("user", asha.user_id))
    (hindi,) = await notices_of(stores, Recipient("user", mira.user_id))
    assert (english.title, hindi.title) == ("Recharge successful", "रिचार्ज सफल")
    assert hindi.body == "₹199.00 का भुगतान हो गया। 98765 43210 पर Jio 199 अब चालू है और 14 अगस्त 2026 तक मान्य है।"
    assert english.data["total_paid_paise"] == hindi.data["total_paid_paise"] == 19_900


async def test_an_admin_reads_in_theirs_and_a_stranger_in_english(stores: Stores) -> None:
    admin = await stores.database.run(factories.make_admin)
    await stores.database.run(lambda db: admins.update_profile(db, admin.admin_id, language=Language.HINDI))
    people = [Recipient("admin", admin.admin_id), Recipient("user", new_id())]
    entries = [Entry(new_id(), clock.now(), Draft(person, REFRESH_TOKEN_REUSED)) for person in people]
    await writing_service.write(stores, entries)
    titles = [(await notices_of(stores, person))[0].title for person in people]
    assert titles == ["हमने आपका एक साइन-इन बंद कर दिया है", "We ended one of your sign-ins"]


async def test_ten_writers_of_one_event_write_one_notice(stores: Stores) -> None:
    draft = plan_recharged(recharged(user_id=str(new_id())))
    entry = Entry(new_id(), clock.now(), draft)
    await asyncio.gather(*(writing_service.write(stores, [entry]) for _ in range(10)))
    assert len(await notices_of(stores, draft.recipient)) == 1
    await writing_service.write(stores, [])


PROMOTION = Kind("plan_expired", EVERYWHERE, PLAN_EXPIRED.variables, NotificationType.PROMOTIONAL)
REMINDER = Kind("plan_expired", EVERYWHERE, PLAN_EXPIRED.variables, NotificationType.REMINDER)


async def messages_of(stores: Stores, user_id: UUID) -> dict[str, Any]:
    """The queued messages to somebody, by channel."""
    queued = await stores.documents["messages"].find({"recipient_id": user_id}).to_list()
    return {message["channel"]: message for message in queued}


def entry_of(kind: Kind, user_id: UUID, occurred_at: datetime | None = None, **schedule: datetime) -> Entry:
    draft = Draft(Recipient("user", user_id), kind, kind.samples())
    return Entry(new_id(), occurred_at or clock.now(), draft, **schedule)


async def choosing(stores: Stores, **preferences: bool) -> UUID:
    """A customer with these preferences, the others as they are by default."""
    user = await stores.database.run(factories.make_user)
    values = {**DEFAULT_PREFERENCES, **preferences}
    await stores.database.run(lambda db: profile_service.change_preferences(db, user.user_id, values))
    await register_both(stores, Recipient("user", user.user_id))
    return user.user_id


async def test_who_has_no_device_is_queued_no_push_messages(stores: Stores) -> None:
    user = await stores.database.run(factories.make_user)
    await writing_service.write(stores, [entry_of(PLAN_EXPIRED, user.user_id)])
    assert set(await messages_of(stores, user.user_id)) == {"sms", "email"}


async def test_a_notice_goes_out_over_every_channel_once(stores: Stores) -> None:
    user_id = await choosing(stores)
    entry = entry_of(PLAN_EXPIRED, user_id)
    for _ in range(2):
        await writing_service.write(stores, [entry])
    queued = await messages_of(stores, user_id)
    assert set(queued) == {"sms", "email", "web_push", "mobile_push"}
    assert await stores.documents["messages"].count_documents({"recipient_id": user_id}) == 4
    assert {message["kind"] for message in queued.values()} == {"plan_expired"}


@pytest.mark.parametrize(
    ("kind", "switches", "in_app", "channels"),
    [
        (PLAN_EXPIRED, {"sms_notification": False}, True, {"email", "web_push", "mobile_push"}),
        (PLAN_EXPIRED, {"transactional_alerts": False}, True, set()),
        (REMINDER, {"recharge_reminders": False}, False, set()),
        (PROMOTION, {}, False, set()),
        (
            PROMOTION,
            {"promotional_offers": True, "email_notification": False},
            True,
            {"sms", "web_push", "mobile_push"},
        ),
        (
            ANNOUNCED,
            dict.fromkeys(DEFAULT_PREFERENCES, False),
            True,
            {"sms", "email", "web_push", "mobile_push"},
        ),
    ],
)
async def test_preferences_are_honoured(
    stores: Stores, kind: Kind, switches: dict[str, bool], in_app: bool, channels: set[str]
) -> None:
    user_id = await choosing(stores, **switches)
    await writing_service.write(stores, [entry_of(kind, user_id)])
    assert bool(await inbox(stores, user_id)) is in_app
    assert set(await messages_of(stores, user_id)) == channels


async def test_an_alert_stays_in_the_inbox_of_the_staff(stores: Stores) -> None:
    admin = await stores.database.run(factories.make_admin)
    draft = Draft(Recipient("admin", admin.admin_id), PLAN_EXPIRED, PLAN_EXPIRED.samples())
    await writing_service.write(stores, [Entry(new_id(), clock.now(), draft)])
    assert len(await inbox(stores, admin.admin_id)) == 1
    assert await messages_of(stores, admin.admin_id) == {}


async def test_a_promotional_notice_of_the_night_is_shown_and_sent_in_the_morning(stores: Stores) -> None:
    user_id = await choosing(stores, promotional_offers=True)
    night = datetime(2030, 8, 14, 23, 0, tzinfo=IST)
    await writing_service.write(stores, [entry_of(PROMOTION, user_id, night)])
    morning = datetime(2030, 8, 15, 9, 0, tzinfo=IST)
    (notice,) = await inbox(stores, user_id)
    assert notice["created_at"] == morning
    queued = await messages_of(stores, user_id)
    assert {message["due_at"] for message in queued.values()} == {morning}


async def test_a_scheduled_notice_is_not_shown_counted_or_touched_before_its_time(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = await choosing(stores)
    owner, vault, now = Recipient("user", user_id), Vault.of_database(stores.database), clock.now()
    later = now + timedelta(hours=2)
    await writing_service.write(stores, [entry_of(PLAN_EXPIRED, user_id, now, not_before=later)])
    (document,) = await inbox(stores, user_id)
    documents = stores.documents
    assert (await notices_service.read(documents, vault, owner))[0] == []
    future = encode_cursor(later + timedelta(days=1), new_id())
    assert (await notices_service.read(documents, vault, owner, cursor=future))[0] == []
    assert await notices_service.count(documents, owner, unread=True) == 0
    assert await notices_service.view_all(documents, owner) == 0
    with pytest.raises(NotificationNotFound):
        await notices_service.view(documents, vault, owner, document["_id"])
    with pytest.raises(NotificationNotFound):
        await notices_service.delete(documents, owner, document["_id"])
    monkeypatch.setattr(clock, "now", lambda: later)
    ((notice,), _) = await notices_service.read(documents, vault, owner)
    assert notice.title == "Your plan has ended"
    assert await notices_service.count(documents, owner, unread=True) == 1


async def test_a_push_message_carries_ids_and_no_number(stores: Stores) -> None:
    user_id = await choosing(stores)
    draft = plan_recharged(recharged(user_id=str(user_id)))
    outgoing = writing_service.messages_of(
        Entry(new_id(), clock.now(), draft), english(draft), EVERYWHERE, None
    )
    data = next(message.data for message in outgoing if message.channel is MessageChannel.MOBILE_PUSH)
    assert set(data) == {"recharge_id", "plan_id"}


async def test_what_happened_more_than_a_day_ago_is_in_the_inbox_only(stores: Stores) -> None:
    owner = await choosing(stores, transactional_alerts=True, sms_notification=True, email_notification=True)
    now = clock.now()
    for hours, is_sent in ((25, False), (23, True)):
        await writing_service.write(
            stores, [entry_of(REFRESH_TOKEN_REUSED, owner, now - timedelta(hours=hours))]
        )
        assert bool(await messages_of(stores, owner)) is is_sent
    assert len(await inbox(stores, owner)) == 2
