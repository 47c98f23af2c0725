"""`gencharge report`: a report of any size as a file, for the operators of the servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from gencharge.core.errors import Problem
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.reports import files_service, service
from gencharge.reports.definitions import Ask
from gencharge.reports.service import Order
from gencharge.sessions.guards import Principal

Say = Callable[[str], None]
# No one is signed in at a command line, so it is the system that takes the report.
_SYSTEM: Final = Principal(user_id=SYSTEM_USER_ID, kind="admin", session_id=SYSTEM_USER_ID)


def write(
    settings: Settings,
    name: str,
    file: Path,
    say: Say,
    *,
    file_format: str,
    columns: str | None,
    filters: Mapping[str, str],
) -> int:
    """Write a report to `file`, which has its name only once it is whole. Returns the exit code."""
    report = service.REPORTS.get(name)
    if report is None:
        say(f"{name}: no report. There are: {', '.join(sorted(service.REPORTS))}")
        return 1

    async def run() -> int:
        stores = Stores.open(settings, name="gencharge-report")
        try:
            query = files_service.parse(
                report, {"filters": dict(filters), "format": file_format, "columns": columns}
            )
            ask = Ask(principal=_SYSTEM, query=query, settings=settings)
            order = Order(report=report, ask=ask, masks_contacts=False)
            part = file.with_name(f".{file.name}.part")
            try:
                with part.open("xb") as output:
                    rows = await service.make(stores, order, output)
                await stores.database.run(lambda db: service.announce(db, order, rows))
                part.replace(file)
            finally:
                part.unlink(missing_ok=True)
            return rows
        finally:
            await stores.close()

    try:
        rows = asyncio.run(run())
    except Problem as problem:
        say(problem.detail)
        for error in problem.errors or ():
            say(f"  {error['field']}: {error['message']}")
        return 1
    say(f"{file}: {rows:,} rows")
    return 0
