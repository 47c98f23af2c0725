"""Two channels of Jio over the sandbox, a database of these tests' own, and the tools to make a business day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from gencharge import wiring
from gencharge.channels.client import OperatorClient
from gencharge.channels.models import OperatorAttempt
from gencharge.core.events.relay import Relay
from gencharge.core.rooms import checks
from gencharge.core.stores.stores import Stores
from gencharge.delivery.loop import Dispatcher
from gencharge.payments.razorpay import Razorpay
from gencharge.payments.service import PaymentContext
from gencharge.recharge.models import Recharge
from gencharge.reconciliation import crud, runs_service
from gencharge.reconciliation.models import ReconciliationDifference, ReconciliationRun
from gencharge.reconciliation.statements_service import Statement
from gencharge.wallet.models import Transfer
from tests.conftest import database_of, test_settings
from tests.money import buy, find_plan, make_customer, make_number, sell_sample_plans
from tests.outside import Outside, reach_over_api, sandbox

FIRST, SECOND = "jio-a", "jio-b"


@dataclass
class Sold:
    """A recharge of Jio's Rs 299 plan."""

    stores: Stores
    user_id: UUID
    id: UUID

    async def recharge(self) -> Recharge:
        async with self.stores.database.transaction() as db:
            return await db.get_one(Recharge, (self.user_id, self.id))

    async def attempt(self) -> OperatorAttempt:
        async with self.stores.database.transaction() as db:
            query = select(OperatorAttempt).where(OperatorAttempt.recharge_id == self.id)
            return (await db.scalars(query.order_by(OperatorAttempt.attempt.desc()).limit(1))).one()


@dataclass
class Shop:
    """A shop with an outside, whose days can be matched."""

    stores: Stores
    outside: Outside
    context: runs_service.CounterpartyContext
    dispatcher: Dispatcher
    sold: list[Sold] = field(default_factory=list)

    async def sell(self, count: int = 1, *, deliver: bool = True, rupees: int = 1_000) -> list[Sold]:
        plan = (await find_plan(self.stores)).plan_id
        made = []
        for _ in range(count):
            user_id = await make_customer(self.stores, rupees)
            sale = await buy(self.stores, user_id, await make_number(self.stores), plan)
            made.append(Sold(self.stores, user_id, sale.answer.subscription_id))
        if deliver:
            await self.dispatcher.drain()
        self.sold += made
        return made

    async def match(
        self, counterparty: str = FIRST, *, back: int = 0, file: Statement | None = None
    ) -> ReconciliationRun:
        day = runs_service.today() - timedelta(days=back)
        run_id = await self.stores.database.run(lambda db: runs_service.begin(db, counterparty, day))
        return await runs_service.execute(self.context, run_id, file)

    async def differences(self, run: ReconciliationRun) -> list[ReconciliationDifference]:
        return list(await self.stores.database.run(lambda db: crud.list_differences(db, run.run_id)))

    async def only(self, run: ReconciliationRun) -> ReconciliationDifference:
        [found] = await self.differences(run)
        return found

    async def balances(self) -> dict[str, int]:
        """What is on each account of the house."""
        async with self.stores.database.transaction() as db:
            rows = await db.execute(
                text(
                    "SELECT account, sum(paise) FROM (SELECT credit AS account, amount AS paise FROM transfers"
                    " UNION ALL SELECT debit, -amount FROM transfers) AS sides GROUP BY account"
                )
            )
            return {row[0]: int(row[1]) for row in rows}

    async def written_off(self, difference_id: UUID) -> list[Transfer]:
        async with self.stores.database.transaction() as db:
            return list(await db.scalars(select(Transfer).where(Transfer.key == str(difference_id))))

    async def clean(self) -> list[str]:
        """The checks that fail."""
        report = await checks.run(self.stores.database, wiring.CHECKS)
        return [line for line in report.lines if not line.startswith("ok")]

    async def entries(self, action: str, **match: Any) -> list[dict[str, Any]]:
        await Relay(self.stores, wiring.LISTENERS).drain()
        return await self.stores.documents["audit_entries"].find({"action": action, **match}).to_list()


@pytest.fixture(scope="module")
async def own(servers: Path, worker_id: str) -> AsyncIterator[Stores]:
    """Stores of these tests' own: a statement is about all customers of a day."""
    stores = Stores.open(
        test_settings(servers, database_of(servers, worker_id, "reconciliation"), sandbox_port=0)
    )
    await sell_sample_plans(stores)
    yield stores
    await stores.close()


@pytest.fixture(scope="module")
def outside(own: Stores) -> Iterator[Outside]:
    with sandbox(own.settings) as running_sandbox:
        yield running_sandbox


@pytest.fixture
async def shop(own: Stores, outside: Outside) -> AsyncIterator[Shop]:
    """An empty business day: yesterday's recharges and those of other tests are gone."""
    outside.reset()
    async with own.database.transaction() as db:
        await db.execute(text("SET LOCAL ROLE NONE"))
        await db.execute(
            text(
                "TRUNCATE transfers, wallets, recharges, active_plans, lines, fulfilments, operator_attempts,"
                " operator_references, recharge_refunds, payments, payment_orders, refunds, gateway_events,"
                " reconciliation_runs, reconciliation_differences, events"
            )
        )
    await reach_over_api(
        own,
        "JIO",
        (FIRST, f"{outside.base}/operators/{FIRST}"),
        (SECOND, f"{outside.base}/operators/{SECOND}"),
    )
    context = runs_service.CounterpartyContext(own)
    settings = own.settings.model_copy(update={"payment_gateway_url": outside.base})
    await context.payments.gateway.close()
    context.payments = PaymentContext(settings, own.database, Razorpay(settings))
    dispatcher = Dispatcher(own, OperatorClient(own.settings, timeout_seconds=5))
    yield Shop(own, outside, context, dispatcher)
    await dispatcher.close()
    await context.close()
