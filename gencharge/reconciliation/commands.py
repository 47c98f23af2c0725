"""`gencharge reconcile`: statements against our books, for whoever runs the servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.reconciliation import crud, runs_service
from gencharge.reconciliation import statements_service as statements
from gencharge.reconciliation.errors import StatementInvalid
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceStatus,
    ReconciliationDifference,
    ReconciliationRun,
    RunStatus,
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
    """Match statements of a day (default: yesterday in India) and say what came of it. Returns the exit code:
    0 all is matched, 1 there are differences, 2 a statement could not be had."""
    try:
        wanted = date.fromisoformat(day) if day else runs_service.yesterday()
    except ValueError:
        say(f"{day}: a day, such as {runs_service.yesterday()}")
        return UNAVAILABLE
    if wanted > runs_service.today():
        say(f"{wanted} has not started yet")
        return UNAVAILABLE
    if file is not None and counterparty is None:
        say("--file needs --counterparty: whose statement it is")
        return UNAVAILABLE
    return asyncio.run(_reconcile(settings, say, wanted, counterparty, file))


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
    """The command over stores that are open."""
    sources = runs_service.Sources(stores)
    database = stores.database
    worst = MATCHED
    try:
        if counterparty is None:
            parties = await database.run(lambda db: runs_service.list_counterparties(db, day))
        else:
            parties = [counterparty]
            if counterparty != GATEWAY:
                known = await database.run(runs_service.list_channels)
                if counterparty not in known:
                    say(f"{counterparty}: there are {', '.join((GATEWAY, *known))}")
                    return UNAVAILABLE
        for party in parties:
            given = _read(file, party, day) if file is not None else None
            worst = max(worst, await _one(sources, say, party, day, given))
    finally:
        await sources.close()
    return worst


async def _one(
    sources: runs_service.Sources,
    say: Say,
    party: str,
    day: date,
    given: Statement | StatementInvalid | None,
) -> int:
    source = StatementSource.API if given is None else StatementSource.FILE
    run_id = await sources.database.run(lambda db: runs_service.begin(db, party, day, source=source))
    ended = await runs_service.execute(sources, run_id, given)
    found = await sources.database.run(lambda db: crud.list_differences(db, run_id))
    for line in _lines(ended, found):
        say(line)
    if ended.status == RunStatus.FAILED:
        return UNAVAILABLE
    return DIFFERENT if found else MATCHED


def _read(file: Path, counterparty: str, day: date) -> Statement | StatementInvalid:
    try:
        if file.stat().st_size > statements.MAX_FILE_BYTES:
            raise StatementInvalid([f"the file is larger than {statements.MAX_FILE_BYTES // 1_000_000} MB"])
        return statements.read_file(file.read_bytes(), counterparty, day)
    except OSError as error:
        return StatementInvalid([error.strerror or "can't be read"])
    except StatementInvalid as problem:
        return problem


def _lines(ended: ReconciliationRun, found: Sequence[ReconciliationDifference]) -> list[str]:
    head = f"{ended.day} {ended.counterparty}"
    if ended.status == RunStatus.FAILED:
        first, *more = ended.error.splitlines() or ["failed"]
        return [f"{head}: no statement: {first}", *(f"    {line}" for line in more)]
    lines = [
        f"{head}: {ended.rows_theirs} rows, {ended.matched} matched, {ended.differences} differences,"
        f" {ended.difference_paise} paise"
    ]
    lines.extend(_line(each) for each in found)
    return lines


def _line(found: ReconciliationDifference) -> str:
    status = "" if found.status == DifferenceStatus.OPEN else f" ({found.status}: {found.resolution})"
    ours = "-" if found.ours_paise is None else found.ours_paise
    theirs = "-" if found.theirs_paise is None else found.theirs_paise
    return (
        f"    {found.kind} {found.reference}: ours {ours}, theirs {theirs} paise"
        f" -> {found.proposed_resolution}{status}"
    )
