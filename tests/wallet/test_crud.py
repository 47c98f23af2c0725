"""The balance at any past instant is what it was then, and the staff's lists are read by indexes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.sessions.guards import Principal
from gencharge.wallet import adjustments_service as adjustments
from gencharge.wallet import crud, staff_service
from gencharge.wallet import service as wallet
from gencharge.wallet.errors import InsufficientBalance
from gencharge.wallet.models import Account, Code
from gencharge.wallet.staff_schemas import AdjustmentQuery, LedgerQuery
from tests.make.many_rows import ALL, JIO, USER, assert_reads_by_index, many_rows, nodes_of
from tests.make.money import make_customer

START = datetime(2027, 1, 1, tzinfo=UTC)
# What a movement does: its accounts and its code.
MOVES = {
    "credit": (Account.CASHBACK, Account.MAIN, Code.CASHBACK),
    "debit": (Account.MAIN, "operator:jio", Code.CAPTURE),
    "hold": (Account.MAIN, Account.HELD, Code.HOLD),
    "capture": (Account.HELD, "operator:jio", Code.CAPTURE),
    "release": (Account.HELD, Account.MAIN, Code.RELEASE),
}
STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(MOVES)), st.integers(1, 500), st.sampled_from([0, 1, 60_000_000])),
    min_size=1,
    max_size=25,
)


@examples(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_the_balance_at_each_past_instant_is_what_it_was(
    stores: Stores, steps: list[tuple[str, int, int]]
) -> None:
    with clock.at(START):
        user = await make_customer(stores, rupees=0)
    known: dict[datetime, tuple[int, int]] = {START - timedelta(seconds=1): (0, 0)}
    now = START
    for move, paise, microseconds in steps:
        now += timedelta(microseconds=microseconds)
        debit, credit, code = MOVES[move]

        async def unit(
            db: AsyncSession, debit: str = debit, credit: str = credit, code: Code = code, paise: int = paise
        ) -> tuple[int, int]:
            await crud.add_transfer(
                db,
                user_id=user,
                transfer_id=new_id(),
                debit=debit,
                credit=credit,
                amount=paise,
                code=code,
                key=str(uuid4()),
                balance_limit=None,
                details={},
            )
            row = await crud.get_wallet(db, user_id=user)
            assert row is not None
            return row.posted, row.held

        with clock.at(now):
            known[now] = await stores.database.run(unit)
    async with stores.database.transaction() as db:
        with clock.at(now + timedelta(days=1)):
            for instant, (posted, held) in known.items():
                balance = await wallet.balance_at(db, user, instant)
                assert (balance.posted.paise, balance.held.paise) == (posted, held)
                assert balance.available.paise == posted - held
            present = await wallet.balance_at(db, user, None)
            assert (present.posted.paise, present.held.paise) == known[now]


async def test_movements_that_race_leave_no_instant_below_zero(stores: Stores) -> None:
    user = await make_customer(stores, rupees=0)
    random.seed(7)

    async def move(number: int) -> None:
        amount = Money(random.randrange(1, 100))
        come = number % 2 == 0

        async def unit(db: AsyncSession) -> None:
            if come:
                await wallet.credit(
                    db,
                    user,
                    amount,
                    source_account=Account.CASHBACK,
                    code=Code.CASHBACK,
                    key=f"r-{number}",
                )
            else:
                await wallet.debit(
                    db, user, amount, target_account="operator:jio", code=Code.CAPTURE, key=f"r-{number}"
                )

        try:
            await stores.database.run(unit)
        except InsufficientBalance:
            return

    await asyncio.gather(*(move(number) for number in range(60)))
    async with stores.database.transaction() as db:
        rows = (await db.scalars(crud.select_ledger(user, LedgerQuery()))).all()
        running = 0
        # Those of one instant count together, as the balance at that instant does.
        for instant in sorted({row.created_at for row in rows}):
            running += sum(
                row.amount if row.credit == Account.MAIN else -row.amount
                for row in rows
                if row.created_at == instant
            )
            assert running >= 0
        current = await crud.get_wallet(db, user_id=user)
    assert current is not None
    assert running == current.posted


# The staff's lists are answered by indexes in their own order


@pytest.fixture(scope="module")
async def full(settings: Settings) -> AsyncIterator[Stores]:
    """A database with many rows."""
    async with many_rows(settings) as stores:
        yield stores


@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
@pytest.mark.parametrize("admin", [ALL, JIO])
@pytest.mark.parametrize(
    "query", [{}, {"code": "refund", "account": "user:main"}, {"key": "7", "min_amount": 1}]
)
async def test_a_ledger_is_read_by_its_customers_index(
    full: Stores, query: dict[str, Any], admin: Principal, sort: str
) -> None:
    list_query = LedgerQuery.model_validate(query | {"sort": sort})
    await full.database.run(lambda db: wallet.open_wallet(db, USER))
    nodes = await nodes_of(
        full, "transfers", lambda db: staff_service.list_ledger(db, admin, USER, list_query)
    )
    assert_reads_by_index(nodes, "transfers", "ix_transfers_history")


@pytest.mark.parametrize("sort", ["requested_at", "-requested_at"])
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "ix_adjustments_all"),
        ({"reason": "fraud", "direction": "debit"}, "ix_adjustments_all"),
        ({"status": "pending"}, "ix_adjustments_of_status"),
        ({"requested_by": str(uuid4()), "status": "pending"}, "ix_adjustments_of_admin"),
        ({"user_id": str(USER)}, "pk_adjustments"),
    ],
)
async def test_adjustments_are_read_by_an_index(
    full: Stores, query: dict[str, Any], index: str, sort: str
) -> None:
    list_query = AdjustmentQuery.model_validate(query | {"sort": sort})
    nodes = await nodes_of(full, "adjustments", lambda db: adjustments.list_all(db, list_query))
    assert_reads_by_index(nodes, "adjustments", index)
