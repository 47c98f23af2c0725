"""Notices in the language of who reads them."""

from __future__ import annotations

import asyncio

from gencharge.admins import service as admins
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.language import Language
from gencharge.core.vault.vault import Vault
from gencharge.notifications import writing_service
from gencharge.notifications.account_notices import REFRESH_TOKEN_REUSED
from gencharge.notifications.kinds import Draft
from gencharge.notifications.models import Notice, Recipient, from_document
from gencharge.notifications.recharge_notices import plan_recharged
from gencharge.notifications.writing_service import Entry
from gencharge.users import profile_service
from tests.make import factories
from tests.make.notifications import recharged
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
