"""Reading the trail: filters, pages, bounded cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from gencharge.audit import crud
from gencharge.audit import service as audit
from gencharge.audit.staff_schemas import AuditQuery
from gencharge.core.events.events import Envelope
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.notifications.events import NoticesWritten
from tests.audit.conftest import entries
from tests.make.audit import (
    CLERK,
    CUSTOMER,
    DAY,
    OTHER_CLERK,
    Ask,
    TableFailed,
    envelope,
    numbers,
)
from tests.make.notifications import recharged


@pytest.mark.parametrize(
    ("query", "expected"),
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
async def test_every_filter_alone_and_together_newest_first(ask: Ask, query: Any, expected: Any) -> None:
    assert await numbers(ask, **query) == list(expected)


@pytest.mark.parametrize("sort", ["-occurred_at", "occurred_at"])
@pytest.mark.parametrize("query", [{}, {"actor_kind": "admin"}, {"object_type": "table"}])
async def test_pages_give_each_entry_once(ask: Ask, sort: str, query: dict[str, str]) -> None:
    expected = await numbers(ask, sort=sort, **query)
    seen: list[int] = []
    cursor: dict[str, str] = {}
    for _ in range(20):
        page = await ask(limit=3, sort=sort, **query, **cursor)
        seen.extend(int(entry["request_id"].removeprefix("r-")) for entry in page["items"])
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == expected


async def test_entries_of_one_instant_are_given_once_each(trail_app: FastAPI) -> None:
    stores: Stores = trail_app.state.stores
    actor = new_id()
    event = TableFailed(user_id=str(SYSTEM_USER_ID), table_id="same")
    await audit.record(stores, [envelope(event, 99, actor_id=str(actor)) for _ in range(7)])
    seen: list[UUID] = []
    cursor: str | None = None
    while True:
        query = AuditQuery(limit=2, cursor=cursor, actor_id=actor)
        page, cursor = await audit.read(stores.documents, query)
        seen.extend(entry["_id"] for entry in page)
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7
    await stores.documents["audit_entries"].delete_many({"actor.id": str(actor)})


async def test_a_page_looks_at_a_bounded_number_of_entries_and_the_next_one_goes_on(
    trail_app: FastAPI,
) -> None:
    documents = trail_app.state.stores.documents
    lengths: list[int] = []
    seen = 0
    cursor: str | None = None
    while True:
        query = AuditQuery(limit=5, cursor=cursor, actor_kind="user")
        page, cursor = await audit.read(documents, query, look_through=4)
        lengths.append(len(page))
        seen += len(page)
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
    trail_app: FastAPI, query: Any, index: str
) -> None:
    indexed, _ = audit._conditions(AuditQuery.model_validate(query))
    collection = trail_app.state.stores.documents[crud.COLLECTION]
    plan = await collection.find(indexed).sort([("occurred_at", -1), ("_id", -1)]).limit(10).explain()
    winning = str(plan["queryPlanner"]["winningPlan"])
    assert f"'indexName': '{index}'" in winning
    assert "'SORT'" not in winning


async def test_a_signal_between_rooms_is_not_in_the_trail(trail: Stores) -> None:
    written = NoticesWritten(user_id=str(new_id()), recipients={str(new_id()): f"user:{new_id()}"})
    now = datetime.now(UTC)
    await audit.record(trail, [Envelope(new_id(), now, written, "r", "", "system", "")])
    assert await entries(trail).count_documents({}) == 0
    await audit.record(
        trail,
        [Envelope(new_id(), now, event, "r", "", "system", "") for event in (written, recharged())],
    )
    assert await entries(trail).count_documents({}) == 1
