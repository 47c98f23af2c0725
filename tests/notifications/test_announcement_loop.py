"""An announcement goes out once to each customer and channel, whatever is cut off; consent, the queue and a cancellation hold it up."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from gencharge.announcements import service as announcements
from gencharge.announcements import walk_service
from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.messages import receipt_service
from gencharge.messages import service as queue
from gencharge.messages.bounces import BounceReport
from gencharge.notifications import announcement_loop
from gencharge.notifications.announcement_loop import AnnouncementLoop
from gencharge.users import profile_service
from gencharge.users.models import DEFAULT_PREFERENCES
from tests.make.announcements import TEXTS, announce, send, write
from tests.make.contact import at_this_time
from tests.make.factories import know_roles, make_user
from tests.make.staff_client import StaffClient


@pytest.fixture
async def staff(app: FastAPI, client: httpx.AsyncClient, stores: Stores) -> AsyncIterator[StaffClient]:
    await know_roles(app)
    # MongoDB is not new in each file: what another one left is sealed under keys that went with its database.
    await _forget(stores)
    yield await StaffClient.open(app, client)
    await _forget(stores)


async def _forget(stores: Stores) -> None:
    for name in ("announcements", "messages"):
        await stores.documents[name].delete_many({})


async def people(stores: Stores, count: int, **switches: bool) -> list[UUID]:
    """New customers with these switches."""
    ids = []
    for _ in range(count):
        user = await stores.database.run(make_user)
        ids.append(user.user_id)
        values = {**DEFAULT_PREFERENCES, **switches}
        await stores.database.run(
            lambda db, user_id=user.user_id, values=values: profile_service.change_preferences(
                db, user_id, values
            )
        )
    return ids


async def messages(stores: Stores, announcement_id: str) -> list[dict[str, Any]]:
    return await stores.documents["messages"].find({"batch": UUID(announcement_id)}).to_list()


async def figures(staff: StaffClient, announcement_id: str) -> dict[str, Any]:
    answer = await at_this_time(staff).ask_json("GET", f"/announcements/{announcement_id}")
    shown: dict[str, Any] = answer["figures"]
    return shown


async def test_who_agreed_gets_one_message_by_each_channel_and_everybody_is_counted(
    staff: StaffClient, stores: Stores
) -> None:
    agreed = await people(stores, 3, marketing_communication=True)
    others = await people(stores, 2)
    texts = {code: text | {"sms": "Pause", "dlt_template": "1107"} for code, text in TEXTS.items()}
    announcement_id = await announce(staff, channels=["sms", "email"], texts=texts)
    await AnnouncementLoop(stores).drain()
    queued = Counter((row["recipient_id"], row["channel"]) for row in await messages(stores, announcement_id))
    assert {key for key in queued if key[0] in {*agreed, *others}} == {
        (user_id, channel) for user_id in agreed for channel in ("sms", "email")
    }
    assert set(queued.values()) == {1}
    shown = await figures(staff, announcement_id)
    assert shown["counted"]
    assert shown["recipients"] == shown["in_app"] >= 5
    assert shown["channels"]["sms"]["waiting"] == len(queued) // 2
    assert shown["channels"]["email"]["waiting"] == len(queued) // 2


async def test_what_the_law_has_us_tell_reaches_everybody_whatever_their_switches_say(
    staff: StaffClient, stores: Stores
) -> None:
    off = dict.fromkeys(DEFAULT_PREFERENCES, False)
    ids = await people(stores, 2, **off)
    texts = {code: text | {"sms": "A breach", "dlt_template": "1107"} for code, text in TEXTS.items()}
    announcement_id = await announce(staff, purpose="legal", channels=["sms", "email"], texts=texts)
    with clock.at(clock.now()):
        await AnnouncementLoop(stores).drain()
    queued = Counter((row["recipient_id"], row["channel"]) for row in await messages(stores, announcement_id))
    assert {key: queued[key] for key in queued if key[0] in ids} == {
        (user_id, channel): 1 for user_id in ids for channel in ("sms", "email")
    }
    shown = await figures(staff, announcement_id)
    assert shown["in_app"] == shown["recipients"] >= 2


@pytest.mark.parametrize("cut_off", ["before the note", "after the note"])
async def test_a_worker_that_dies_leaves_nobody_out_and_writes_to_nobody_twice(
    staff: StaffClient, stores: Stores, monkeypatch: pytest.MonkeyPatch, cut_off: str
) -> None:
    monkeypatch.setattr(walk_service, "SLICE", 2)
    ids = await people(stores, 7, marketing_communication=True)
    announcement_id = await announce(staff, channels=["email"])
    real, calls = walk_service.advance, 0

    async def advance(*arguments: Any, **counts: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls % 2 and cut_off == "before the note":
            raise ConnectionResetError
        is_held = await real(*arguments, **counts)
        if calls % 2:
            raise ConnectionResetError
        return is_held

    monkeypatch.setattr(announcements, "advance", advance)
    for lease in range(40):
        with clock.later(seconds=31 * (lease + 1)):
            await AnnouncementLoop(stores).drain()
        if (await figures(staff, announcement_id))["counted"]:
            break
    queued = Counter(row["recipient_id"] for row in await messages(stores, announcement_id))
    assert {user_id: queued[user_id] for user_id in ids} == dict.fromkeys(ids, 1)
    assert set(queued.values()) == {1}
    everybody = (await figures(staff, announcement_id))["recipients"]
    again = await announce(staff)
    monkeypatch.setattr(announcements, "advance", real)
    await AnnouncementLoop(stores).drain()
    assert (await figures(staff, again))["recipients"] == everybody


async def test_the_walk_waits_while_the_queue_is_full_and_a_cancellation_drops_what_waits(
    staff: StaffClient, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk_service, "SLICE", 2)
    monkeypatch.setattr(announcement_loop, "BACKLOG", 3)
    await people(stores, 8, marketing_communication=True)
    announcement_id = await announce(staff, channels=["email"])
    for minutes in (0, 1, 2):
        with clock.later(minutes=minutes):
            await AnnouncementLoop(stores).drain()
    queued = await messages(stores, announcement_id)
    assert 3 <= len(queued) <= 4
    assert not (await figures(staff, announcement_id))["counted"]
    await staff.ask_json("POST", f"/announcements/{announcement_id}/cancel")
    with clock.later(minutes=3):
        await AnnouncementLoop(stores).drain()
    dropped = await messages(stores, announcement_id)
    assert {(row["state"], row["drop_reason"], row["content"]) for row in dropped} == {
        ("dropped", "cancelled", "")
    }
    assert len(dropped) == len(queued)
    document = await stores.documents["announcements"].find_one({"_id": UUID(announcement_id)})
    assert document is not None
    assert "next_at" not in document


async def test_what_the_providers_report_later_is_in_the_figures(staff: StaffClient, stores: Stores) -> None:
    await people(stores, 3, marketing_communication=True)
    announcement_id = await announce(staff, channels=["email"])
    with clock.at(clock.now()):
        await AnnouncementLoop(stores).drain()
    batch = UUID(announcement_id)
    sent = {"$set": {"state": "sent", "attempts": 1}, "$unset": {"due_at": ""}}
    await stores.documents["messages"].update_many({"batch": batch}, sent)
    for minutes in (1, 2):
        with clock.later(minutes=minutes):
            await AnnouncementLoop(stores).drain()
    figure = (await figures(staff, announcement_id))["channels"]["email"]
    everybody = figure["sent"]
    assert (everybody >= 3, figure["delivered"], figure["undelivered"]) == (True, 0, 0)
    arrived, lost, *_ = await messages(stores, announcement_id)
    await receipt_service.take_mail_reports(
        stores.documents,
        [
            BounceReport(kind="delivered", email="asha@example.com", message_id=arrived["_id"]),
            BounceReport(kind="hard_bounce", email="ravi@example.com", message_id=lost["_id"]),
        ],
    )
    with clock.later(hours=2):
        await AnnouncementLoop(stores).drain()
    figure = (await figures(staff, announcement_id))["channels"]["email"]
    assert (figure["sent"], figure["delivered"], figure["undelivered"]) == (everybody, 1, 1)
    # Some day nobody looks any more.
    for days in (1, 2, 4, 5):
        with clock.later(days=days, hours=3):
            await AnnouncementLoop(stores).drain()
    document = await stores.documents["announcements"].find_one({"_id": batch})
    assert document is not None
    assert "next_at" not in document
    assert document["sums"]["email"]["delivered"] == 1


async def test_a_cancellation_amid_a_slice_drops_that_slice_too(
    staff: StaffClient, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people(stores, 3, marketing_communication=True)
    announcement_id = await announce(staff, channels=["email"])
    real = queue.enqueue

    async def enqueue(*arguments: Any) -> None:
        await staff.ask_json("POST", f"/announcements/{announcement_id}/cancel")
        await real(*arguments)

    monkeypatch.setattr(queue, "enqueue", enqueue)
    await AnnouncementLoop(stores).drain()
    rows = await messages(stores, announcement_id)
    assert len(rows) >= 3
    assert {row["state"] for row in rows} == {"dropped"}


async def test_a_scheduled_one_is_announced_when_its_time_comes(staff: StaffClient, stores: Stores) -> None:
    async def announced(announcement_id: str) -> int:
        async with stores.database.transaction() as db:
            rows = await db.scalars(select(EventRow).where(EventRow.topic == "AnnouncementShown"))
            return sum(row.payload["announcement_id"] == announcement_id for row in rows)

    scheduled = await write(staff)
    begin = clock.now().replace(microsecond=0)
    with clock.at(begin):
        late = at_this_time(staff)
        await send(late, scheduled, starts_at=begin.replace(year=begin.year + 1).isoformat())
    await AnnouncementLoop(stores).drain()
    assert await announced(scheduled) == 0
    with clock.at(begin.replace(year=begin.year + 1)):
        for _ in range(2):
            await AnnouncementLoop(stores).drain()
    assert await announced(scheduled) == 1


async def test_messages_about_offers_wait_for_the_end_of_the_quiet_hours(
    staff: StaffClient, stores: Stores
) -> None:
    await people(stores, 2, promotional_offers=True)
    noon = clock.now().astimezone(clock.IST).replace(hour=12, minute=0) + timedelta(days=1)
    with clock.at(noon):
        announcement_id = await announce(at_this_time(staff), channels=["email"], purpose="promotional")
    with clock.at(noon.replace(hour=22)):
        await AnnouncementLoop(stores).drain()
        assert await messages(stores, announcement_id) == []
    with clock.at(noon.replace(hour=12, minute=30)):
        await stores.documents["announcements"].update_many({}, {"$set": {"next_at": clock.now()}})
        await AnnouncementLoop(stores).drain()
        assert len(await messages(stores, announcement_id)) == 2
