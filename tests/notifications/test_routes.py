"""The inbox over HTTP: mine only, in order, counted; and a clear answer while MongoDB is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.conftest import test_settings
from tests.make.notifications import Person, recharged
from tests.make.processes import within
from tests.notifications.conftest import Announce

SOME_ID = "0198c0de-0000-7000-8000-000000000000"


async def test_an_empty_inbox_is_an_empty_page(customer: Person) -> None:
    assert await customer.get() == {"items": [], "next_cursor": None, "total": None, "unread_count": 0}


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
async def test_a_wrong_query_is_told_what_is_wrong(
    customer: Person, query: str, status: int, code: str
) -> None:
    answer = await customer.ask("GET", f"?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_id_that_is_none_is_refused(customer: Person) -> None:
    assert (await customer.ask("POST", "/not-an-id/viewed")).status_code == 422


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
        async with within(3):
            answer = await Person(settings, client).ask(method, path)
        assert answer.status_code == 503
        assert answer.json()["code"] == "documents_unavailable"
        assert int(answer.headers["retry-after"]) >= 1
        assert (await client.get("/health/live")).status_code == 200


async def test_every_route_lists_its_errors(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    operations = [
        operation
        for path, methods in paths.items()
        if path.startswith("/v1/notifications")
        for operation in methods.values()
    ]
    assert len(operations) >= 13
    assert all({"401", "503"} <= set(operation["responses"]) for operation in operations)


async def test_the_inbox_is_read_through_its_index(
    customer: Person, stores: Stores, announce: Announce
) -> None:
    await announce(recharged(user_id=str(customer.id)))
    query = {"recipient_kind": "user", "recipient_id": customer.id, "deleted_at": None}
    plan = await stores.documents["notices"].find(query).sort([("created_at", -1), ("_id", -1)]).explain()
    assert "'indexName': 'inbox'" in str(plan["queryPlanner"]["winningPlan"])
    assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"])
    unread = (
        await stores.documents["notices"].find(query | {"viewed_at": None}).hint("unread_newest").to_list()
    )
    assert len(unread) == 1
