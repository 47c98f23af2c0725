"""After the retention time nothing is left of a person but the books; with real stores, of which one goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.auth import crud as sign_in_failures
from gencharge.core.events.relay import Relay
from gencharge.core.rooms import checks
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.money import Money
from gencharge.operators import service as operators
from gencharge.sessions import service as sessions
from gencharge.users import erasure_service as erasure
from gencharge.users import lifecycle_service as lifecycle
from gencharge.users import numbers_service as numbers
from gencharge.users import profile_service as profile
from gencharge.users import service as users
from gencharge.users.erasure_service import ErasureIncomplete
from gencharge.users.models import DEFAULT_PREFERENCES, Erasure, User
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.conftest import database_of, test_settings
from tests.make import factories
from tests.make.money import buy, find_plan, sell_sample_plans
from tests.stores_in_trouble import without_mongo

NAME, EMAIL = "Quixotina Canary", "quixotina.canary@example.com"


PARTS = wiring.PERSONAL_DATA


# The number that was recharged is what the books are about (docs/decisions/0008-erasure.md).
BOOKS = {
    ("transfers", "phone_number"),
    ("recharges", "phone_number"),
    ("active_plans", "phone_number"),
    ("lines", "phone_number"),
}


@pytest.fixture
async def own(servers: Path, worker_id: str) -> AsyncIterator[Stores]:
    """Stores with empty databases."""
    name = database_of(servers, worker_id, "erasure")
    stores = Stores.open(test_settings(servers, name))
    await stores.mongo.drop_database(name)
    await sell_sample_plans(stores)
    yield stores
    await stores.close()


async def canary(stores: Stores) -> User:
    """A customer who left a trace in every room, and then the account."""

    async def live(db: AsyncSession) -> User:
        user = await factories.make_user(db, name="Before Canary", email="before.canary@example.com")
        await profile.update(db, user.user_id, name=NAME)
        await users.confirm_email(db, user.user_id, EMAIL)
        await profile.change_preferences(db, user.user_id, {**DEFAULT_PREFERENCES, "data_analytics": True})
        await wallet.credit(
            db, user.user_id, Money.rupees(500), source_account=Account.OPENING, code=Code.OPENING, key="o"
        )
        await sessions.start(
            db, stores.settings, user_id=user.user_id, kind="user", device=NAME, address="203.0.113.77"
        )
        saved = await numbers.save(
            db,
            user.user_id,
            phone_number=user.phone_number,
            nickname=NAME,
            operator="JIO",
            circle="KA",
            service_type="prepaid",
        )
        await numbers.edit(db, user.user_id, saved.number_id, {"nickname": f"{NAME} II"})
        await sign_in_failures.add_failure(db, user.phone_number, "", now=clock.now())
        return user

    user = await stores.database.run(live)
    plan = await find_plan(stores)

    async def leave_and_come_back(db: AsyncSession) -> None:
        await lifecycle.deactivate(db, user.user_id, by=user.user_id, reason=f"{NAME} is tired")
        await users.admit(db, user.user_id, reactivating=True)

    await stores.database.run(leave_and_come_back)
    await buy(stores, user.user_id, user.phone_number, plan.plan_id)
    await stores.database.run(
        lambda db: lifecycle.archive(
            db, PARTS, user.user_id, by=new_id(), reason="asked by letter", payout=True, keep_days=90
        )
    )
    await Relay(stores, wiring.LISTENERS).drain()
    return user


async def in_postgres(stores: Stores, *needles: str) -> set[tuple[str, str]]:
    """Every (table, column) of text or JSON that holds one of these."""
    matches = set()
    async with stores.database.transaction() as db:
        columns = await db.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
                " AND (data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY'))"
            )
        )
        for table, column in columns.all():
            for needle in needles:
                statement = f'SELECT EXISTS (SELECT FROM "{table}" WHERE "{column}"::text ILIKE :needle)'
                if await db.scalar(text(statement), {"needle": f"%{needle}%"}):
                    matches.add((table, column))
    return matches


async def in_mongo(documents: AsyncDatabase[Any], *needles: str) -> set[str]:
    collections = set()
    for name in await documents.list_collection_names():
        async for document in documents[name].find():
            collections |= {name for needle in needles if needle.lower() in str(document).lower()}
    return collections


async def in_redis(stores: Stores, *needles: str) -> set[str]:
    return {key for needle in needles async for key in stores.redis.scan_iter(f"*{needle}*")}


async def test_after_the_retention_time_no_trace_is_left_but_the_books(own: Stores) -> None:
    user = await canary(own)
    person = ("canary", user.phone_number, user.phone_number[3:], "203.0.113.77")
    assert ("users", "name") in await in_postgres(own, *person)
    assert ("sign_in_failures", "phone_number") in await in_postgres(own, *person)
    before = await own.database.run(sums)
    assert await erasure.erase_due(own, PARTS) == 0  # not yet
    with clock.later(days=89):
        assert await erasure.erase_due(own, PARTS) == 0
    assert ("users", "email") in await in_postgres(own, EMAIL)

    with clock.later(days=91):
        assert await erasure.erase_due(own, PARTS) == 1
        assert await erasure.erase_due(own, PARTS) == 0
    await Relay(own, wiring.LISTENERS).drain()

    assert await in_postgres(own, *person) == BOOKS
    assert await in_mongo(own.documents, "canary", user.phone_number, user.phone_number[3:]) == set()
    assert await own.documents["notices"].count_documents({"recipient_id": user.user_id}) == 0
    assert await in_redis(own, user.phone_number, user.phone_number[3:], "canary") == set()
    assert await own.database.run(sums) == before
    report = await checks.run(own.database, wiring.CHECKS)
    assert report.ok, "\n".join(report.lines)
    brief = (await own.database.run(lambda db: users.briefs(db, [user.user_id])))[user.user_id]
    assert (brief.name, brief.phone_number, brief.email, brief.status) == (None, "", None, "archived")
    erased = await own.documents["audit_entries"].find_one({"action": "user_erased"})
    assert erased is not None
    assert erased["user_id"] == str(user.user_id)


async def sums(db: AsyncSession) -> Any:
    """What the books say, account by account."""
    rows = await db.execute(
        text("SELECT debit, credit, count(*), sum(amount) FROM transfers GROUP BY 1, 2 ORDER BY 1, 2")
    )
    return rows.all()


async def test_while_mongodb_is_away_the_row_stays_due_and_the_job_goes_on_when_it_is_back(
    own: Stores,
) -> None:
    user = await canary(own)
    async with without_mongo(own) as away:
        with clock.later(days=91):
            with pytest.raises(ErasureIncomplete):
                await erasure.erase_due(away, PARTS)
            async with own.database.transaction() as db:
                row = await db.get_one(Erasure, user.user_id)
                assert row.leased_until is None
                assert (await profile.find(db, user.user_id)).name == NAME
            assert await erasure.erase_due(own, PARTS) == 1
    assert ("users", "name") not in await in_postgres(own, "canary")


async def test_one_that_fails_does_not_hold_up_the_others(own: Stores) -> None:
    bad, good = await canary_bare(own), await canary_bare(own)

    async def fail(_stores: Stores, user_id: Any) -> None:
        if user_id == bad.user_id:
            raise ValueError("a bug in a room")

    parts = [*PARTS, PersonalData(name="broken", erase=fail)]
    with clock.later(days=91), pytest.raises(ErasureIncomplete):
        await erasure.erase_due(own, parts)
    async with own.database.transaction() as db:
        assert list(await db.scalars(select(Erasure.user_id))) == [bad.user_id]
        assert (await profile.find(db, good.user_id)).erased_at is not None
    with clock.later(days=91):
        assert await erasure.erase_due(own, PARTS) == 1


async def canary_bare(stores: Stores) -> User:
    user = await stores.database.run(factories.make_user)
    await stores.database.run(
        lambda db: lifecycle.archive(
            db, PARTS, user.user_id, by=new_id(), reason="a test", payout=False, keep_days=90
        )
    )
    return user


async def test_two_workers_never_take_the_same_one(own: Stores) -> None:
    for _ in range(12):
        await canary_bare(own)
    seen: list[Any] = []

    async def note(_stores: Stores, user_id: Any) -> None:
        seen.append(user_id)
        await asyncio.sleep(0)

    parts = [replace(PARTS[0], erase=note)]
    with clock.later(days=91):
        done = await asyncio.gather(*(erasure.erase_due(own, parts) for _ in range(4)))
    assert sum(done) == 12
    assert len(seen) == len(set(seen)) == 12


async def test_a_number_that_has_a_new_owner_keeps_what_is_theirs(own: Stores) -> None:
    old = await canary_bare(own)

    async def sign_up(db: AsyncSession) -> User:
        fresh = await users.create(db, phone_number=old.phone_number, name="New Owner")
        await operators.remember(db, old.phone_number, SYSTEM_USER_ID, "VI", None, "prepaid")
        await sign_in_failures.add_failure(db, old.phone_number, "", now=clock.now())
        return fresh

    fresh = await own.database.run(sign_up)
    with clock.later(days=91):
        assert await erasure.erase_due(own, PARTS) == 1
    async with own.database.transaction() as db:
        assert (await operators.lookup(db, old.phone_number)).operator == "VI"
        assert len(await sign_in_failures.list_failures(db, old.phone_number, [""])) == 1
        owner = await profile.find(db, fresh.user_id)
        assert (owner.name, owner.phone_number) == ("New Owner", old.phone_number)
