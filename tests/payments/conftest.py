"""Fixtures of the payments' tests: the sandbox's gateway, and a context that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.rooms import process
from gencharge.core.stores.stores import Stores
from gencharge.payments.context import PaymentContext
from tests.make.factories import know_roles
from tests.make.outside import Outside, sandbox
from tests.make.payments import (
    IMPATIENT_SECONDS,
    TopupOrder,
    assert_clean,
    context_at,
    make_payer,
    open_topup,
)


@pytest.fixture(scope="module")
def outside(stores: Stores) -> Iterator[Outside]:
    """The sandbox. Its webhooks go nowhere: a test that wants them sends them itself."""
    with sandbox(stores.settings) as running:
        yield running


@pytest.fixture
async def context(stores: Stores, outside: Outside) -> AsyncIterator[PaymentContext]:
    """A context at the sandbox, which is reset first."""
    outside.reset()
    outside.aim(webhook_url="http://127.0.0.1:9/nobody")
    context = context_at(stores, outside.base)
    yield context
    await context.gateway.close()


@pytest.fixture
async def impatient(
    stores: Stores, context: PaymentContext, outside: Outside
) -> AsyncIterator[PaymentContext]:
    """A context that waits half a second for the gateway."""
    context = context_at(stores, outside.base, timeout_seconds=IMPATIENT_SECONDS)
    yield context
    await context.gateway.close()


@pytest.fixture
async def api(
    app: FastAPI, context: PaymentContext, client: httpx.AsyncClient
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, whose gateway is the sandbox."""
    await know_roles(app)
    before = PaymentContext.of(app)
    process.put(app, context)
    yield client
    process.put(app, before)


@pytest.fixture
async def order(
    context: PaymentContext, stores: Stores, client: httpx.AsyncClient
) -> AsyncIterator[TopupOrder]:
    user_id = await make_payer(stores)
    yield TopupOrder(stores, client, user_id, await open_topup(context, user_id))
    await assert_clean(stores)
