"""`gencharge rollup`: compare the figures with the books from the command line, or correct them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

from gencharge.analytics import service
from gencharge.core.postgres.database import Database
from gencharge.core.postgres.replica import open_for_reading
from gencharge.core.settings import Settings

Say = Callable[[str], None]
_SHOWN: Final = 20
_KEYS: Final = ("area", "fact", "day", "month", "operator", "cut", "key")


def verify(settings: Settings, say: Say, *, since: date | None = None, on_replica: bool = False) -> int:
    """Compare all figures, or those of the days from `since`, with the recharges and the ledger; on the replica if asked. Returns the
    exit code: 0 all is right, 1 something differs. Raises ReplicaNotUsed."""
    differences = asyncio.run(
        _with_database(
            settings, lambda db: service.find_differences(db, _on_part(say), since), on_replica=on_replica
        )
    )
    for row in differences[:_SHOWN]:
        say(_line(row))
    if len(differences) > _SHOWN:
        say(f"and {len(differences) - _SHOWN} more")
    say(
        "The figures differ from the books. `gencharge rollup rebuild` corrects them."
        if differences
        else "All figures are what the recharges and the ledger say."
    )
    return 1 if differences else 0


def rebuild(settings: Settings, say: Say, *, since: date | None = None) -> int:
    """Correct all figures, or those of the days from `since`. Returns 0."""
    asyncio.run(_with_database(settings, lambda db: service.rebuild(db, _on_part(say), since)))
    say("The figures are what the recharges say.")
    return 0


async def _with_database(
    settings: Settings, work: Callable[[Database], Any], *, on_replica: bool = False
) -> Any:
    async with open_for_reading(settings, name="gencharge-rollup", on_replica=on_replica) as database:
        return await work(database)


def _on_part(say: Say) -> service.OnPart:
    def on_part(first: date, until: date) -> None:
        say(f"{first} to {until - timedelta(days=1)}")

    return on_part


def _line(row: dict[str, Any]) -> str:
    keys = " ".join(str(row[name]) for name in _KEYS if row.get(name))
    amounts = ", ".join(f"{name} {value:+d}" for name, value in row.items() if name not in _KEYS and value)
    return f"{keys}: {amounts}"
