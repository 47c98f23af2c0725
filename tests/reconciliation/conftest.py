"""A database of these tests' own and two channels of Jio over the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from gencharge.channels.client import OperatorClient
from gencharge.core.stores.stores import Stores
from gencharge.delivery.loop import Dispatcher
from gencharge.payments.razorpay import Razorpay
from gencharge.payments.service import PaymentContext
from gencharge.reconciliation import runs_service
from tests.conftest import database_of, test_settings
from tests.make.money import sell_sample_plans
from tests.make.outside import Outside, reach_over_api, sandbox
from tests.make.reconciliation import (
    FIRST,
    SECOND,
    Shop,
)


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
                " reconciliation_runs, reconciliation_differences, events, offer_uses, offer_slots, cashback_debts"
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
