"""What must always hold of the figures. The last five weeks, so that a nightly run stays short; `gencharge rollup verify` looks at all."""

from __future__ import annotations

from typing import Final

from gencharge.analytics.recount_crud import DIFFERENCES, DIFFERENCES_WITH_LEDGER
from gencharge.core.rooms.checks import Check

_DAYS: Final = 35
_TODAY: Final = "(now() AT TIME ZONE 'Asia/Kolkata')::date"


def _lately(statement: str) -> str:
    first, last = f"({_TODAY} - {_DAYS})", f"({_TODAY} + 1)"
    for name, value in (
        (":since", f"({first}\\:\\:timestamp AT TIME ZONE 'Asia/Kolkata')"),
        (":until", f"({last}\\:\\:timestamp AT TIME ZONE 'Asia/Kolkata')"),
        (":first", first),
        (":last", last),
    ):
        statement = statement.replace(name, value)
    return statement


CHECKS: Final = (
    Check("the figures of recharges are what the recharges say", _lately(DIFFERENCES)),
    Check(
        "the figures of recharges are what the ledger says, to the paisa", _lately(DIFFERENCES_WITH_LEDGER)
    ),
)
