"""Orders of reports, and what is in their files."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.language import Language
from gencharge.reports import making_service, service
from gencharge.reports.definitions import Ask, Heading, Report
from gencharge.reports.models import ReportFile
from gencharge.reports.schemas import Headings, ReportFormat
from gencharge.reports.service import Order
from gencharge.sessions.guards import Principal

# What people write to harm who opens a file, and what they write without harm. Each is one cell.
CELLS = (
    '=HYPERLINK("http://x.example")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "ok\n=cmd|'/c calc'!A1",
    "\u200b=1",
    "\ufeff=1",
    "'=1",
    '"; =1',
    'a "quoted", comma',
    "two\nlines",
    "नमस्ते क्षत्रिय",
    "🙂 recharge",
    "=" + "x" * 40_000,
)


def an_admin(scope: tuple[str, ...] = ()) -> Principal:
    """An admin who may see everything of these operators; of all, if none is named."""
    return Principal(user_id=new_id(), kind="admin", session_id=new_id(), operator_scope=scope)


def a_user(user_id: UUID) -> Principal:
    """A customer."""
    return Principal(user_id=user_id, kind="user", session_id=new_id())


def order_of(
    stores: Stores,
    name: str,
    file_format: str = "csv",
    *,
    principal: Principal | None = None,
    masks_contacts: bool = False,
    **query: Any,
) -> Order:
    """An order of the staff's report `name`, or of a customer's own."""
    principal = principal or an_admin()
    reports = service.REPORTS if principal.kind == "admin" else service.OWN_REPORTS
    report = reports[name]
    asked = report.query.model_validate({"format": file_format, **query})
    ask = Ask(principal=principal, query=asked, settings=stores.settings)
    return Order(report=report, ask=ask, masks_contacts=masks_contacts)


async def file_of(stores: Stores, order: Order) -> bytes:
    """The whole file."""
    with tempfile.TemporaryFile() as file:
        await service.make(stores, order, file)
        file.seek(0)
        return file.read()


async def rows_of(stores: Stores, name: str, **query: Any) -> list[dict[str, str]]:
    """The rows of a report as CSV has them."""
    return read_csv(await file_of(stores, order_of(stores, name, **query)))


def read_csv(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file by the names of their columns."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def heading_of(
    report: Report,
    names: Sequence[str] | None = None,
    file_format: ReportFormat = ReportFormat.CSV,
    language: Language = Language.ENGLISH,
    headings: Headings | None = None,
) -> Heading:
    """The heading of a report without filters."""
    query = report.query.model_construct(format=file_format, columns=None, headings=headings)
    columns = report.choose(",".join(names) if names else None)
    return Heading.of(report, query, columns, "2026-12-01 10:00 IST", language)


async def make_waiting(stores: Stores) -> None:
    """Make every report that waits, as a worker does."""
    async with stores.database.transaction() as db:
        waiting = list(await db.scalars(select(ReportFile.file_id).where(ReportFile.status == "waiting")))
    for file_id in waiting:
        await making_service.make(stores, file_id)
