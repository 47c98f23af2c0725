"""Random movements: whatever happens to a wallet, the books balance and the cache equals the transfers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import text

from gencharge.core.rooms import checks
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.wallet import service as wallet
from gencharge.wallet.checks import CHECKS
from gencharge.wallet.errors import BalanceLimitExceeded, InsufficientBalance
from gencharge.wallet.models import Account, Code
from tests.make.money import make_customer
from tests.make.wallet import credit, debit, hold, wallet_of

LIMIT = 1_000
MOVES = st.lists(
    st.tuples(
        st.sampled_from(("credit", "limited credit", "debit", "hold", "release", "capture", "repeat")),
        st.integers(min_value=1, max_value=700),
    ),
    min_size=1,
    max_size=25,
)


@dataclass
class Model:
    """What a wallet should hold, in plain integers."""

    posted: int = 0
    held: int = 0
    done: list[tuple[str, int, str]] = field(default_factory=list)

    def allows(self, move: str, paise: int) -> bool:
        """Whether the wallet should take this movement."""
        available = self.posted - self.held
        return {
            "credit": True,
            "limited credit": self.posted + paise <= LIMIT,
            "debit": paise <= available,
            "hold": paise <= available,
            "release": paise <= self.held,
            "capture": paise <= self.held,
        }[move]

    def apply(self, move: str, paise: int, key: str) -> None:
        """Do it."""
        self.posted += {"credit": paise, "limited credit": paise, "debit": -paise, "capture": -paise}.get(
            move, 0
        )
        self.held += {"hold": paise, "release": -paise, "capture": -paise}.get(move, 0)
        self.done.append((move, paise, key))


async def act(stores: Stores, user_id: UUID, move: str, paise: int, key: str) -> bool:
    """Do a movement; True if it was a replay."""
    if move == "credit":
        return (await credit(stores, user_id, paise, key)).replayed
    if move == "limited credit":
        return (await credit(stores, user_id, paise, key, balance_limit=Money(LIMIT))).replayed
    if move == "debit":
        return (await debit(stores, user_id, paise, key)).replayed
    if move == "hold":
        return (await hold(stores, user_id, paise, key)).replayed
    if move == "release":
        released = await stores.database.run(
            lambda db: wallet.release(db, user_id, Money(paise), code=Code.RELEASE, key=key)
        )
        return released.replayed
    # There is no verb that captures held money: the rooms that hold it do so by `wallet_transfer`.
    async with stores.database.transaction() as db:
        row = (
            await db.execute(
                text(
                    "SELECT posted_after FROM wallet_transfer(:user, gen_random_uuid(), :held, 'operator:jio', :paise,"
                    " ledger_code('capture'), :key, NULL, NULL, NULL, NULL, NULL, NULL, clock_timestamp())"
                ),
                {"user": user_id, "held": str(Account.HELD), "paise": paise, "key": key},
            )
        ).one()
        if row.posted_after is None:
            raise InsufficientBalance
    return False


async def play(stores: Stores, moves: list[tuple[str, int]]) -> None:
    user_id, model = await make_customer(stores, rupees=0), Model()
    for number, (move, paise) in enumerate(moves):
        if move == "repeat":
            if repeatable := [each for each in model.done if each[0] != "capture"]:
                assert await act(stores, user_id, *repeatable[paise % len(repeatable)])
        else:
            key = f"k-{number}"
            if model.allows(move, paise):
                assert not await act(stores, user_id, move, paise, key)
                model.apply(move, paise, key)
            else:
                refusal = BalanceLimitExceeded if move == "limited credit" else InsufficientBalance
                with pytest.raises(refusal):
                    await act(stores, user_id, move, paise, key)
        assert await wallet_of(stores, user_id) == (model.posted, model.held)
    await assert_books(stores, user_id, model)


async def assert_books(stores: Stores, user_id: UUID, model: Model) -> None:
    """One transfer for each movement, and what came less what went is what is there."""
    async with stores.database.transaction() as db:
        rows = (
            await db.execute(
                text("SELECT debit, credit, amount FROM transfers WHERE user_id = :user"), {"user": user_id}
            )
        ).all()
        now = await wallet.balance_at(db, user_id, None)
    assert len(rows) == len(model.done)
    came = sum(row.amount for row in rows if row.credit.startswith("user:"))
    went = sum(row.amount for row in rows if row.debit.startswith("user:"))
    assert came - went == model.posted == now.posted.paise
    assert (now.held.paise, now.available.paise) == (model.held, model.posted - model.held)
    report = await checks.run(stores.database, CHECKS)
    assert report.ok, report.lines


@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_any_sequence_of_movements_leaves_what_a_plain_model_says(
    settings: Settings, moves: list[tuple[str, int]]
) -> None:
    async def run() -> None:
        stores = Stores.open(settings)
        try:
            await play(stores, moves)
        finally:
            await stores.close()

    asyncio.run(run())
