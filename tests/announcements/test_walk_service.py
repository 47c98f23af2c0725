"""One worker at a time walks through an audience, and one that lost its lease notes nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from gencharge.announcements import walk_service
from gencharge.announcements.models import seal_texts
from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.vault.errors import DataKeyNotUsable
from gencharge.core.vault.vault import Vault
from gencharge.users.models import User
from tests.make.announcements import announce, write
from tests.make.staff_client import StaffClient


async def test_a_leased_one_is_nobody_elses_until_the_lease_runs_out(
    staff: StaffClient, customer: User, stores: Stores
) -> None:
    announcement_id = UUID(await announce(staff))
    first = await walk_service.take(stores)
    assert first is not None
    assert first.announcement.announcement_id == announcement_id
    assert await walk_service.take(stores) is None
    with clock.later(seconds=31):
        second = await walk_service.take(stores)
        assert second is not None
        assert not await walk_service.advance(stores, first, None, recipients=1, in_app=1)
        assert await walk_service.advance(stores, second, new_id(), recipients=2, in_app=1)
        await walk_service.rest(stores, first, None)
    document = await stores.documents["announcements"].find_one({"_id": announcement_id})
    assert document is not None
    assert (document["recipients"], document["in_app"], document["counted"]) == (2, 1, False)
    assert "next_at" in document


async def test_slices_have_each_customer_of_the_audience_once(
    staff: StaffClient, customer: User, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk_service, "SLICE", 1)
    await announce(staff)
    walk = await walk_service.take(stores)
    assert walk is not None
    cursor, seen = None, list[UUID]()
    while True:
        readers, cursor = await stores.database.run(
            lambda db, at=cursor: walk_service.next_readers(db, walk.announcement, at)
        )
        seen += [reader.recipient.id for reader in readers]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert customer.user_id in seen


async def damage(stores: Stores, announcement_id: UUID) -> str:
    """Give it the text of nobody; its own text."""
    announcements = stores.documents["announcements"]
    document = await announcements.find_one({"_id": announcement_id})
    assert document is not None
    others = await seal_texts(Vault.of_database(stores.database), new_id(), {})
    await announcements.update_one({"_id": announcement_id}, {"$set": {"content": others}})
    return str(document["content"])


async def alarms(stores: Stores) -> list[dict[str, Any]]:
    """What was said about announcements that can't be read."""
    async with stores.database.transaction() as db:
        query = select(EventRow.payload).where(EventRow.topic == "AnnouncementParked")
        return list(await db.scalars(query))


async def test_one_that_can_not_be_read_is_parked_and_stops_no_other(
    staff: StaffClient, customer: User, stores: Stores, inbox: Any
) -> None:
    bad, good = UUID(await announce(staff)), UUID(await announce(staff))
    text = await damage(stores, bad)
    shown = await inbox(customer.user_id)
    assert [item["notification_id"] for item in shown["items"]] == [str(good)]
    before = len(await alarms(stores))
    walk = await walk_service.take(stores)
    assert walk is not None
    assert walk.announcement.announcement_id == good
    await walk_service.rest(stores, walk, None)
    assert await walk_service.take(stores) is None
    [event] = (await alarms(stores))[before:]
    assert (event["announcement_id"], event["problem"]) == (str(bad), "stored_data_changed")
    # It counts for nobody, and the staff see it without its texts.
    assert (await inbox(customer.user_id, path="/unread-count"))["unread_count"] == 1
    listed = {
        item["announcement_id"]: item for item in (await staff.ask_json("GET", "/announcements"))["items"]
    }
    assert listed[str(bad)]["texts"] == {}
    assert listed[str(good)]["texts"]
    # A quarter of an hour later it is looked at again; nobody is told a second time.
    with clock.later(minutes=16):
        assert await walk_service.take(stores) is None
        assert len(await alarms(stores)) == before + 1
    await stores.documents["announcements"].update_one({"_id": bad}, {"$set": {"content": text}})
    with clock.later(minutes=32):
        walk = await walk_service.take(stores)
        assert walk is not None
        assert walk.announcement.announcement_id == bad
    assert (await inbox(customer.user_id, path="/unread-count"))["unread_count"] == 2


async def test_one_that_can_not_be_read_can_be_cancelled_and_a_draft_is_not_sent(
    staff: StaffClient, stores: Stores
) -> None:
    sent, draft = UUID(await announce(staff)), UUID(await write(staff))
    for announcement_id in (sent, draft):
        await damage(stores, announcement_id)
    assert await walk_service.take(stores) is None
    refused = await staff.ask("POST", f"/announcements/{draft}/send", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "announcement_not_readable")
    refused = await staff.ask("PATCH", f"/announcements/{draft}", {"channels": ["push"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "announcement_not_readable")
    assert (await staff.ask("DELETE", f"/announcements/{draft}")).status_code == 204
    assert (await staff.ask("POST", f"/announcements/{sent}/cancel")).status_code == 200
    walk = await walk_service.take(stores)
    assert walk is not None
    assert walk.announcement.cancelled_at is not None


async def test_a_worker_with_a_wrong_key_hides_nothing(
    staff: StaffClient, customer: User, stores: Stores, inbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcement_id = UUID(await announce(staff))

    async def refuse(*_: Any) -> str:
        raise DataKeyNotUsable

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "open_at", refuse)
        assert await walk_service.take(stores) is None
    shown = await inbox(customer.user_id)
    assert [item["notification_id"] for item in shown["items"]] == [str(announcement_id)]
