"""What is known of a number: the block's first operator, what is on record, what its user says."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.postgres import functions
from gencharge.core.rooms import snapshots
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.operators import service as operators
from gencharge.operators.errors import OperatorNotFound
from gencharge.operators.models import Operator, OperatorStatus, ServiceType
from tests.make.factories import new_phone
from tests.make.processes import eventually

HINTED = "+919845012345"  # a block of Airtel's


@pytest.fixture(autouse=True)
async def seeded(app: FastAPI, stores: Stores) -> None:
    """The operators are there and this process knows them, whichever test of this database came first."""
    await stores.database.run(operators.seed)
    await operators.Operators.of(app).refresh(stores.database)


async def test_a_users_word_counts_before_the_record_and_the_record_before_the_hint(stores: Stores) -> None:
    run = stores.database.run
    phone = HINTED[:-5] + new_phone()[-5:]
    user, other = new_id(), new_id()

    async def seen(user_id: UUID | None = None) -> operators.Connection:
        return await run(lambda db: operators.lookup(db, phone, user_id))

    assert await seen() == operators.Connection("AIRTEL", None, None, "hint")
    await run(lambda db: operators.remember(db, phone, SYSTEM_USER_ID, "JIO", "KA", "postpaid"))
    recorded = operators.Connection("JIO", "KA", ServiceType.POSTPAID, "registry")
    assert await seen() == recorded
    await run(lambda db: operators.remember(db, phone, user, "VI", None, ServiceType.PREPAID))
    assert await seen(user) == operators.Connection("VI", None, ServiceType.PREPAID, "user")
    assert await seen(other) == recorded
    assert await seen() == recorded


async def test_what_a_customer_says_of_a_number_holds_for_nobody_else(stores: Stores) -> None:
    phone, owner = new_phone(), new_id()
    await stores.database.run(lambda db: operators.remember(db, phone, owner, "BSNL", "KL", "prepaid"))
    async with stores.database.transaction() as db:
        own = await operators.lookup(db, phone, owner)
        assert (own.operator, own.circle, own.known_by) == ("BSNL", "KL", "user")
        for other in (new_id(), None):
            assert await operators.lookup(db, phone, other) == operators.guess(phone)


async def test_nothing_is_known_of_a_number_of_an_unknown_block(stores: Stores) -> None:
    connection = await stores.database.run(lambda db: operators.lookup(db, "+916010000000"))
    assert connection == operators.Connection(None, None, None, None)


async def test_the_sql_function_says_the_same_as_the_lookup(stores: Stores) -> None:
    run = stores.database.run
    phone, user = new_phone(), new_id()

    async def known(user_id: UUID) -> list[tuple[Any, ...]]:
        row = await stores.database.fetch_row("SELECT * FROM known_connection($1, $2)", phone, user_id)
        assert row is not None
        return [tuple(row)]

    assert await known(user) == [(None, None, None)]
    await run(lambda db: operators.remember(db, phone, SYSTEM_USER_ID, "JIO", "KA", "postpaid"))
    assert await known(user) == await known(SYSTEM_USER_ID) == [("JIO", "KA", "postpaid")]
    await run(lambda db: operators.remember(db, phone, user, "VI", None, "prepaid"))
    assert await known(user) == [("VI", None, "prepaid")]
    assert await known(SYSTEM_USER_ID) == [("JIO", "KA", "postpaid")]


async def test_the_sql_function_finds_a_number_by_one_index_over_number_and_user(stores: Stores) -> None:
    async def plan(db: AsyncSession) -> str:
        await db.execute(text("SET LOCAL enable_seqscan = off"))
        [function] = [function for function in functions.read() if function.name == "known_connection"]
        query = function.source.partition("SELECT ")[2].partition(";")[0]
        query = "SELECT " + query.replace("INTO operator, circle, service_type", "")
        query = query.replace("p_phone", "'+919876543210'").replace("p_user", f"'{new_id()}'")
        return "\n".join((await db.execute(text(f"EXPLAIN {query}"))).scalars())

    [condition] = [line for line in (await stores.database.run(plan)).splitlines() if "Index Cond" in line]
    assert "phone_number = " in condition
    assert "user_id = ANY" in condition


async def test_saying_the_same_again_leaves_the_row_alone(stores: Stores) -> None:
    run = stores.database.run
    phone, user = new_phone(), new_id()

    async def version(db: AsyncSession) -> Any:
        rows = await db.execute(
            text("SELECT xmin::text FROM connections WHERE phone_number = :p"), {"p": phone}
        )
        return rows.scalar_one()

    await run(lambda db: operators.remember(db, phone, user, "JIO", None, "prepaid"))
    first = await run(version)
    await run(lambda db: operators.remember(db, phone, user, "JIO", None, "prepaid"))
    assert await run(version) == first
    await run(lambda db: operators.remember(db, phone, user, "JIO", "DL", "prepaid"))
    assert await run(version) != first


async def test_twenty_racing_corrections_leave_one_row(stores: Stores) -> None:
    phone, user = new_phone(), new_id()
    codes = ("JIO", "VI", "AIRTEL", "BSNL")

    async def correct(number: int) -> None:
        code = codes[number % 4]
        await stores.database.run(lambda db: operators.remember(db, phone, user, code, None, "prepaid"))

    await asyncio.gather(*(correct(number) for number in range(20)))
    row = await stores.database.fetch_row(
        "SELECT count(*), count(DISTINCT operator) FROM connections WHERE phone_number = $1", phone
    )
    assert row is not None
    assert tuple(row) == (1, 1)


async def test_an_operator_or_circle_that_is_not_there_can_not_be_remembered(stores: Stores) -> None:
    for operator, circle in (("AIRCEL", None), ("JIO", "XX")):

        async def keep(db: AsyncSession, operator: str = operator, circle: str | None = circle) -> None:
            await operators.remember(db, new_phone(), new_id(), operator, circle, "prepaid")

        with pytest.raises(IntegrityError):
            await stores.database.run(keep)


async def test_an_operator_that_goes_down_is_known_to_a_process_within_a_second(
    app: FastAPI, stores: Stores
) -> None:
    holder = operators.Operators.of(app)
    await holder.current(stores.database)

    async def mark(status: OperatorStatus) -> None:
        async def change(db: AsyncSession) -> None:
            await db.execute(update(Operator).where(Operator.code == "MTNL").values(status=status.value))
            await snapshots.bump(db, snapshots.CATALOGUE)

        await stores.database.run(change)

        async def known() -> bool:
            return holder.snapshot is not None and holder.snapshot.get("MTNL").status is status

        await eventually(known)

    await mark(OperatorStatus.DOWN)
    await mark(OperatorStatus.UP)


async def test_only_operators_of_today_are_in_the_table(stores: Stores) -> None:
    directory = await stores.database.run(operators.load_operators)
    # Tests of the staff's side may have added others to this database.
    today = ["JIO", "AIRTEL", "VI", "BSNL", "MTNL"]
    assert [operator.code for operator in directory.served if operator.code in today] == today
    assert len(directory.circles) == 22
    assert directory.get("VI").display_name == "Vi"
    with pytest.raises(OperatorNotFound):
        directory.get("AIRCEL")
