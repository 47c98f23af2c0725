"""Random lives of customers, numbers and clocks: the model agrees after every move, and the books balance at the end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.http.idempotency import Answered
from gencharge.core.rooms import checks
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.recharge import errors, jobs
from gencharge.recharge.schemas import SubscriptionOut
from gencharge.wallet import service as wallet
from gencharge.wallet.errors import InsufficientBalance
from gencharge.wallet.models import Account, Code
from tests.conftest import database_of, test_settings
from tests.make.money import buy, find_plan, find_talktime, make_customer, make_number, sell_sample_plans

START = datetime(2027, 1, 31, 6, 30, tzinfo=UTC)


class Moves(RuleBasedStateMachine):
    """One runner, one database for all examples; each example has customers and numbers of its own."""

    runner: asyncio.Runner
    stores: Stores
    plans: dict[int, UUID]
    any_amount: UUID

    customers = Bundle("customers")
    numbers = Bundle("numbers")
    sales = Bundle("sales")

    def __init__(self) -> None:
        super().__init__()
        self.balances: dict[UUID, int] = {}
        self.now = START

    def do(self, coroutine):  # type: ignore[no-untyped-def]
        with clock.at(self.now):
            return self.runner.run(coroutine)

    @rule(target=customers, rupees=st.integers(0, 1_500))
    def a_customer_comes(self, rupees: int) -> UUID:
        user: UUID = self.do(make_customer(self.stores, rupees))
        self.balances[user] = rupees * 100
        return user

    @rule(target=numbers)
    def a_number_is_known(self) -> str:
        number: str = self.do(make_number(self.stores))
        return number

    @rule(user=customers, paise=st.integers(1, 100_000))
    def money_comes(self, user: UUID, paise: int) -> None:
        self.do(
            self.stores.database.run(
                lambda db: wallet.credit(
                    db,
                    user,
                    Money(paise),
                    source_account=Account.CASHBACK,
                    code=Code.CASHBACK,
                    key=str(uuid4()),
                )
            )
        )
        self.balances[user] += paise

    @rule(
        target=sales,
        user=customers,
        number=numbers,
        rupees=st.sampled_from([19, 189, 249, 299]),
        mode=st.sampled_from(["queue", "activate"]),
        confirm=st.booleans(),
    )
    def a_recharge_is_tried(self, user: UUID, number: str, rupees: int, mode: str, confirm: bool):  # type: ignore[no-untyped-def]
        key, body = str(uuid4()), {"activation_mode": mode, "confirm_duplicate": confirm}
        arguments = (user, number, self.plans[rupees])
        try:
            sale: Answered[SubscriptionOut] = self.do(buy(self.stores, *arguments, key=key, **body))
        except InsufficientBalance:
            assert self.balances[user] < rupees * 100
            return None
        except errors.BasePlanRequired:
            assert rupees == 19
            return None
        except errors.DuplicateRecharge:
            assert not confirm
            return None
        self.balances[user] -= rupees * 100
        return (arguments, key, body, sale)

    @rule(
        target=sales,
        user=customers,
        number=numbers,
        rupees=st.integers(8, 300) | st.sampled_from([1, 2_000, 2_001]),
        confirm=st.booleans(),
    )
    def any_amount_is_tried(self, user: UUID, number: str, rupees: int, confirm: bool):  # type: ignore[no-untyped-def]
        key, body = str(uuid4()), {"amount": rupees, "confirm_duplicate": confirm}
        arguments = (user, number, self.any_amount)
        try:
            sale: Answered[SubscriptionOut] = self.do(buy(self.stores, *arguments, key=key, **body))
        except errors.AmountInvalid:
            assert not 10 <= rupees <= 2_000
            return None
        except InsufficientBalance:
            assert self.balances[user] < rupees * 100
            return None
        except errors.DuplicateRecharge:
            assert not confirm
            return None
        assert sale.answer.price == Money.rupees(rupees)
        assert sale.answer.talktime is not None
        self.balances[user] -= rupees * 100
        return (arguments, key, body, sale)

    @rule(earlier=sales)
    def a_recharge_is_sent_again(self, earlier) -> None:  # type: ignore[no-untyped-def]
        if earlier is None:
            return
        arguments, key, body, sale = earlier
        again = self.do(buy(self.stores, *arguments, key=key, **body))
        assert again.replayed
        assert again.answer == sale.answer

    @rule(earlier=consumes(sales))
    def a_key_is_used_for_another_body(self, earlier) -> None:  # type: ignore[no-untyped-def]
        if earlier is None:
            return
        arguments, key, body, _ = earlier
        with pytest.raises(IdempotencyKeyReused):
            self.do(buy(self.stores, *arguments, key=key, **(body | {"source": "api"})))

    @rule(hours=st.integers(1, 24 * 40), work=st.booleans())
    def time_passes(self, hours: int, work: bool) -> None:
        self.now += timedelta(hours=hours)
        if work:
            self.do(jobs.advance_lines(self.stores))

    @invariant()
    def the_model_agrees(self) -> None:
        assert self.do(self.stores.database.run(self._balances_of_all)) == self.balances

    def teardown(self) -> None:
        self.the_books_balance()

    def the_books_balance(self) -> None:
        report = self.do(checks.run(self.stores.database, wiring.CHECKS))
        assert report.ok, "\n".join(report.lines)

    async def _balances_of_all(self, db: AsyncSession) -> dict[UUID, int]:
        return {user: (await wallet.available(db, user)).paise for user in self.balances}


class CheckedMoves(Moves):
    """All checks of the books after each move: half of a second of CPU for each life."""

    @invariant()
    def the_books_balance_after_each_move(self) -> None:
        self.the_books_balance()


# What a move breaks in the books stays broken, so the suite looks at the end of a life.
@pytest.mark.parametrize(
    ("lives", "number"), [(Moves, 25), pytest.param(CheckedMoves, 100, marks=pytest.mark.soak)]
)
def test_after_any_moves_the_books_balance_and_every_wallet_is_what_it_should_be(
    settings: Settings, worker_id: str, lives: type[Moves], number: int
) -> None:
    name = database_of(settings.data_dir, worker_id, "moves")
    with asyncio.Runner() as runner:
        Moves.runner = runner
        stores = Moves.stores = Stores.open(test_settings(settings.data_dir, name))
        try:
            runner.run(sell_sample_plans(stores))
            Moves.plans = {
                price: runner.run(find_plan(stores, rupees=price)).plan_id for price in (19, 189, 249, 299)
            }
            Moves.any_amount = runner.run(find_talktime(stores)).plan_id
            run_state_machine_as_test(
                lives,
                settings=hypothesis_settings(
                    max_examples=number,
                    stateful_step_count=25,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    derandomize=True,
                ),
            )
        finally:
            runner.run(stores.close())
