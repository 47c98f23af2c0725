"""What tests of figures need."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import text

from gencharge import wiring
from gencharge.analytics import listeners, service
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores


async def figures_of(stores: Stores, cut: str | None = None) -> list[dict[str, Any]]:
    """All figures, or those of one cut, in order."""
    async with stores.database.transaction() as db:
        rows = await db.execute(
            text(
                "SELECT * FROM recharge_figures WHERE cut = coalesce(:cut, cut) ORDER BY day, operator, cut, key"
            ),
            {"cut": cut},
        )
        return [dict(row) for row in rows.mappings()]


async def differences_of(stores: Stores) -> list[dict[str, Any]]:
    """Where the figures are not what the books say."""
    return await service.find_differences(stores.database, say_nothing)


def say_nothing(first: date, until: date) -> None:
    """Nobody looks at the progress."""
    del first, until


async def count(stores: Stores) -> None:
    """Hand out all that was announced."""
    assert listeners.COUNT in wiring.LISTENERS
    await Relay(stores, wiring.LISTENERS).drain()


async def spoil(stores: Stores) -> None:
    """One paisa too much in each figure of what was delivered."""
    async with stores.database.transaction() as db:
        await db.execute(
            text(
                "UPDATE recharge_figures SET delivered_price = delivered_price + 1 WHERE cut = 'all' AND delivered > 0"
            )
        )
