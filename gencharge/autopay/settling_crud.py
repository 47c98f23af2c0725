"""The SQL function that ends a step of an autopay. See `autopay/sql`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from gencharge.autopay.models import Autopay
from gencharge.core.events import events
from gencharge.core.events.events import Event
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id

# What the function changes, if it is asked to.
COLUMNS: Final = frozenset(
    {
        "status",
        "pause_reason",
        "price",
        "periods",
        "next_due",
        "noticed_due",
        "noticed_at",
        "noticed_price",
        "tries",
        "cycle",
        "recharge_id",
        "wake_at",
    }
)
_END: Final = """
    SELECT end_autopay_step(
        p_user => $1, p_autopay => $2, p_due => $3, p_tries => $4, p_cycle => $5, p_recharge => $6, p_values => $7,
        p_attempt => $8, p_topic => $9, p_payload => $10, p_context => $11, p_event => $12, p_at => $13) AS is_present
"""


class AttemptRow(NamedTuple):
    """A row of the history. `amount` in paise."""

    attempt_id: UUID
    outcome: str
    reason: str | None
    amount: int
    recharge_id: UUID | None
    late_seconds: int


async def settle(
    database: Database,
    row: Autopay,
    due: datetime,
    values: Mapping[str, Any],
    *,
    attempt: AttemptRow | None,
    event: Event | None,
) -> bool:
    """Write the end of a step with its try and its event, and return the lease: one round trip, its own transaction.

    False if the step is no longer the present one: then nothing is written. Raises DatabaseUnavailable.
    """
    unknown = values.keys() - COLUMNS
    assert not unknown, f"the SQL function does not change {unknown}"
    record = await database.fetch_row(
        _END,
        row.user_id,
        row.autopay_id,
        due,
        row.tries,
        row.cycle,
        row.recharge_id,
        _json(values),
        None if attempt is None else _json(attempt._asdict()),
        None if event is None else event.topic(),
        None if event is None else _json(asdict(event)),
        events.context_json(),
        new_id(),
        clock.now(),
    )
    assert record is not None, "the function returns a row"
    return bool(record["is_present"])


def _json(values: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(values), default=str).decode()
