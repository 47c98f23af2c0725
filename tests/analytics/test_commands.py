"""`gencharge rollup verify` and `rebuild`."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from gencharge.analytics import commands
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.analytics import count, spoil
from tests.make.money import buy, find_plan, make_customer, make_number


async def test_verify_shows_what_is_wrong_and_rebuild_mends_it(shop: Stores) -> None:
    plan = await find_plan(shop, "JIO", 299)
    await buy(shop, await make_customer(shop), await make_number(shop), plan.plan_id)
    await count(shop)
    lines: list[str] = []

    def verify(since: date | None = None) -> int:
        lines.clear()
        return commands.verify(shop.settings, lines.append, since=since)

    assert await asyncio.to_thread(verify) == 0
    assert lines[-1] == "All figures are what the recharges and the ledger say."
    await spoil(shop)
    assert await asyncio.to_thread(verify) == 1
    assert any(line.endswith("JIO all: delivered_price +1") for line in lines)
    assert any(line.endswith("JIO: paid +1") for line in lines)
    assert "gencharge rollup rebuild" in lines[-1]
    tomorrow = clock.now().date() + timedelta(days=2)
    assert await asyncio.to_thread(verify, tomorrow) == 0, "these days have no figures yet"
    assert await asyncio.to_thread(commands.rebuild, shop.settings, lines.append) == 0
    assert await asyncio.to_thread(verify) == 0
