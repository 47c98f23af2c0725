"""Drafts, sending and cancelling, and what is refused with the name of the field."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.users.models import User
from tests.announcements.conftest import Inboxes
from tests.make.announcements import TEXTS, announce, send, write
from tests.make.contact import at_this_time
from tests.make.staff_client import StaffClient


async def test_a_draft_is_changed_and_deleted_and_nobody_reads_it(
    staff: StaffClient, customer: User, inbox: Inboxes
) -> None:
    announcement_id = await write(staff)
    path = f"/announcements/{announcement_id}"
    changed = await staff.ask_json(
        "PATCH", path, {"audience": {"kind": "customers", "operator": "jio"}, "purpose": "promotional"}
    )
    assert (changed["status"], changed["purpose"]) == ("draft", "promotional")
    assert changed["audience"]["operator"] == "JIO"
    assert changed["texts"] == TEXTS
    assert (await inbox(customer.user_id))["items"] == []
    assert (await staff.ask("DELETE", path)).status_code == 204
    assert (await staff.ask("GET", path)).json()["code"] == "announcement_not_found"


async def test_what_was_sent_is_neither_changed_nor_deleted_nor_sent_again(staff: StaffClient) -> None:
    path = f"/announcements/{await announce(staff)}"
    for answer in (
        await staff.ask("PATCH", path, {"purpose": "service"}),
        await staff.ask("DELETE", path),
        await staff.ask("POST", f"{path}/send", {}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "announcement_not_draft")


async def test_a_cancelled_one_is_in_no_inbox_and_is_cancelled_once(
    staff: StaffClient, customer: User, inbox: Inboxes
) -> None:
    draft_id = await write(staff)
    refused = await staff.ask("POST", f"/announcements/{draft_id}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "announcement_not_sent")
    path = f"/announcements/{await announce(staff)}"
    assert (await inbox(customer.user_id))["unread_count"] == 1
    assert (await staff.ask_json("POST", f"{path}/cancel"))["status"] == "cancelled"
    assert (await inbox(customer.user_id)) == {
        "items": [],
        "next_cursor": None,
        "total": None,
        "unread_count": 0,
    }
    again = await staff.ask("POST", f"{path}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "announcement_already_cancelled")


async def test_a_scheduled_one_appears_at_its_time_and_goes_at_its_end(
    staff: StaffClient, customer: User, inbox: Inboxes
) -> None:
    begin = clock.now() + timedelta(hours=1)
    announcement_id = await write(staff)
    sent = await send(
        staff,
        announcement_id,
        starts_at=begin.isoformat(),
        ends_at=(begin + timedelta(hours=1)).isoformat(),
    )
    assert sent["status"] == "scheduled"
    assert (await inbox(customer.user_id))["items"] == []
    for minutes, status, count in ((61, "shown", 1), (121, "ended", 0)):
        with clock.later(minutes=minutes):
            assert len((await inbox(customer.user_id))["items"]) == count
            later = await at_this_time(staff).ask_json("GET", f"/announcements/{announcement_id}")
            assert later["status"] == status


async def test_a_promotion_waits_for_the_end_of_the_quiet_hours(staff: StaffClient) -> None:
    night = (clock.now().astimezone(clock.IST) + timedelta(days=1)).replace(hour=23, minute=0)
    with clock.at(night):
        late = at_this_time(staff)
        promotion = await send(late, await write(late, purpose="promotional"))
        news = await send(late, await write(late))
    begin = datetime.fromisoformat(promotion["starts_at"]).astimezone(clock.IST)
    assert (begin.date(), begin.hour) == (night.date() + timedelta(days=1), 9)
    assert (promotion["status"], news["status"]) == ("scheduled", "shown")


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ({"starts_at": -2}, "body.starts_at"),
        ({"ends_at": -2}, "body.ends_at"),
        ({"starts_at": 5, "ends_at": 4}, "body"),
        ({"ends_at": 24 * 370}, "body.ends_at"),
    ],
)
async def test_times_that_are_wrong_are_refused(
    staff: StaffClient, times: dict[str, int], field: str
) -> None:
    now = clock.now()
    body = {name: (now + timedelta(hours=hours)).isoformat() for name, hours in times.items()}
    answer = await staff.ask("POST", f"/announcements/{await write(staff)}/send", body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


async def test_the_texts_are_encrypted_and_in_no_event(staff: StaffClient, stores: Stores) -> None:
    announcement_id = await announce(staff)
    [document] = await stores.documents["announcements"].find().to_list()
    assert TEXTS["en"]["title"] not in str(document)
    async with stores.database.transaction() as db:
        payloads = await db.scalars(
            select(EventRow.payload).where(EventRow.payload["announcement_id"].astext == announcement_id)
        )
        assert all(TEXTS["en"]["title"] not in str(payload) for payload in payloads)
