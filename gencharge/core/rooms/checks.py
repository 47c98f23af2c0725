"""Checks of what must always hold, as SQL that returns the rows that break it."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.events.events import Event, emit
from gencharge.core.postgres.database import Database, read_one_snapshot
from gencharge.core.rooms.proofs import Proof
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID

_SHOWN: Final = 5
# 02:00 in India, when the day's business is over.
NIGHTLY: Final = "30 20 * * *"
# A proof is of a copy that nobody uses yet, so it may have the machine to itself.
PROVING_SESSIONS: Final = max(1, min(4, os.cpu_count() or 1))
# What such a session may use for a sort or a hash, so that the joins of millions of rows stay in memory.
_PROVING_WORK_MEM: Final = "64MB"
log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerVerified(Event):
    """The ledger was checked. `breaches`: how many rows break an invariant; `failed`: which invariants."""

    checks: int
    breaches: int
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """An invariant: what holds, and a query whose rows are its breaches (first column: whose)."""

    name: str
    breaches: str


@dataclass(slots=True)
class Report:
    """What a run of checks found."""

    breaches: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True if everything holds."""
        return not any(self.breaches.values())

    @property
    def lines(self) -> list[str]:
        """A line for each check, and the first breaches of one that fails."""
        breaches: list[str] = []
        for name, rows in self.breaches.items():
            breaches.append(f"{'FAIL' if rows else 'ok  '}  {name}")
            breaches.extend(f"      {row}" for row in rows[:_SHOWN])
            if len(rows) > _SHOWN:
                breaches.append(f"      and {len(rows) - _SHOWN} more")
        return breaches


async def run(
    database: Database, checks: Sequence[Check], *, measured: bool = True, sessions: int = 1
) -> Report:
    """Run all checks on one snapshot of the database, so that a concurrent movement can't look like a breach.

    Raises DatabaseUnavailable. `measured`: what is found is a metric of this installation. `sessions`: how many checks run at once, each on a core
    of the server; more than one for a database that nobody uses, and then each may use more memory."""
    waiting, breaches = deque(checks), dict[str, list[str]]()
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(database.transaction())
        await read_one_snapshot(first)
        readers = [first]
        if sessions > 1:
            snapshot = await first.scalar(text("SELECT pg_export_snapshot()"))
            for _ in range(sessions - 1):
                other = await stack.enter_async_context(database.transaction())
                await read_one_snapshot(other)
                # The name of a snapshot can't be a parameter; it is PostgreSQL's own.
                await other.execute(text(f"SET TRANSACTION SNAPSHOT '{snapshot}'"))
                readers.append(other)

        async def work(db: AsyncSession) -> None:
            if sessions > 1:
                await db.execute(text(f"SET LOCAL work_mem = '{_PROVING_WORK_MEM}'"))
            while waiting:
                check = waiting.popleft()
                rows = await db.execute(text(check.breaches))
                breaches[check.name] = [
                    ", ".join(f"{key}={value}" for key, value in row.items()) for row in rows.mappings()
                ]

        try:
            async with asyncio.TaskGroup() as group:
                for reader in readers:
                    group.create_task(work(reader))
        except ExceptionGroup as failed:
            # What ends one session ends them all, and a transaction knows what a single error means.
            raise failed.exceptions[0] from None
    report = Report({check.name: breaches[check.name] for check in checks})
    if measured:
        telemetry.UNRESOLVED.set(sum(len(rows) for rows in report.breaches.values()))
    return report


def nightly(checks: Sequence[Check]) -> Job:
    """The job that runs the checks each night and records the result, in the log, the metrics and the audit trail."""

    async def verify(stores: Stores) -> None:
        report = await run(stores.database, checks)
        failed = [name for name, rows in report.breaches.items() if rows]
        breaches = sum(len(rows) for rows in report.breaches.values())
        (log.error if failed else log.info)(
            "ledger_verified", checks=len(checks), breaches=breaches, failed=failed
        )
        happened = LedgerVerified(
            user_id=str(SYSTEM_USER_ID), checks=len(checks), breaches=breaches, failed="; ".join(failed)
        )
        await stores.database.run(lambda db: emit(db, happened))

    return Job("ledger.verify", verify, cron=NIGHTLY)


def proof(checks: Sequence[Check]) -> Proof:
    """The checks of all rooms, as a proof."""

    async def prove(settings: Settings) -> tuple[bool, list[str]]:
        database = Database(settings, name="gencharge-verify")
        try:
            report = await run(database, checks, measured=False, sessions=PROVING_SESSIONS)
        finally:
            await database.close()
        return report.ok, report.lines

    return prove
