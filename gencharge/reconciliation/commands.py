"""`gencharge reconcile`: match statements with our books from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.reconciliation import crud, runs_service
from gencharge.reconciliation import statements_service as statements
from gencharge.reconciliation.errors import StatementInvalid
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceStatus,
    ReconciliationDifference,
    ReconciliationRun,
    ReconciliationRunStatus,
    StatementSource,
)
from gencharge.reconciliation.statements_service import Statement

Say = Callable[[str], None]
MATCHED: Final = 0
DIFFERENT: Final = 1
UNAVAILABLE: Final = 2


def reconcile(
    settings: Settings,
    say: Say,
    *,
    day: str | None = None,
    counterparty: str | None = None,
    file: Path | None = None,
) -> int:
    """Match statements of a day (default: yesterday in India) and print the results. Returns the exit code:
    0 everything matched, 1 there are differences, 2 a statement was not available or not valid."""
    try:
        business_day = date.fromisoformat(day) if day else runs_service.yesterday()
    except ValueError:
        say(f"{day}: give a date, such as {runs_service.yesterday()}")
        return UNAVAILABLE
    if business_day > runs_service.today():
        say(f"{business_day} has not started yet")
        return UNAVAILABLE
    if file is not None and counterparty is None:
        say("--file needs --counterparty, whose statement the file is")
        return UNAVAILABLE
    return asyncio.run(_reconcile(settings, say, business_day, counterparty, file))


async def _reconcile(
    settings: Settings, say: Say, day: date, counterparty: str | None, file: Path | None
) -> int:
    stores = Stores.open(settings, name="gencharge-reconcile")
    try:
        return await run(stores, say, day=day, counterparty=counterparty, file=file)
    finally:
        await stores.close()


async def run(
    stores: Stores, say: Say, *, day: date, counterparty: str | None = None, file: Path | None = None
) -> int:
    """The command, with stores that are open. Returns the exit code."""
    context = runs_service.CounterpartyContext(stores)
    database = stores.database
    worst = MATCHED
    try:
        if counterparty is None:
            parties = await database.run(lambda db: runs_service.list_counterparties(db, day))
        else:
            parties = [counterparty]
            if counterparty != GATEWAY:
                channels = await database.run(runs_service.list_channels)
                if counterparty not in channels:
                    say(f"{counterparty}: must be one of {', '.join((GATEWAY, *channels))}")
                    return UNAVAILABLE
        for party in parties:
            statement = _read(file, party, day) if file is not None else None
            worst = max(worst, await _one(context, say, party, day, statement))
    finally:
        await context.close()
    return worst


async def _one(
    context: runs_service.CounterpartyContext,
    say: Say,
    party: str,
    day: date,
    statement: Statement | StatementInvalid | None,
) -> int:
    source = StatementSource.API if statement is None else StatementSource.FILE
    run_id = await context.database.run(lambda db: runs_service.begin(db, party, day, source=source))
    result = await runs_service.execute(context, run_id, statement)
    differences = await context.database.run(lambda db: crud.list_differences(db, run_id))
    for line in _lines(result, differences):
        say(line)
    if result.status == ReconciliationRunStatus.FAILED:
        return UNAVAILABLE
    return DIFFERENT if differences else MATCHED


def _read(file: Path, counterparty: str, day: date) -> Statement | StatementInvalid:
    try:
        if file.stat().st_size > statements.MAX_FILE_BYTES:
            raise StatementInvalid([f"the file is larger than {statements.MAX_FILE_BYTES // 1_000_000} MB"])
        return statements.read_file(file.read_bytes(), counterparty, day)
    except OSError as error:
        return StatementInvalid([error.strerror or "can't be read"])
    except StatementInvalid as problem:
        return problem


def _lines(run: ReconciliationRun, differences: Sequence[ReconciliationDifference]) -> list[str]:
    head = f"{run.day} {run.counterparty}"
    if run.status == ReconciliationRunStatus.FAILED:
        first, *more = run.error.splitlines() or ["failed"]
        return [f"{head}: no statement: {first}", *(f"    {line}" for line in more)]
    rows, differences_found = _count(run.rows_theirs, "row"), _count(run.differences, "difference")
    lines = [f"{head}: {rows}, {run.matched} matched, {differences_found}, {_rupees(run.difference_paise)}"]
    lines.extend(_line(each) for each in differences)
    return lines


def _line(difference: ReconciliationDifference) -> str:
    status = (
        ""
        if difference.status == DifferenceStatus.OPEN
        else f" ({difference.status}: {difference.resolution})"
    )
    ours, theirs = _rupees(difference.ours_paise), _rupees(difference.theirs_paise)
    return (
        f"    {difference.kind} {difference.reference}: ours {ours}, theirs {theirs}"
        f" -> {difference.proposed_resolution}{status}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _rupees(paise: int | None) -> str:
    if paise is None:
        return "-"
    return f"{'-' * (paise < 0)}₹{Money(abs(paise))}"
