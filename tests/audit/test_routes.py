"""The audit trail over HTTP: every filter, pages, a bounded cost, nothing but plain values, and MongoDB away."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.audit import crud
from gencharge.audit import sealing_service as sealing
from gencharge.audit import service as audit
from gencharge.audit.staff_schemas import AuditQuery
from gencharge.core.events.events import Envelope, Event
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from tests.conftest import database_of, test_settings
from tests.factories import headers_for, know_roles, new_client

SOME_ID = "0198c0de-0000-7000-8000-000000000000"
DAY = datetime(2026, 8, 1, 10, 0, tzinfo=UTC)
CUSTOMER, CLERK, OTHER_CLERK = (str(new_id()) for _ in range(3))
INJECTIONS = (
    '{"$ne": null}',
    '{"$gt": ""}',
    '{"$where": "sleep(3000)"}',
    "$ne",
    "[$ne]",
    "'; return true; var a='",
    "' || '1'=='1",
    "true, $where: '1 == 1'",
    ".*",
    "^.*$",
    "a\x00b",
    "$regex",
    "function(){return true}",
    '["a"]',
    "ObjectId('x')",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMoved(Event):
    """An event of these tests, of the staff."""

    table_id: str
    changes: dict[str, Any]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFailed(Event):
    """An event of these tests that failed."""

    table_id: str


Ask = Callable[..., Awaitable[Any]]


def envelope(event: Event, number: int, **but: Any) -> Envelope:
    values: dict[str, Any] = {
        "id": new_id(),
        "occurred_at": DAY + timedelta(minutes=number),
        "event": event,
        "request_id": f"r-{number}",
        "address": "203.0.113.9",
        "actor_kind": "admin",
        "actor_id": CLERK,
    }
    return Envelope(**(values | but))


@pytest.fixture(scope="module")
async def app(servers: Path, worker_id: str) -> AsyncIterator[FastAPI]:
    """An application whose trail holds these tests' entries only: twelve moves, then a failure and one of a user."""
    app = create_app(test_settings(servers, database_of(servers, worker_id, "auditlogs")))
    async with app.router.lifespan_context(app):
        stores: Stores = app.state.stores
        await stores.mongo.drop_database(stores.settings.mongo_database)
        moves = [
            envelope(
                TableMoved(
                    user_id=str(SYSTEM_USER_ID),
                    table_id=f"t-{number % 3}",
                    changes={"row": {"old": number, "new": number + 1}},
                    reason="9876543210 asked",
                ),
                number,
            )
            for number in range(12)
        ]
        failed = envelope(TableFailed(user_id=CUSTOMER, table_id="t-0"), 12, actor_id=OTHER_CLERK)
        own = envelope(
            TableMoved(user_id=CUSTOMER, table_id="t-9", changes={}),
            13,
            actor_kind="user",
            actor_id=CUSTOMER,
            request_id="r-13",
        )
        await audit.record(stores, [*reversed(moves), failed, own])
        await sealing.seal(stores, delay_seconds=0)
        await know_roles(app)
        yield app
        await stores.mongo.drop_database(stores.settings.mongo_database)


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with new_client(app) as client:
        yield client


@pytest.fixture
def auditor(app: FastAPI) -> dict[str, str]:
    """Whoever may read the trail."""
    return headers_for(app.state.settings, new_id(), kind="admin", role="Manager")


@pytest.fixture
def ask(http: httpx.AsyncClient, auditor: dict[str, str]) -> Ask:
    async def run(**query: Any) -> Any:
        answer = await http.get("/v1/audit-logs", params=query, headers=auditor)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return run


async def numbers(ask: Ask, **query: Any) -> list[int]:
    """Which of the entries a query finds, by the number in their request's id."""
    page = await ask(**{"limit": 100, **query})
    assert page["next_cursor"] is None
    return [int(entry["request_id"].removeprefix("r-")) for entry in page["items"]]


async def test_an_entry_says_who_did_what_to_what_why_and_where_it_stands_in_the_chain(
    ask: Ask, http: httpx.AsyncClient, auditor: dict[str, str], app: FastAPI
) -> None:
    (found,) = (await ask(request_id="r-4"))["items"]
    stored = await app.state.stores.documents["audit_entries"].find_one({"request_id": "r-4"})
    assert found.pop("recorded_at").endswith("Z")
    assert found == {
        "entry_id": str(stored["_id"]),
        "occurred_at": "2026-08-01T10:04:00Z",
        "actor_kind": "admin",
        "actor_id": CLERK,
        "action": "table_moved",
        "object_type": "table",
        "object_id": "t-1",
        "user_id": None,
        "changes": {"row": {"old": 4, "new": 5}},
        "details": {},
        "reason": "+91******3210 asked",
        "request_id": "r-4",
        "address": "203.0.113.9",
        "result": "succeeded",
        "sequence": stored["sequence"],
        "hash": stored["hash"],
    }
    one = await http.get(f"/v1/audit-logs/{found['entry_id']}", headers=auditor)
    assert one.status_code == 200
    assert one.json()["hash"] == stored["hash"]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, range(13, -1, -1)),
        ({"sort": "occurred_at"}, range(14)),
        ({"actor_id": OTHER_CLERK}, [12]),
        ({"actor_kind": "user"}, [13]),
        ({"actor_kind": "admin"}, range(12, -1, -1)),
        ({"actor_kind": "system"}, []),
        ({"action": "table_failed"}, [12]),
        ({"object_type": "table", "object_id": "t-0"}, [12, 9, 6, 3, 0]),
        ({"object_id": "t-2"}, [11, 8, 5, 2]),
        ({"object_type": "plan"}, []),
        ({"user_id": CUSTOMER}, [13, 12]),
        ({"user_id": CUSTOMER.upper()}, [13, 12]),
        ({"result": "failed"}, [12]),
        ({"result": "succeeded", "user_id": CUSTOMER}, [13]),
        ({"request_id": "r-7"}, [7]),
        ({"from": "2026-08-01T10:11:00Z"}, [13, 12, 11]),
        ({"to": "2026-08-01T10:02:00Z"}, [1, 0]),
        ({"from": "2026-08-01T15:33:00+05:30", "to": "2026-08-01T10:05:00Z"}, [4, 3]),
        ({"actor_id": CLERK, "object_id": "t-0", "from": "2026-08-01T10:04:00Z"}, [9, 6]),
        ({"actor_kind": "admin", "result": "failed", "action": "table_failed", "object_type": "table"}, [12]),
    ],
)
async def test_every_filter_alone_and_together_newest_first(ask: Ask, query: Any, wanted: Any) -> None:
    assert await numbers(ask, **query) == list(wanted)


@pytest.mark.parametrize("sort", ["-occurred_at", "occurred_at"])
@pytest.mark.parametrize("query", [{}, {"actor_kind": "admin"}, {"object_type": "table"}])
async def test_pages_give_each_entry_once(ask: Ask, sort: str, query: dict[str, str]) -> None:
    wanted = await numbers(ask, sort=sort, **query)
    seen: list[int] = []
    cursor: dict[str, str] = {}
    for _ in range(20):
        page = await ask(limit=3, sort=sort, **query, **cursor)
        seen.extend(int(entry["request_id"].removeprefix("r-")) for entry in page["items"])
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == wanted


async def test_entries_of_one_instant_are_given_once_each(app: FastAPI) -> None:
    stores: Stores = app.state.stores
    actor = new_id()
    event = TableFailed(user_id=str(SYSTEM_USER_ID), table_id="same")
    await audit.record(stores, [envelope(event, 99, actor_id=str(actor)) for _ in range(7)])
    seen: list[UUID] = []
    cursor: str | None = None
    while True:
        query = AuditQuery(limit=2, cursor=cursor, actor_id=actor)
        found, cursor = await audit.read(stores.documents, query)
        seen.extend(entry["_id"] for entry in found)
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7
    await stores.documents["audit_entries"].delete_many({"actor.id": str(actor)})


async def test_a_page_looks_at_a_bounded_number_of_entries_and_the_next_one_goes_on(app: FastAPI) -> None:
    documents = app.state.stores.documents
    lengths: list[int] = []
    seen = 0
    cursor: str | None = None
    while True:
        query = AuditQuery(limit=5, cursor=cursor, actor_kind="user")
        found, cursor = await audit.read(documents, query, look_through=4)
        lengths.append(len(found))
        seen += len(found)
        if cursor is None:
            break
    assert seen == 1
    assert lengths == [1, 0, 0, 0], "fourteen entries, four at a time"


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"request_id": "r-1", "actor_kind": "admin"}, "of_request_in_time"),
        ({"object_id": "t-1", "action": "table_moved"}, "of_object_in_time"),
        ({"actor_id": CLERK}, "of_actor_in_time"),
        ({"user_id": CUSTOMER, "from": DAY}, "of_user_in_time"),
        ({"action": "table_moved", "from": DAY, "to": DAY + timedelta(days=1)}, "of_action_in_time"),
        ({"result": "failed"}, "failed_in_time"),
        ({"actor_kind": "admin"}, "of_admins_in_time"),
        ({"object_type": "table"}, "in_time"),
        ({"result": "succeeded", "actor_kind": "user", "from": DAY}, "in_time"),
        ({}, "in_time"),
    ],
)
async def test_what_is_looked_through_is_given_by_an_index_in_order(
    app: FastAPI, query: Any, index: str
) -> None:
    indexed, _ = audit._conditions(AuditQuery.model_validate(query))
    collection = app.state.stores.documents[crud.COLLECTION]
    plan = await collection.find(indexed).sort([("occurred_at", -1), ("_id", -1)]).limit(10).explain()
    winning = str(plan["queryPlanner"]["winningPlan"])
    assert f"'indexName': '{index}'" in winning
    assert "'SORT'" not in winning


@pytest.mark.parametrize(
    "name", ["actor_id", "action", "object_type", "object_id", "user_id", "result", "request_id"]
)
@pytest.mark.parametrize("value", INJECTIONS)
async def test_a_filter_is_a_plain_value_or_refused(
    http: httpx.AsyncClient, auditor: dict[str, str], name: str, value: str
) -> None:
    answer = await http.get("/v1/audit-logs", params={name: value}, headers=auditor)
    if value == ".*" and name in {"object_id", "request_id"}:
        assert answer.json()["items"] == [], "a plain text that is no entry's"
    else:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == f"query.{name}"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("action[$ne]=x", "validation_failed"),
        ("action%5B%24ne%5D=x", "validation_failed"),
        ("$where=1", "validation_failed"),
        ("actor.id=x", "validation_failed"),
        ("actor_kind=nobody", "validation_failed"),
        ("limit=0", "validation_failed"),
        ("limit=101", "validation_failed"),
        ("include_total=true", "validation_failed"),
        ("sort=hash", "validation_failed"),
        ("from=yesterday", "validation_failed"),
        ("from=2026-08-01T10:00:00", "validation_failed"),
        ("from=0001-01-01T00:00:00%2B14:00", "validation_failed"),
        ("to=9999-12-31T23:59:59-14:00", "validation_failed"),
        ("from=2026-08-02T00:00:00Z&to=2026-08-01T00:00:00Z", "validation_failed"),
        (f"object_id={'x' * 65}", "validation_failed"),
        ("cursor=nonsense", "cursor_invalid"),
        ("cursor=W3siJGd0IjoiIn0sMV0", "cursor_invalid"),  # [{"$gt": ""}, 1]
    ],
)
async def test_a_wrong_query_is_told_what_is_wrong(
    http: httpx.AsyncClient, auditor: dict[str, str], query: str, code: str
) -> None:
    answer = await http.get(f"/v1/audit-logs?{query}", headers=auditor)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_an_instant_at_the_end_of_time_is_no_error(ask: Ask) -> None:
    assert await numbers(ask, **{"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"})


async def test_who_may_not_read_the_trail_does_not(
    http: httpx.AsyncClient, app: FastAPI, auditor: dict[str, str]
) -> None:
    settings: Settings = app.state.settings
    for path in ("/v1/audit-logs", f"/v1/audit-logs/{SOME_ID}"):
        assert (await http.get(path)).status_code == 401
        for headers, code in (
            (headers_for(settings, new_id()), "admins_only"),
            (headers_for(settings, new_id(), kind="admin", role="Support"), "permission_denied"),
            (
                headers_for(settings, new_id(), kind="admin", role="Manager", operator_scope=("JIO",)),
                "operator_scope_too_narrow",
            ),
        ):
            answer = await http.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, code)


async def test_an_entry_that_is_not_there_is_not_found(
    http: httpx.AsyncClient, auditor: dict[str, str]
) -> None:
    answer = await http.get(f"/v1/audit-logs/{SOME_ID}", headers=auditor)
    assert (answer.status_code, answer.json()["code"]) == (404, "audit_entry_not_found")
    assert (await http.get("/v1/audit-logs/not-an-id", headers=auditor)).status_code == 422


async def test_an_entry_that_was_tampered_with_is_shown_as_it_is_now(
    http: httpx.AsyncClient, auditor: dict[str, str], app: FastAPI
) -> None:
    entry_id = new_id()
    await app.state.stores.documents["audit_entries"].insert_one({"_id": entry_id, "action": 5})
    answer = await http.get(f"/v1/audit-logs/{entry_id}", headers=auditor)
    assert answer.status_code == 200
    assert answer.json()["action"] == 5
    assert answer.json()["changes"] == {}
    await app.state.stores.documents["audit_entries"].delete_one({"_id": entry_id})


@pytest.mark.parametrize("path", ["", f"/{SOME_ID}"])
async def test_while_mongodb_is_away_the_answer_is_503_with_retry_after_within_seconds(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, path: str
) -> None:
    nowhere: Path = tmp_path_factory.mktemp("nowhere") / "mongodb-27017.sock"
    gone = test_settings(
        settings.data_dir, settings.database_name, mongo_url=f"mongodb://{str(nowhere).replace('/', '%2F')}"
    )
    app = create_app(gone)
    async with app.router.lifespan_context(app), new_client(app) as client:
        await know_roles(app)
        headers = headers_for(gone, new_id(), kind="admin", role="Manager")
        started = time.perf_counter()
        answer = await client.get(f"/v1/audit-logs{path}", headers=headers)
        assert time.perf_counter() - started < 3
        assert (answer.status_code, answer.json()["code"]) == (503, "documents_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
