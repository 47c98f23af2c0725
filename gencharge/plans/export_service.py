"""Plans as a file that can be imported again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.plans import crud, plan_rows, rules, service, spreadsheet, staff_service
from gencharge.plans.events import PlansExported
from gencharge.plans.models import Plan
from gencharge.plans.rules import Vocabulary
from gencharge.plans.staff_schemas import FileFormat, PlanExportQuery
from gencharge.sessions.guards import Principal

_CHUNK_BYTES: Final = 64_000
MEDIA_TYPES: Final = {FileFormat.CSV: spreadsheet.CSV, FileFormat.XLSX: spreadsheet.XLSX}


async def rows_of(
    db: AsyncSession, admin: Principal, query: PlanExportQuery
) -> tuple[Sequence[Plan], Vocabulary]:
    """The plans that match in the admin's scope; announces the export.

    Raises ValidationFailed for what the catalogue does not know.
    """
    vocabulary = await service.read_vocabulary(db)
    plans = await crud.list_where(db, *staff_service.conditions(admin, query, vocabulary))
    filters = query.model_dump(mode="json", exclude_none=True, exclude={"format"})
    exported = PlansExported(
        user_id=str(SYSTEM_USER_ID),
        plan_export_id=str(new_id()),
        file_format=query.format.value,
        plans=len(plans),
        filters=filters,
    )
    await emit(db, exported)
    return plans, vocabulary


def file_name(kind: FileFormat) -> str:
    """`plans-2026-12-01.csv`; the day is India's."""
    return f"plans-{clock.now().astimezone(clock.IST):%Y-%m-%d}.{kind.value}"


async def chunks(plans: Sequence[Plan], vocabulary: Vocabulary, kind: FileFormat) -> AsyncIterator[bytes]:
    """The file, piece by piece."""
    rows = (_cells(plan, vocabulary) for plan in plans)
    if kind is FileFormat.CSV:
        for chunk in spreadsheet.csv_chunks(plan_rows.COLUMNS, rows):
            yield chunk
            await asyncio.sleep(0)  # lets other requests run between two pieces
        return
    # A ZIP archive can't be streamed while it is written: it is built in a thread and sent in pieces.
    data = await asyncio.to_thread(spreadsheet.xlsx_of, plan_rows.COLUMNS, rows)
    for first in range(0, len(data), _CHUNK_BYTES):
        yield data[first : first + _CHUNK_BYTES]


def _cells(plan: Plan, vocabulary: Vocabulary) -> list[str]:
    group = vocabulary.groups[plan.group_id]
    cells = plan_rows.cells_of(rules.state_of(plan), group, plan_id=plan.plan_id, version=plan.version)
    return [cells[column] for column in plan_rows.COLUMNS]
