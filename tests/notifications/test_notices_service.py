"""The inbox: read, viewed, deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from gencharge.core.events.events import Envelope
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.notifications.listeners import write_notices
from gencharge.sessions.events import RefreshTokenReused
from tests.make.notifications import Person, recharged
from tests.notifications.conftest import Announce, inbox


@pytest.fixture
def other(settings: Settings, client: httpx.AsyncClient) -> Person:
    return Person(settings, client)


async def test_pages_give_each_notice_once_newest_first(customer: Person, announce: Announce) -> None:
    await announce(*(recharged(user_id=str(customer.id), plan_name=f"Plan {n}") for n in range(25)))
    seen: list[Any] = []
    cursor: str | None = None
    for _ in range(10):
        page = await customer.get(limit=4, include_total=True, **({"cursor": cursor} if cursor else {}))
        assert page["total"] == 25
        seen.extend(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 25
    assert len({notice["notification_id"] for notice in seen}) == 25
    keys = [(notice["created_at"], notice["notification_id"]) for notice in seen]
    assert keys == sorted(keys, reverse=True)


async def test_filters_by_type_and_by_unread(customer: Person, announce: Announce) -> None:
    await announce(recharged(user_id=str(customer.id)), recharged(user_id=str(customer.id)))
    first = (await customer.get())["items"][0]["notification_id"]
    await customer.ask("POST", f"/{first}/viewed")
    assert [n["notification_id"] for n in (await customer.get(unread=False))["items"]] == [first]
    assert len((await customer.get(unread=True, include_total=True))["items"]) == 1
    assert len((await customer.get(type="transactional"))["items"]) == 2
    promotional = await customer.get(type="promotional", include_total=True)
    assert promotional["items"] == []
    assert promotional["total"] == 0
    assert promotional["unread_count"] == 1, "the count is of the whole inbox"


async def test_the_first_view_counts_and_a_second_changes_nothing(
    customer: Person, announce: Announce
) -> None:
    await announce(recharged(user_id=str(customer.id)))
    notice = (await customer.get())["items"][0]["notification_id"]
    first = (await customer.ask("POST", f"/{notice}/viewed")).json()
    second = (await customer.ask("POST", f"/{notice}/viewed")).json()
    assert first["viewed_at"] is not None
    assert first == second
    assert (await customer.get())["unread_count"] == 0


async def test_viewing_all_says_how_many_were_unread(customer: Person, announce: Announce) -> None:
    await announce(*(recharged(user_id=str(customer.id)) for _ in range(3)))
    assert (await customer.ask("POST", "/viewed-all")).json() == {"viewed_count": 3}
    assert (await customer.ask("POST", "/viewed-all")).json() == {"viewed_count": 0}
    assert await customer.get("/unread-count") == {"unread_count": 0}


async def test_a_deleted_notice_stays_deleted_when_its_event_comes_again(
    customer: Person, stores: Stores
) -> None:
    event = recharged(user_id=str(customer.id))
    again = Envelope(new_id(), datetime(2026, 8, 1, tzinfo=UTC), event, "r-1", "", "user", str(customer.id))
    await write_notices(stores, [again])
    notice = (await customer.get())["items"][0]["notification_id"]
    assert (await customer.ask("DELETE", f"/{notice}")).status_code == 204
    await write_notices(stores, [again])
    assert (await customer.get())["items"] == []
    assert (await customer.ask("DELETE", f"/{notice}")).status_code == 404
    assert (await customer.ask("POST", f"/{notice}/viewed")).status_code == 404
    (left,) = await inbox(stores, customer.id)
    assert left["content"] == "", "what was deleted is gone, only the id stays"


async def test_nobody_sees_views_or_deletes_anothers_notice(
    customer: Person, other: Person, announce: Announce
) -> None:
    await announce(recharged(user_id=str(customer.id)))
    notice_id = (await customer.get())["items"][0]["notification_id"]
    assert (await other.get())["items"] == []
    for method, path in (("POST", f"/{notice_id}/viewed"), ("DELETE", f"/{notice_id}")):
        answer = await other.ask(method, path)
        assert answer.status_code == 404
        assert answer.json()["code"] == "notification_not_found"
    assert (await other.ask("POST", "/viewed-all")).json() == {"viewed_count": 0}
    assert (await customer.get())["unread_count"] == 1


async def test_the_inboxes_of_a_user_and_an_admin_of_the_same_id_are_never_mixed(
    customer: Person, settings: Settings, client: httpx.AsyncClient, announce: Announce
) -> None:
    admin = Person(settings, client, kind="admin", role="SuperAdmin", user_id=customer.id)
    await announce(
        recharged(user_id=str(customer.id)),
        RefreshTokenReused(user_id=str(customer.id), session_id=str(new_id()), kind="admin"),
    )
    (notice,) = (await customer.get())["items"]
    (theirs,) = (await admin.get())["items"]
    assert notice["kind"] == "plan_recharged"
    assert theirs["kind"] == "refresh_token_reused"
    assert (await admin.ask("POST", f"/{notice['notification_id']}/viewed")).status_code == 404
    assert (await customer.ask("DELETE", f"/{theirs['notification_id']}")).status_code == 404
    await admin.ask("POST", "/viewed-all")
    assert await customer.get("/unread-count") == {"unread_count": 1}
