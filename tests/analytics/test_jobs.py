"""The nightly look at the figures."""

from __future__ import annotations

import pytest

from gencharge.analytics import jobs
from gencharge.core.stores.stores import Stores
from tests.make.analytics import count, spoil
from tests.make.money import buy, find_plan, make_customer, make_number


async def test_a_wrong_figure_shows_in_the_log_and_the_metric(
    shop: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = await find_plan(shop, "JIO", 299)
    await buy(shop, await make_customer(shop), await make_number(shop), plan.plan_id)
    await count(shop)
    await jobs.verify(shop)
    assert jobs.DIFFERENT._value.get() == 0
    await spoil(shop)
    await jobs.verify(shop)
    # One row of figures, and one day of an operator that is not the ledger's.
    assert jobs.DIFFERENT._value.get() == 2
    assert "figures_verified" in capsys.readouterr().out
