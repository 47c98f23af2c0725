"""Random lives of customers over every channel: each business event is one row, and the rows add up to the wallet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gencharge import wiring
from gencharge.analytics.listeners import COUNT
from gencharge.core.events.relay import Relay
from gencharge.core.rooms import checks
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.wallet import history_service as history
from gencharge.wallet import staff_service
from gencharge.wallet.errors import TransactionNotFound
from gencharge.wallet.schemas import TransactionCategory, TransactionOut, TransactionStatus
from gencharge.wallet.staff_schemas import LedgerQuery, StaffTransactionQuery
from tests.conftest import database_of, test_settings
from tests.make.analytics import differences_of, figures_of
from tests.make.delivery import reach_jio
from tests.make.lives import API, INTERNAL, PRICE, Life
from tests.make.many_rows import ALL, JIO
from tests.make.money import find_plan, sell_sample_plans
from tests.make.recharge import money_of
from tests.make.wallet import history_of

ADJUSTED = "every approved adjustment moved its money exactly once, and nothing else was adjusted"
PAID_OUT = "every balance that was taken out of a closed account's wallet is one payout of that amount, and no other is"
PAISE = st.integers(1, 60_000)
# Nobody empties the wallet before there is so much in the history: else little happens after it.
_ROWS_OF_A_LIFE = 8
OPERATORS = st.sampled_from((API, INTERNAL))


async def plans_of(stores: Stores) -> dict[str, UUID]:
    return {name: (await find_plan(stores, name, PRICE // 100)).plan_id for name in (API, INTERNAL)}


@pytest.fixture
async def life(shop: Stores) -> Life:
    """A customer with Rs 1,000; Jio is reached over its API, Airtel delivers at once."""
    await reach_jio(shop)
    life = Life(shop, await plans_of(shop))
    await life.begin(1_000)
    return life


def facts(row: TransactionOut) -> tuple[str, str, int, int, int]:
    return row.category.value, row.status.value, row.amount.paise, row.wallet_change.paise, row.held.paise


async def assert_history(life: Life) -> list[TransactionOut]:
    """The history is what there should be, and adds up to the wallet."""
    rows = await history_of(life.stores, life.user_id)
    assert [facts(row) for row in rows] == [row.tuple() for row in life.rows]
    balance, held = await money_of(life.stores, life.user_id)
    assert sum(row.wallet_change.paise for row in rows) == balance
    assert sum(row.held.paise for row in rows) == held
    failed = [row for row in rows if row.status is TransactionStatus.FAILED]
    assert {row.wallet_change.paise for row in failed} <= {0}
    return rows


Step = Callable[[Life], Awaitable[Any]]
BUY: list[Step] = [lambda life: life.buy(API)]
SPLIT: list[Step] = [lambda life: life.place(API, 10_000)]
BY_UPI: list[Step] = [lambda life: life.place(API, 0)]
CAPTURE: list[Step] = [lambda life: life.capture(life.sales[0])]
ANNOUNCE: list[Step] = [lambda life: life.announce(life.sales[0])]
DELIVER: list[Step] = [lambda life: life.deliver(life.sales[0])]
FAIL: list[Step] = [lambda life: life.fail(life.sales[0])]
BACK: list[Step] = [lambda life: life.refund(life.sales[0], PRICE, to_source=False)]
TO_SOURCE: list[Step] = [lambda life: life.refund(life.sales[0], 19_900, to_source=True)]
PAID: list[Step] = [lambda life: life.end_refund(life.returning[0], paid=True)]
NOT_PAID: list[Step] = [lambda life: life.end_refund(life.returning[0], paid=False)]


@pytest.mark.parametrize(
    ("steps", "rows"),
    [
        (BUY, ["recharge pending -299"]),
        (BUY + DELIVER, ["recharge completed -299"]),
        (BUY + FAIL, ["recharge failed 0"]),
        (BUY + DELIVER + BACK, ["recharge completed -299", "refund completed 299"]),
        (BY_UPI, []),
        (BY_UPI + FAIL, []),
        (BY_UPI + CAPTURE, ["recharge pending 0"]),
        (BY_UPI + CAPTURE + ANNOUNCE + DELIVER, ["recharge completed 0"]),
        (BY_UPI + CAPTURE + ANNOUNCE + FAIL, ["recharge failed 0", "refund completed 299"]),
        (BY_UPI + FAIL + CAPTURE + ANNOUNCE, ["recharge failed 0", "refund completed 299"]),
        (BY_UPI + CAPTURE + FAIL + ANNOUNCE, ["recharge failed 0", "refund completed 299"]),
        (SPLIT, ["recharge pending -100"]),
        (SPLIT + FAIL, ["recharge failed 0"]),
        (SPLIT + CAPTURE + ANNOUNCE + DELIVER, ["recharge completed -100"]),
        (SPLIT + CAPTURE + ANNOUNCE + FAIL, ["recharge failed 0", "refund completed 199"]),
        (SPLIT + FAIL + CAPTURE + ANNOUNCE, ["recharge failed 0", "refund completed 199"]),
        (SPLIT + CAPTURE + FAIL + ANNOUNCE, ["recharge failed 0", "refund completed 199"]),
        (SPLIT + CAPTURE + ANNOUNCE + DELIVER + TO_SOURCE, ["recharge completed -100", "refund pending 0"]),
        (
            SPLIT + CAPTURE + ANNOUNCE + DELIVER + TO_SOURCE + PAID,
            ["recharge completed -100", "refund completed 0"],
        ),
        (
            SPLIT + CAPTURE + ANNOUNCE + DELIVER + TO_SOURCE + NOT_PAID,
            ["recharge completed -100", "refund completed 199"],
        ),
    ],
)
async def test_a_recharge_is_one_row_from_whatever_it_is_paid_and_however_it_ends(
    life: Life, steps: list[Step], rows: list[str]
) -> None:
    for step in steps:
        await step(life)
        history_rows = await assert_history(life)
    about = {(row.operator, row.service_type) for row in history_rows if row.category != "opening"}
    assert about <= {("JIO", "prepaid")}, "also while only the gateway has paid"
    shown = [f"{row.category} {row.status} {row.wallet_change.paise // 100}" for row in history_rows]
    assert shown == ["opening completed 1000", *rows]


async def test_a_row_keeps_its_id_its_instant_and_its_place_until_the_end(life: Life) -> None:
    await life.place(API, 10_000)
    await life.reward(500)
    before = await assert_history(life)
    await life.capture(life.sales[0])
    await life.announce(life.sales[0])
    await life.deliver(life.sales[0])
    after = await assert_history(life)
    assert [(row.transaction_id, row.created_at) for row in before] == [
        (row.transaction_id, row.created_at) for row in after
    ]
    recharge = after[1]
    assert recharge.updated_at > recharge.created_at
    assert (recharge.payment_method, recharge.amount) == ("upi", Money(PRICE))
    assert recharge.reference_id == life.sales[0].recharge_id


async def test_the_later_transfers_of_an_event_are_no_rows_of_their_own(life: Life) -> None:
    await life.buy(API)
    await life.deliver(life.sales[0])
    (recharge,) = await history_of(life.stores, life.user_id, category="recharge")
    query = LedgerQuery(code="capture")
    async with life.stores.database.transaction() as db:
        assert await history.get_transaction(db, life.user_id, recharge.transaction_id) == recharge
        (capture,) = (await staff_service.list_ledger(db, ALL, life.user_id, query)).items
        with pytest.raises(TransactionNotFound):
            await history.get_transaction(db, life.user_id, capture.transfer_id)
        with pytest.raises(TransactionNotFound):
            await history.get_transaction_in_scope(db, ALL, life.user_id, capture.transfer_id)


async def test_the_staff_see_the_same_rows_within_their_operators(life: Life) -> None:
    await life.buy(API)
    await life.buy(INTERNAL)
    await life.fail(life.sales[0])
    own = await history_of(life.stores, life.user_id)
    query = StaffTransactionQuery(user_id=life.user_id, sort="created_at")
    async with life.stores.database.transaction() as db:
        seen = (await history.list_all_transactions(db, ALL, query)).items
        scoped = (await history.list_all_transactions(db, JIO, query)).items
    shared = set(TransactionOut.model_fields)
    assert [row.model_dump(include=shared) for row in seen] == [row.model_dump() for row in own]
    assert [(row.operator, row.status) for row in scoped] == [("JIO", "failed")]


class Lives(RuleBasedStateMachine):
    """One customer an example; one runner and one database for all of them."""

    runner: asyncio.Runner
    stores: Stores
    plans: dict[str, UUID]

    def __init__(self) -> None:
        super().__init__()
        self.life = Life(self.stores, self.plans)
        self.run(self.life.begin(1_000))

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    @rule(paise=PAISE)
    def money_is_added(self, paise: int) -> None:
        self.run(self.life.top_up(paise))

    @rule(paise=PAISE, sign=st.sampled_from((1, -1)))
    def the_staff_adjust(self, paise: int, sign: int) -> None:
        self.run(self.life.adjust(sign * paise))

    @rule(paise=PAISE)
    def a_cashback_comes(self, paise: int) -> None:
        self.run(self.life.reward(paise))

    @rule(operator=OPERATORS)
    def the_wallet_pays(self, operator: str) -> None:
        self.run(self.life.buy(operator))

    @rule(operator=OPERATORS, from_wallet=st.sampled_from((0, 1, 10_000, PRICE - 100)))
    def a_gateway_pays(self, operator: str, from_wallet: int) -> None:
        self.run(self.life.place(operator, from_wallet))

    @precondition(lambda self: self.life.waiting("capture"))
    @rule(data=st.data())
    def the_gateway_has_the_money(self, data: Any) -> None:
        self.run(self.life.capture(data.draw(st.sampled_from(self.life.waiting("capture")))))

    @precondition(lambda self: self.life.waiting("announce"))
    @rule(data=st.data())
    def the_recharge_hears_of_the_money(self, data: Any) -> None:
        self.run(self.life.announce(data.draw(st.sampled_from(self.life.waiting("announce")))))

    @precondition(lambda self: self.life.waiting("deliver"))
    @rule(data=st.data())
    def the_operator_delivers(self, data: Any) -> None:
        self.run(self.life.deliver(data.draw(st.sampled_from(self.life.waiting("deliver")))))

    @precondition(lambda self: self.life.waiting("fail"))
    @rule(data=st.data())
    def a_recharge_fails(self, data: Any) -> None:
        self.run(self.life.fail(data.draw(st.sampled_from(self.life.waiting("fail")))))

    @precondition(lambda self: self.life.waiting("refund"))
    @rule(data=st.data(), paise=st.sampled_from((1, 5_000, PRICE)), to_source=st.booleans())
    def the_staff_refund(self, data: Any, paise: int, to_source: bool) -> None:
        sale = data.draw(st.sampled_from(self.life.waiting("refund")))
        self.run(self.life.refund(sale, paise, to_source=to_source))

    @precondition(lambda self: self.life.topups)
    @rule(data=st.data(), paise=PAISE)
    def a_topup_is_sent_back(self, data: Any, paise: int) -> None:
        self.run(self.life.send_back(data.draw(st.sampled_from(self.life.topups)), paise))

    @precondition(lambda self: self.life.returning)
    @rule(data=st.data(), paid=st.booleans())
    def a_refund_ends(self, data: Any, paid: bool) -> None:
        self.run(self.life.end_refund(data.draw(st.sampled_from(self.life.returning)), paid=paid))

    @precondition(lambda self: len(self.life.rows) > _ROWS_OF_A_LIFE)
    @rule()
    def the_rest_is_paid_out(self) -> None:
        self.run(self.life.pay_out())

    @invariant()
    def each_event_is_one_row_and_the_rows_add_up_to_the_wallet(self) -> None:
        self.run(assert_history(self.life))

    def teardown(self) -> None:
        self.run(assert_filters(self.life))


async def assert_filters(life: Life) -> None:
    """Every filter finds exactly the rows that show what it asks for."""
    rows = await history_of(life.stores, life.user_id)
    assert await history_of(life.stores, life.user_id, limit=2) == rows

    async def find(**query: Any) -> list[TransactionOut]:
        return await history_of(life.stores, life.user_id, **query)

    for status in TransactionStatus:
        assert await find(status=status) == [row for row in rows if row.status is status]
    for category in TransactionCategory:
        assert await find(category=category) == [row for row in rows if row.category is category]
    for field in ("payment_method", "txn_type", "operator", "service_type", "reference_id"):
        for value in {getattr(row, field) for row in rows} - {None}:
            assert await find(**{field: value}) == [row for row in rows if getattr(row, field) == value]
    for amount in {row.amount.paise for row in rows}:
        bounds = {"min_amount": str(Money(amount)), "max_amount": str(Money(amount))}
        assert await find(**bounds) == [row for row in rows if row.amount.paise == amount]


def test_in_any_life_each_event_is_one_row_and_the_rows_add_up_to_the_wallet(
    settings: Settings, worker_id: str
) -> None:
    name = database_of(settings.data_dir, worker_id, "lives")
    with asyncio.Runner() as runner:
        Lives.runner = runner
        stores = Lives.stores = Stores.open(test_settings(settings.data_dir, name))
        try:
            runner.run(sell_sample_plans(stores))
            runner.run(reach_jio(stores))
            Lives.plans = runner.run(plans_of(stores))
            run_state_machine_as_test(
                Lives,
                settings=hypothesis_settings(
                    max_examples=20,
                    stateful_step_count=25,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    derandomize=True,
                ),
            )
            report = runner.run(checks.run(stores.database, wiring.CHECKS))
            # Of the same lives: the figures are what the recharges and the ledger say.
            runner.run(Relay(stores, (COUNT,)).drain())
            differences = runner.run(differences_of(stores))
            figures = runner.run(figures_of(stores, "all"))
        finally:
            runner.run(stores.close())
    assert differences == []
    for measure in ("sold", "delivered", "failed", "refunds", "commission", "refunded", "released"):
        assert sum(row[measure] for row in figures) > 0, measure
    # The moves adjust balances without asking a second admin, and pay out without closing the account.
    assert {name for name, breaches in report.breaches.items() if breaches} <= {ADJUSTED, PAID_OUT}
