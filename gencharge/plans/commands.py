"""`gencharge plans export` and `gencharge plans import`: the catalogue as a file, for the operators of the servers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import Problem
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.plans import export_service, import_service, plan_rows, spreadsheet
from gencharge.plans.errors import PlanImportInvalid
from gencharge.plans.staff_schemas import BadCell, FileFormat, PlanExportQuery, PlanImportOut
from gencharge.sessions.guards import Principal

T = TypeVar("T")
Say = Callable[[str], None]
# No one is signed in at a command line, so its changes are the system's.
_SYSTEM: Final = Principal(user_id=SYSTEM_USER_ID, kind="admin", session_id=SYSTEM_USER_ID)


def export_to(settings: Settings, file: Path, say: Say) -> int:
    """Write all plans to `file`, CSV or XLSX by its ending. Returns the exit code."""
    kind = file.suffix.removeprefix(".").lower()
    if kind not in {allowed.value for allowed in FileFormat}:
        say(f"{file}: a file that ends in .csv or .xlsx")
        return 1
    query = PlanExportQuery(format=FileFormat(kind))

    async def content(db: AsyncSession) -> tuple[int, bytes]:
        plans, vocabulary = await export_service.rows_of(db, _SYSTEM, query)
        pieces = [piece async for piece in export_service.chunks(plans, vocabulary, query.format)]
        return len(plans), b"".join(pieces)

    count, data = asyncio.run(_with(settings, content))
    file.write_bytes(data)
    say(f"{_count(count, 'plan')} {'was' if count == 1 else 'were'} written to {file}.")
    return 0


def import_from(settings: Settings, file: Path, say: Say, *, dry_run: bool) -> int:
    """Create and change the plans of `file`, all or none; with `dry_run` only report what would happen. Returns the exit code."""

    async def unit(db: AsyncSession) -> PlanImportOut:
        rows = spreadsheet.read(file.read_bytes(), plan_rows.COLUMNS)  # noqa: ASYNC240 - nothing else runs here
        return await import_service.run(db, _SYSTEM, rows, dry_run=dry_run)

    try:
        result = asyncio.run(_with(settings, unit))
    except PlanImportInvalid as refused:
        problems = [BadCell(**cell) for cell in refused.extra["bad_rows"]]
        _report(say, problems)
        say(f"Nothing was imported. Correct {_count(len(problems), 'problem')} in {file} and try again.")
        return 1
    except Problem as problem:
        say(problem.detail)
        return 1
    _report(say, result.bad_rows)
    verb = "would be " if dry_run else ""
    say(
        f"{_count(result.rows, 'row')}: {result.created} {verb}created, {result.updated} {verb}updated, {result.unchanged} unchanged."
    )
    return 1 if result.bad_rows else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _report(say: Say, bad: list[BadCell]) -> None:
    for cell in bad:
        say(
            f"line {cell.line}, {cell.column}: {cell.message}"
            + (f" (is: {cell.value})" if cell.value else "")
        )


async def _with(settings: Settings, unit: Callable[[AsyncSession], Awaitable[T]]) -> T:
    database = Database(settings, name="gencharge-plans")
    try:
        return await database.run(unit)
    finally:
        await database.close()
