"""The staff's lists of users: filters, orders, pages, cost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event, text

from gencharge.core.http.paging import CursorInvalid
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.users import profile_service as profile
from gencharge.users import service as users
from gencharge.users import staff_service
from gencharge.users.errors import SortInvalid
from gencharge.users.models import User
from gencharge.users.staff_schemas import PresentUserQuery, UserQuery
from tests.conftest import database_of, test_settings
from tests.make import factories
from tests.make.users import Headers

NAMES = ("Asha Rao", "asha  devi", "Ashok Iyer", "Zoya Khan", "Æsa Lund", None, "आशा राव", "Mira Das")


@pytest.fixture(scope="module")
async def crowd(servers: Path, worker_id: str) -> AsyncIterator[tuple[Stores, list[User]]]:
    """Forty users of their own database: eight names, four statuses, two types, a day between each."""
    stores = Stores.open(test_settings(servers, database_of(servers, worker_id, "crowd")))
    created = []
    for number in range(40):
        with clock.later(days=number - 60):
            name = NAMES[number % 8]
            async with stores.database.transaction() as db:
                user = await users.create(
                    db,
                    phone_number=factories.new_phone(),
                    name=name,
                    email=f"{number}@example.com" if name else None,
                    user_type="postpaid" if number % 3 == 0 else "prepaid",
                )
                status = ("active", "active", "blocked", "deactivated", "archived")[number % 5]
                await db.execute(
                    text(
                        "UPDATE users SET status = :status, status_since = now(), status_by = user_id,"
                        " kyc_tier = :tier WHERE user_id = :id"
                    ),
                    {"status": status, "tier": "full" if number % 4 == 0 else "small", "id": user.user_id},
                )
            created.append(user)
    async with stores.database.transaction() as db:
        present = [await profile.find(db, user.user_id) for user in created]
    yield stores, present
    await stores.close()


async def every(stores: Stores, *, archived: bool = False, limit: int = 7, **filters: Any) -> list[UUID]:
    """All pages of a list, one after the other."""
    user_ids: list[UUID] = []
    cursor = None
    while True:
        async with stores.database.transaction() as db:
            if archived:
                rows, cursor = await staff_service.list_archived(
                    db, UserQuery(limit=limit, cursor=cursor, **filters)
                )
            else:
                rows, cursor = await staff_service.list_present(
                    db, PresentUserQuery(limit=limit, cursor=cursor, **filters)
                )
        user_ids.extend(row.user_id for row in rows)
        if cursor is None:
            return user_ids


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "name", "-name"])
@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"status": "active"},
        {"status": "blocked"},
        {"status": "deactivated", "user_type": "prepaid"},
        {"user_type": "postpaid", "kyc_tier": "full"},
        {"registered": True},
        {"registered": False},
        {"from": "D10", "to": "D30"},
        {"from": "D10", "status": "blocked", "registered": True},
    ],
)
async def test_every_filter_and_order_gives_what_a_plain_search_gives(
    crowd: tuple[Stores, list[User]], sort: str, filters: dict[str, Any]
) -> None:
    stores, created = crowd
    days = {
        name: created[int(value[1:])].created_at.astimezone(clock.IST).date()
        for name, value in filters.items()
        if name in {"from", "to"}
    }
    query = filters | days

    def fits(user: User) -> bool:
        day = user.created_at.astimezone(clock.IST).date()
        return (
            user.status == query.get("status", user.status)
            and user.user_type == query.get("user_type", user.user_type)
            and user.kyc_tier == query.get("kyc_tier", user.kyc_tier)
            and (user.registered_at is not None) == query.get("registered", user.registered_at is not None)
            and query.get("from", day) <= day <= query.get("to", day)
        )

    def key(user: User) -> Any:
        return (user.name_key.encode() if sort.endswith("name") else user.created_at, user.user_id)

    for archived in (False, True):
        if archived and "status" in filters:
            continue
        expected = sorted(
            (user for user in created if (user.status == "archived") is archived and fits(user)),
            key=key,
            reverse=sort.startswith("-"),
        )
        user_ids = await every(stores, archived=archived, sort=sort, **query)
        assert user_ids == [user.user_id for user in expected]


@pytest.mark.parametrize(
    ("search", "count"), [("ASHA", 8), ("ash", 12), ("asha r", 4), ("आशा", 4), ("sha", 0), ("%", 0), ("æ", 4)]
)
async def test_a_search_finds_how_names_begin(
    crowd: tuple[Stores, list[User]], search: str, count: int
) -> None:
    stores, created = crowd
    user_ids = await every(stores, search=search)
    gone = await every(stores, search=search, archived=True)
    assert len(user_ids) + len(gone) == {8: 10, 12: 15, 4: 5, 0: 0}[count]
    by_id = {user.user_id: user for user in created}
    keys = [by_id[user_id].name_key for user_id in user_ids]
    assert keys == sorted(keys, key=str.encode)
    backwards = await every(stores, search=search, sort="-name")
    assert backwards == user_ids[::-1]


async def test_a_search_is_sorted_by_name_and_nothing_else(
    crowd: tuple[Stores, list[User]], http: httpx.AsyncClient, boss: Headers
) -> None:
    with pytest.raises(SortInvalid):
        await every(crowd[0], search="a", sort="created_at")
    answer = await http.get("/users?search=a&sort=-created_at", headers=boss)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "query.sort")


async def test_an_exact_number_or_address_finds_its_present_owner(crowd: tuple[Stores, list[User]]) -> None:
    stores, created = crowd
    present, archived = created[0], created[4]
    assert await every(stores, phone_number=present.phone_number) == [present.user_id]
    assert await every(stores, email=str(present.email).upper()) == [present.user_id]
    assert await every(stores, phone_number=present.phone_number, status="blocked") == []
    assert await every(stores, phone_number=archived.phone_number) == []
    assert await every(stores, archived=True, phone_number=archived.phone_number) == [archived.user_id]
    assert await every(stores, archived=True, email=archived.email) == [archived.user_id]
    assert await every(stores, archived=True, phone_number=present.phone_number) == []
    assert await every(stores, phone_number=factories.new_phone()) == []


async def test_an_admins_number_finds_no_customer(
    http: httpx.AsyncClient, stores: Stores, boss: Headers
) -> None:
    admin = await stores.database.run(factories.make_admin)
    answer = await http.get("/users", headers=boss, params={"phone_number": admin.phone_number})
    assert answer.json() == {"items": [], "next_cursor": None, "total": None}


async def test_a_cursor_of_another_order_is_refused(crowd: tuple[Stores, list[User]]) -> None:
    stores, _ = crowd
    async with stores.database.transaction() as db:
        _, cursor = await staff_service.list_present(db, PresentUserQuery(limit=1, sort="name"))
        with pytest.raises(CursorInvalid):
            await staff_service.list_present(db, PresentUserQuery(limit=1, sort="created_at", cursor=cursor))


async def test_a_page_takes_the_same_few_statements_whatever_its_size(
    crowd: tuple[Stores, list[User]],
) -> None:
    stores, _ = crowd
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(stores.database.engine.sync_engine, "before_cursor_execute", note)
    try:
        for limit in (1, 100):
            seen.clear()
            async with stores.database.transaction() as db:
                await staff_service.list_present(db, PresentUserQuery(limit=limit, status="blocked"))
            assert len([statement for statement in seen if "users" in statement]) <= 2
    finally:
        event.remove(stores.database.engine.sync_engine, "before_cursor_execute", note)


async def test_a_new_name_is_found_at_once(
    http: httpx.AsyncClient, user_headers: Headers, boss: Headers, user: User
) -> None:
    await http.patch("/users/me", headers=user_headers, json={"name": "Quintessa  Vaz"})
    items = (await http.get("/users?search=quintessa%20v", headers=boss)).json()["items"]
    assert [one["user_id"] for one in items] == [str(user.user_id)]
