"""Everything that is held about a customer, in one document, without holding it in memory."""

from __future__ import annotations

import json
import tracemalloc

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge import wiring
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.operators import service as operators
from gencharge.users import export_service as exports
from gencharge.users import lifecycle_service as lifecycle
from gencharge.users.errors import UserNotFound
from gencharge.users.models import User
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.make import factories
from tests.make.money import buy, find_plan, make_number
from tests.make.users import Headers, events_of
from tests.stores_in_trouble import without_mongo


async def test_my_export_has_all_of_mine_and_nothing_of_others(
    app: FastAPI, http: httpx.AsyncClient, shop: Stores, user: User, user_headers: Headers
) -> None:
    other = await shop.database.run(factories.make_user)
    for one in (user, other):

        async def unit(db: object, one: User = one) -> None:
            await wallet.credit(
                db, one.user_id, Money.rupees(900), source_account=Account.OPENING, code=Code.OPENING, key="o"
            )
            await operators.remember(db, one.phone_number, one.user_id, "JIO", None, "prepaid")

        await shop.database.run(unit)
        plan = await find_plan(shop)
        await buy(shop, one.user_id, await make_number(shop), plan.plan_id)
    await Relay(shop, wiring.LISTENERS).drain()
    answer = await http.get("/users/me/export", headers=user_headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="gencharge-data.json"'
    assert answer.headers["cache-control"] == "no-store"
    export = answer.json()
    assert export["profile"]["user"]["phone_number"] == user.phone_number
    assert export["profile"]["preferences"]["transactional_alerts"] is True
    assert export["wallet"]["now"] == {"balance": 601.0, "held": 0.0}
    assert [one["category"] for one in export["wallet"]["transactions"]] == ["opening", "recharge"]
    assert [one["plan_name"] for one in export["recharges"]] == [plan.name]
    assert [one["phone_number"] for one in export["connections"]] == [user.phone_number]
    assert [one["device"] for one in export["sessions"]] == ["tests"]
    assert [one["kind"] for one in export["notifications"]] == ["plan_recharged"]
    assert other.phone_number not in answer.text
    assert str(other.user_id) not in answer.text
    assert not any(word in answer.text for word in ("token", "hash", "seed"))
    assert len(await events_of(shop, user.user_id, "UserDataExported")) <= 1


async def test_an_export_by_the_staff_is_the_same_and_leaves_an_entry(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers, boss: Headers
) -> None:
    own = (await http.get("/users/me/export", headers=user_headers)).json()
    theirs = (await http.get(f"/users/{user.user_id}/export", headers=boss)).json()
    assert own == theirs
    assert own["recharges"] == []
    async with stores.database.transaction() as db:
        rows = await db.execute(
            text("SELECT context FROM events WHERE topic = 'UserDataExported' AND user_id = :id ORDER BY id"),
            {"id": user.user_id},
        )
        assert [row.context["actor_kind"] for row in rows] == ["user", "admin"]
    missing = await http.get(f"/users/{new_id()}/export", headers=boss)
    assert (missing.status_code, missing.json()["code"]) == (404, "user_not_found")


async def live_long(stores: Stores, user: User, rows: int) -> None:
    """Give a customer a ledger of so many rows, of about 600 bytes each in the export."""
    await stores.database.run(
        lambda db: db.execute(
            text("""
                INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, phone_number)
                SELECT :user_id, gen_random_uuid(), 'opening', 'user:main', 1, 1, 'many:' || i, repeat('9', 200)
                FROM generate_series(1, CAST(:rows AS int)) AS i
            """),
            {"user_id": user.user_id, "rows": rows},
        )
    )
    await stores.database.run(
        lambda db: db.execute(
            text("UPDATE wallets SET posted = :rows WHERE user_id = :user_id"),
            {"user_id": user.user_id, "rows": rows},
        )
    )


async def test_a_long_history_is_written_while_it_is_read(shop: Stores, user: User) -> None:
    # What a process loads and remembers with its first export is no part of the history.
    first = await shop.database.run(factories.make_user)
    await live_long(shop, first, 10)
    assert [chunk async for chunk in await exports.export(shop, wiring.PERSONAL_DATA, first.user_id)]
    await live_long(shop, user, 8_000)
    size, largest, beginning = 0, 0, b""
    tracemalloc.start()
    async for chunk in await exports.export(shop, wiring.PERSONAL_DATA, user.user_id):
        size += len(chunk)
        largest = max(largest, len(chunk))
        beginning = beginning or chunk
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 3_000_000
    assert largest < 100_000
    assert peak < size / 2
    assert beginning.startswith(b'{"profile":{')


async def test_while_mongodb_is_away_nothing_is_sent_but_the_reason(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers
) -> None:
    async with without_mongo(stores) as away:
        with pytest.raises(Exception, match="part of the service is temporarily unavailable"):
            await exports.export(away, wiring.PERSONAL_DATA, user.user_id)
    assert await events_of(stores, user.user_id, "UserDataExported") == []
    with pytest.raises(UserNotFound):
        await exports.export(stores, wiring.PERSONAL_DATA, new_id())


async def test_an_archived_users_data_can_still_be_exported_by_the_staff(
    http: httpx.AsyncClient, stores: Stores, user: User, boss: Headers
) -> None:
    await stores.database.run(
        lambda db: lifecycle.archive(
            db, wiring.PERSONAL_DATA, user.user_id, by=new_id(), reason="a test", payout=False, keep_days=90
        )
    )
    answer = await http.get(f"/users/{user.user_id}/export", headers=boss)
    assert json.loads(answer.content)["profile"]["user"]["status"] == "archived"
