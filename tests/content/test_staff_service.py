"""Content over its life: written, published, replaced, restored, taken off; nothing lost and nothing unannounced."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from gencharge.content.service import Contents
from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.content import draft, path_of, read, texts
from tests.make.staff_client import StaffClient


async def test_a_draft_is_nobodys_until_it_is_published(staff: StaffClient, page: dict[str, Any]) -> None:
    assert (page["status"], page["latest_edition"]) == ("draft", 1)
    assert (await read(staff, page)).json()["code"] == "content_not_found"
    await staff.ask_json("POST", f"{path_of(page)}/publish", {})
    public = (await read(staff, page)).json()
    assert (public["title"], public["html"]) == (
        "How do I recharge?",
        "<p>Choose a plan, and pay.</p>\n",
    )


async def test_a_edition_is_restored_as_a_new_one(staff: StaffClient, page: dict[str, Any]) -> None:
    await staff.ask_json("POST", f"{path_of(page)}/editions", texts("Worse"))
    restored = await staff.ask_json("POST", f"{path_of(page)}/editions/1/restore")
    assert restored["latest_edition"] == 3
    assert restored["title"] == "How do I recharge?"
    assert [each["edition"] for each in restored["editions"]] == [3, 2, 1]
    refused = await staff.ask("POST", f"{path_of(page)}/editions/9/restore")
    assert (refused.status_code, refused.json()["code"]) == (404, "content_edition_not_found")


async def test_a_publication_that_is_scheduled_waits_for_its_time(
    staff: StaffClient, page: dict[str, Any]
) -> None:
    await staff.ask_json("POST", f"{path_of(page)}/publish", {})
    await staff.ask_json("POST", f"{path_of(page)}/editions", texts("For Diwali"))
    begin, end = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=2)
    window = {"active_from": begin.isoformat(), "active_until": end.isoformat()}
    scheduled = await staff.ask_json("POST", f"{path_of(page)}/publish", window)
    assert (scheduled["status"], len(scheduled["publications"])) == ("published", 2)
    assert (await read(staff, page)).json()["title"] == "How do I recharge?"
    public = Contents.of(staff.app).snapshot
    assert public is not None
    assert public.at(begin).get(page["slug"]).edition.texts["en"].title == "For Diwali"
    taken = await staff.ask_json("POST", f"{path_of(page)}/unpublish")
    assert (taken["status"], taken["publications"]) == ("draft", [])
    assert (await read(staff, page)).status_code == 404


async def test_nothing_is_published_up_to_an_instant_that_has_passed(
    staff: StaffClient, page: dict[str, Any]
) -> None:
    past = (clock.now() - timedelta(minutes=1)).isoformat()
    refused = await staff.ask("POST", f"{path_of(page)}/publish", {"active_until": past})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.active_until")
    assert (await staff.ask_json("GET", path_of(page)))["publications"] == []


async def test_who_saw_an_earlier_state_is_refused(staff: StaffClient, page: dict[str, Any]) -> None:
    seen = {"If-Match": f'"{page["etag"]}"'}
    for path, body, status in (("/publish", {}, 200), ("/publish", {}, 412), ("/editions", texts("x"), 412)):
        answer = await staff._client.post(  # the client's own headers and one more
            f"/v1{path_of(page)}{path}", headers=staff._headers | seen, json=body
        )
        assert answer.status_code == status, answer.text


async def test_twenty_writers_at_once_write_twenty_editions(staff: StaffClient, page: dict[str, Any]) -> None:
    answers = await asyncio.gather(
        *(staff.ask("POST", f"{path_of(page)}/editions", texts(f"No {n}")) for n in range(20))
    )
    # Who loses too many races is told to come again; nobody's text is lost or written over.
    written = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert written
    latest = await staff.ask_json("GET", path_of(page))
    assert latest["latest_edition"] == 1 + len(written)
    titles = {
        (await staff.ask_json("GET", f"{path_of(page)}/editions/{each['edition']}"))["texts"]["en"]["title"]
        for each in latest["editions"]
    }
    assert len(titles) == len(latest["editions"])


async def test_a_change_that_is_refused_is_not_announced(
    staff: StaffClient, page: dict[str, Any], stores: Stores
) -> None:
    async with stores.database.transaction() as db:
        before = set((await db.scalars(select(EventRow.id))).all())
    assert (await staff.ask("POST", "/content/admin", draft(slug=page["slug"]))).status_code == 409
    async with stores.database.transaction() as db:
        rows = (await db.scalars(select(EventRow).where(EventRow.id.not_in(before)))).all()
    assert [row.topic for row in rows if row.topic.startswith("Content")] == []
