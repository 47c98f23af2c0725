"""Fixtures of the payouts' tests: the sandbox's gateway, and a context that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.rooms import process
from gencharge.core.stores.stores import Stores
from gencharge.payouts.context_service import PayoutContext
from tests.make.factories import know_roles
from tests.make.outside import Outside
from tests.make.payouts import payout_context
from tests.payments.conftest import outside as outside


@pytest.fixture
async def context(stores: Stores, outside: Outside) -> AsyncIterator[PayoutContext]:
    """A context at the sandbox, which is reset first."""
    outside.reset()
    outside.aim(webhook_url="http://127.0.0.1:9/nobody")
    context = payout_context(stores, outside.base)
    yield context
    await context.close()


@pytest.fixture
async def api(
    app: FastAPI, context: PayoutContext, client: httpx.AsyncClient
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, whose payouts go to the sandbox."""
    await know_roles(app)
    before = PayoutContext.of(app)
    process.put(app, context)
    yield client
    process.put(app, before)
