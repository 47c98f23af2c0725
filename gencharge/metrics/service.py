"""Looks at the queues, the figures and the stores, and tells Prometheus."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import service as analytics
from gencharge.core import telemetry
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.messages import service as messages
from gencharge.metrics import crud
from gencharge.metrics.numbers import (
    LEDGER_BREACHES,
    LEDGER_CHECKED,
    LEDGER_UNCHECKED_SINCE,
    PARKED,
    QUEUE_AGE,
    RECHARGES,
    STORE_SECONDS,
    STORE_UP,
    WALLETS,
    WALLETS_PAISE,
    WORK,
    WORK_AGE,
    Sums,
)
from gencharge.work import service as work

_PATIENCE_SECONDS: Final = 2.0
log = telemetry.get_logger(__name__)


async def look(stores: Stores) -> None:
    """Measure everything that is cheap. Raises DatabaseUnavailable; other stores that are away are shown as such."""
    up = await _stores(stores)
    oldest, parked, sums = await stores.database.run(_read)
    for kind, (count, since) in (await stores.database.run(work.count_waiting)).items():
        WORK.labels(kind.value).set(count)
        WORK_AGE.labels(kind.value).set(_age(since))
    for queue, since in oldest.items():
        QUEUE_AGE.labels(queue).set(_age(since))
    PARKED.set(parked)
    RECHARGES.sums = sums
    if "mongodb" in up:
        for channel, since in (await messages.oldest_due(stores.documents)).items():
            QUEUE_AGE.labels(channel).set(_age(since))
    if "redis" in up:
        # A new installation has no night behind it, so its first look is what the age of its checks counts from.
        await stores.redis.hsetnx(_ledger_key(stores), "watched_since", str(clock.now().timestamp()))
        checked: Any = await stores.redis.hgetall(_ledger_key(stores))
        LEDGER_CHECKED.set(float(checked.get("at", 0)))
        LEDGER_UNCHECKED_SINCE.set(float(checked.get("at") or checked["watched_since"]))
        LEDGER_BREACHES.set(float(checked.get("breaches", 0)))


async def add_up_wallets(stores: Stores) -> None:
    """Sum all wallets up. Raises DatabaseUnavailable."""
    sums, wallets = await stores.database.run(crud.sum_wallets)
    WALLETS.set(wallets)
    for part, paise in sums.items():
        WALLETS_PAISE.labels(part).set(paise)


async def note_ledger(stores: Stores, at: datetime, breaches: int) -> None:
    """Remember the last check of the ledger for every worker's metrics. Raises RedisError."""
    await stores.redis.hset(_ledger_key(stores), mapping={"at": at.timestamp(), "breaches": breaches})


def _ledger_key(stores: Stores) -> str:
    """Where Redis keeps the last check of this database's ledger."""
    return f"gencharge:{stores.settings.database_name}:metrics:ledger"


async def _read(db: AsyncSession) -> tuple[dict[str, datetime | None], int, list[Sums]]:
    oldest = await crud.list_oldest(db)
    parked = await crud.count_parked(db)
    rows = await analytics.sums_of_all_days(db)
    return oldest, parked, [Sums(row.operator, row.channel, row.measures) for row in rows]


def _age(since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (clock.now() - since).total_seconds())


async def _stores(stores: Stores) -> set[str]:
    """Ask each store for an answer; those that gave one."""
    questions = {
        "postgresql": stores.database.ping(),
        "mongodb": stores.mongo.admin.command("ping"),
        "redis": stores.redis.ping(),
    }
    answers = await asyncio.gather(*(_answers(name, question) for name, question in questions.items()))
    return {name for name, answered in zip(questions, answers, strict=True) if answered}


async def _answers(name: str, question: Awaitable[Any]) -> bool:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await question
    except Exception as error:
        raise_if_cancelled()
        log.debug("store_away", store=name, error=type(error).__name__)
        STORE_UP.labels(name).set(0)
        return False
    STORE_UP.labels(name).set(1)
    STORE_SECONDS.labels(name).set(time.perf_counter() - began)
    return True
