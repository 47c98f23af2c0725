"""The inbox over HTTP: mine only, in order, counted; and a clear answer while MongoDB is away."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.core.events.events import Envelope
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.notifications.listeners import write_notices
from gencharge.recharge.events import PlanExpired
from gencharge.sessions.events import RefreshTokenReused
from tests.conftest import test_settings
from tests.factories import headers_for
from tests.notifications.conftest import Announce, inbox
from tests.notifications.test_templates import recharged

SOME_ID = "0198c0de-0000-7000-8000-000000000000"


class Person:
    """Somebody signed in, without a row: the guard asks no store."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient, **but: Any) -> None:
        self.id = new_id()
        self._headers = headers_for(settings, self.id, **but)
        self._client = client

    async def ask(self, method: str, path: str = "", **but: Any) -> httpx.Response:
        return await self._client.request(method, f"/v1/notifications{path}", headers=self._headers, **but)

    async def get(self, path: str = "", **query: Any) -> Any:
        answer = await self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def me(settings: Settings, client: httpx.AsyncClient) -> Person:
    return Person(settings, client)


@pytest.fixture
def other(settings: Settings, client: httpx.AsyncClient) -> Person:
    return Person(settings, client)


async def test_a_recharge_becomes_one_unread_notice(me: Person, announce: Announce) -> None:
    await announce(recharged(user_id=str(me.id)))
    page = await me.get()
    assert page["unread_count"] == 1
    assert page["next_cursor"] is None
    (notice,) = page["items"]
    assert notice["title"] == "Recharge successful"
    assert notice["type"] == "transactional"
    assert notice["kind"] == "plan_recharged"
    assert notice["viewed_at"] is None
    assert notice["created_at"].endswith("Z")
    assert notice["data"]["phone_number"] == "+919876543210"
    assert await me.get("/unread-count") == {"unread_count": 1}


async def test_an_empty_inbox_is_an_empty_page(me: Person) -> None:
    assert await me.get() == {"items": [], "next_cursor": None, "total": None, "unread_count": 0}


async def test_pages_give_each_notice_once_newest_first(me: Person, announce: Announce) -> None:
    await announce(*(recharged(user_id=str(me.id), plan_name=f"Plan {n}") for n in range(25)))
    seen: list[Any] = []
    cursor: str | None = None
    for _ in range(10):
        page = await me.get(limit=4, include_total=True, **({"cursor": cursor} if cursor else {}))
        assert page["total"] == 25
        seen.extend(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 25
    assert len({notice["notification_id"] for notice in seen}) == 25
    keys = [(notice["created_at"], notice["notification_id"]) for notice in seen]
    assert keys == sorted(keys, reverse=True)


async def test_filters_by_type_and_by_unread(me: Person, announce: Announce) -> None:
    await announce(recharged(user_id=str(me.id)), recharged(user_id=str(me.id)))
    first = (await me.get())["items"][0]["notification_id"]
    await me.ask("POST", f"/{first}/viewed")
    assert [n["notification_id"] for n in (await me.get(unread=False))["items"]] == [first]
    assert len((await me.get(unread=True, include_total=True))["items"]) == 1
    assert len((await me.get(type="transactional"))["items"]) == 2
    promotional = await me.get(type="promotional", include_total=True)
    assert promotional["items"] == []
    assert promotional["total"] == 0
    assert promotional["unread_count"] == 1, "the count is of the whole inbox"


async def test_the_first_view_counts_and_a_second_changes_nothing(me: Person, announce: Announce) -> None:
    await announce(recharged(user_id=str(me.id)))
    notice = (await me.get())["items"][0]["notification_id"]
    first = (await me.ask("POST", f"/{notice}/viewed")).json()
    second = (await me.ask("POST", f"/{notice}/viewed")).json()
    assert first["viewed_at"] is not None
    assert first == second
    assert (await me.get())["unread_count"] == 0


async def test_viewing_all_says_how_many_were_unread(me: Person, announce: Announce) -> None:
    await announce(*(recharged(user_id=str(me.id)) for _ in range(3)))
    assert (await me.ask("POST", "/viewed-all")).json() == {"viewed_count": 3}
    assert (await me.ask("POST", "/viewed-all")).json() == {"viewed_count": 0}
    assert await me.get("/unread-count") == {"unread_count": 0}


async def test_a_deleted_notice_stays_deleted_when_its_event_comes_again(me: Person, stores: Stores) -> None:
    event = recharged(user_id=str(me.id))
    again = Envelope(new_id(), datetime(2026, 8, 1, tzinfo=UTC), event, "r-1", "", "user", str(me.id))
    await write_notices(stores, [again])
    notice = (await me.get())["items"][0]["notification_id"]
    assert (await me.ask("DELETE", f"/{notice}")).status_code == 204
    await write_notices(stores, [again])
    assert (await me.get())["items"] == []
    assert (await me.ask("DELETE", f"/{notice}")).status_code == 404
    assert (await me.ask("POST", f"/{notice}/viewed")).status_code == 404
    (left,) = await inbox(stores, me.id)
    assert left["body"] == "", "what was deleted is gone, only the id stays"


async def test_nobody_sees_views_or_deletes_anothers_notice(
    me: Person, other: Person, announce: Announce
) -> None:
    await announce(recharged(user_id=str(me.id)))
    mine = (await me.get())["items"][0]["notification_id"]
    assert (await other.get())["items"] == []
    for method, path in (("POST", f"/{mine}/viewed"), ("DELETE", f"/{mine}")):
        answer = await other.ask(method, path)
        assert answer.status_code == 404
        assert answer.json()["code"] == "notification_not_found"
    assert (await other.ask("POST", "/viewed-all")).json() == {"viewed_count": 0}
    assert (await me.get())["unread_count"] == 1


async def test_the_inboxes_of_a_user_and_an_admin_of_the_same_id_are_never_mixed(
    me: Person, settings: Settings, client: httpx.AsyncClient, announce: Announce
) -> None:
    admin = Person(settings, client, kind="admin", role="SuperAdmin", user_id=me.id)
    await announce(
        recharged(user_id=str(me.id)),
        RefreshTokenReused(user_id=str(me.id), session_id=str(new_id()), kind="admin"),
    )
    (mine,) = (await me.get())["items"]
    (theirs,) = (await admin.get())["items"]
    assert mine["kind"] == "plan_recharged"
    assert theirs["kind"] == "refresh_token_reused"
    assert (await admin.ask("POST", f"/{mine['notification_id']}/viewed")).status_code == 404
    assert (await me.ask("DELETE", f"/{theirs['notification_id']}")).status_code == 404
    await admin.ask("POST", "/viewed-all")
    assert await me.get("/unread-count") == {"unread_count": 1}


async def test_the_end_of_a_plan_is_told_too(me: Person, announce: Announce) -> None:
    await announce(
        PlanExpired(user_id=str(me.id), recharge_id="r", phone_number="+919876543210", plan_name="P")
    )
    assert [n["kind"] for n in (await me.get())["items"]] == ["plan_expired"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("limit=0", 422, "validation_failed"),
        ("limit=101", 422, "validation_failed"),
        ("type=spam", 422, "validation_failed"),
        ("unread=perhaps", 422, "validation_failed"),
        ("unraed=true", 422, "validation_failed"),
        ("type[$ne]=x", 422, "validation_failed"),
        ("cursor=nonsense", 422, "cursor_invalid"),
        ("cursor=W3siJGd0IjoiIn0sMV0", 422, "cursor_invalid"),  # [{"$gt": ""}, 1]
    ],
)
async def test_a_wrong_query_is_told_what_is_wrong(me: Person, query: str, status: int, code: str) -> None:
    answer = await me.ask("GET", f"?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_id_that_is_none_is_refused(me: Person) -> None:
    assert (await me.ask("POST", "/not-an-id/viewed")).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/unread-count"),
        ("POST", "/viewed-all"),
        ("POST", f"/{SOME_ID}/viewed"),
        ("DELETE", f"/{SOME_ID}"),
    ],
)
async def test_whoever_is_not_signed_in_gets_401(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, f"/v1/notifications{path}")
    assert answer.status_code == 401


@pytest.fixture(scope="module")
async def app_without_mongo(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FastAPI]:
    nowhere: Path = tmp_path_factory.mktemp("nowhere") / "mongodb-27017.sock"
    gone = test_settings(
        settings.data_dir, settings.database_name, mongo_url=f"mongodb://{str(nowhere).replace('/', '%2F')}"
    )
    app = create_app(gone)
    async with app.router.lifespan_context(app):
        yield app


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/unread-count"), ("POST", "/viewed-all")])
async def test_while_mongodb_is_away_the_answer_is_503_with_retry_after_within_seconds(
    app_without_mongo: FastAPI, settings: Settings, method: str, path: str
) -> None:
    transport = httpx.ASGITransport(app=app_without_mongo)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        started = time.perf_counter()
        answer = await Person(settings, client).ask(method, path)
        assert time.perf_counter() - started < 3
        assert answer.status_code == 503
        assert answer.json()["code"] == "documents_unavailable"
        assert int(answer.headers["retry-after"]) >= 1
        assert (await client.get("/health/live")).status_code == 200


async def test_every_route_lists_its_errors(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    operations = [
        operation
        for path, methods in paths.items()
        if path.startswith("/v1/notifications")
        for operation in methods.values()
    ]
    assert len(operations) == 5
    assert all({"401", "503"} <= set(operation["responses"]) for operation in operations)


async def test_the_inbox_is_read_through_its_index(me: Person, stores: Stores, announce: Announce) -> None:
    await announce(recharged(user_id=str(me.id)))
    query = {"recipient_kind": "user", "recipient_id": me.id, "deleted_at": None}
    plan = await stores.documents["notices"].find(query).sort([("created_at", -1), ("_id", -1)]).explain()
    assert "'indexName': 'inbox'" in str(plan["queryPlanner"]["winningPlan"])
    assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"])
    unread = await stores.documents["notices"].find(query | {"viewed_at": None}).hint("unread").to_list()
    assert len(unread) == 1
