"""Where payouts are sent from: the sandbox's account in development, and nowhere in production unless an account is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gencharge.core.settings import Environment
from gencharge.core.stores.stores import Stores
from gencharge.payouts.context_service import PayoutContext


@pytest.mark.parametrize(
    ("environment", "account", "sends"),
    [
        (Environment.DEVELOPMENT, "", True),
        (Environment.PRODUCTION, "", False),
        (Environment.PRODUCTION, "2323230041626905", True),
    ],
)
async def test_production_sends_from_a_named_account_only(
    stores: Stores, environment: Environment, account: str, sends: bool
) -> None:
    settings = stores.settings.model_copy(update={"environment": environment, "payout_account": account})
    context = PayoutContext.at(replace(stores, settings=settings))
    assert (context.gateway is not None) is sends
    await context.close()
