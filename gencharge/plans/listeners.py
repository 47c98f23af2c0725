"""Removes the plans that integrators cache in our Redis as soon as a plan changes (seeds, section 6.2).

We don't read these keys: each of our processes holds the catalogue itself (`core.snapshots`).
"""

from __future__ import annotations

from typing import Any, Final

from gencharge.core.events.events import Envelope, Outside
from gencharge.operators.events import OperatorUpdated
from gencharge.plans.events import (
    PlanCreated,
    PlanDeleted,
    PlanGroupDeleted,
    PlanGroupUpdated,
    PlanUpdated,
)

LISTS: Final = "plans:public:*"
_AT_A_TIME: Final = 500


async def _drop(stores: Any, batch: list[Envelope]) -> None:
    """Drop the keys of the batch's plans and of all lists. While Redis is unavailable the events wait, because it
    may come back with its old data."""
    plan_ids = {str(getattr(envelope.event, "plan_id", "")) for envelope in batch} - {""}
    keys: list[Any] = [f"plan:{plan_id}" for plan_id in sorted(plan_ids)]
    # SCAN, never KEYS: it would block Redis while it scans all keys.
    async for key in stores.redis.scan_iter(match=LISTS, count=_AT_A_TIME):
        keys.append(key)
    for first in range(0, len(keys), _AT_A_TIME):
        await stores.redis.unlink(*keys[first : first + _AT_A_TIME])


DROP_CACHED: Final = Outside(
    "drop-cached-plans",
    (PlanCreated, PlanUpdated, PlanDeleted, PlanGroupUpdated, PlanGroupDeleted, OperatorUpdated),
    _drop,
)
