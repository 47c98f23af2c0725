"""The staff's list: filtered, paged, with how many have viewed each."""

from __future__ import annotations

from datetime import timedelta

from gencharge.core.values import clock
from gencharge.users.models import User
from tests.announcements.conftest import Inboxes
from tests.make.announcements import announce, send, write
from tests.make.staff_client import StaffClient


async def test_each_status_has_its_own(staff: StaffClient) -> None:
    by_status = {"draft": await write(staff), "shown": await announce(staff)}
    by_status["scheduled"] = await write(staff)
    begin = clock.now() + timedelta(hours=1)
    await send(staff, by_status["scheduled"], starts_at=begin.isoformat())
    by_status["cancelled"] = await announce(staff)
    await staff.ask_json("POST", f"/announcements/{by_status['cancelled']}/cancel")
    for status, announcement_id in by_status.items():
        page = await staff.ask_json("GET", f"/announcements?status={status}&include_total=true")
        assert [item["announcement_id"] for item in page["items"]] == [announcement_id]
        assert (page["total"], page["items"][0]["status"]) == (1, status)
    assert (await staff.ask_json("GET", "/announcements?status=ended"))["items"] == []


async def test_pages_follow_each_other_and_filters_narrow_them(staff: StaffClient, customer: User) -> None:
    ids = [await write(staff) for _ in range(3)]
    own = await write(staff, audience={"kind": "customer", "user_id": str(customer.user_id)})
    first = await staff.ask_json("GET", "/announcements?limit=2")
    second = await staff.ask_json("GET", f"/announcements?limit=2&cursor={first['next_cursor']}")
    pages = [*first["items"], *second["items"]]
    assert [item["announcement_id"] for item in pages] == [own, *reversed(ids)]
    assert second["next_cursor"] is None
    for query in (f"user_id={customer.user_id}", "kind=customer"):
        page = await staff.ask_json("GET", f"/announcements?{query}")
        assert [item["announcement_id"] for item in page["items"]] == [own]


async def test_it_is_counted_who_viewed_one(staff: StaffClient, customer: User, inbox: Inboxes) -> None:
    announcement_id = await announce(staff)
    assert (await staff.ask_json("GET", "/announcements"))["items"][0]["figures"]["viewed"] == 0
    await inbox(customer.user_id, "POST", f"/{announcement_id}/viewed")
    assert (await staff.ask_json("GET", "/announcements"))["items"][0]["figures"]["viewed"] == 1
    assert (await staff.ask_json("GET", f"/announcements/{announcement_id}"))["figures"]["viewed"] == 1
