"""Making reports: which there are, and how the rows of one become a file.

A file is written to the disk before anything of it is sent, so a report that fails half way is a problem document and never half a
file. Rows come over a cursor of the server in one snapshot; a thread turns each batch into cells, and nothing keeps them all.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence, Set
from contextlib import aclosing, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO, Final

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.events.events import emit
from gencharge.core.http.choices import Choices
from gencharge.core.postgres.database import read_one_snapshot
from gencharge.core.postgres.replica import ReplicaLost
from gencharge.core.stores.storage import CHUNK_BYTES, TYPES
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.language import Language
from gencharge.core.wording import in_language, worded
from gencharge.reports import (
    catalogue_crud,
    crud,
    ledger_crud,
    payments_crud,
    people_crud,
    sales_crud,
    tax_crud,
    trail_service,
)
from gencharge.reports.cells import IST, masked
from gencharge.reports.definitions import Ask, Batch, Column, Heading, Report
from gencharge.reports.errors import ReportTooLarge
from gencharge.reports.events import ReportMade
from gencharge.reports.parquet import EXTRA, ParquetWriter, is_installed
from gencharge.reports.pdf import MAX_COLUMNS, PdfWriter
from gencharge.reports.pdf import MAX_ROWS as MAX_PDF_ROWS
from gencharge.reports.schemas import ColumnOut, ReportFormat, ReportOut, ReportQuery
from gencharge.reports.sheet import SheetWriter
from gencharge.reports.writers import CsvWriter, JsonWriter, Writer
from gencharge.sessions.guards import Principal

REPORTS: Final = MappingProxyType(
    {
        report.name: report
        for report in (
            *people_crud.REPORTS,
            *sales_crud.REPORTS,
            *payments_crud.REPORTS,
            *catalogue_crud.REPORTS,
            *ledger_crud.REPORTS,
            *tax_crud.REPORTS,
            trail_service.TRAIL,
            trail_service.BACKUPS,
        )
    }
)
OWN_REPORTS: Final = MappingProxyType(
    {report.name: report for report in (trail_service.OWN_TRANSACTIONS, ledger_crud.STATEMENT)}
)
# What one request may ask for. What is larger becomes a file.
MAX_DIRECT_ROWS: Final = 10_000
# A larger file than this is on the disk while it is written.
_IN_MEMORY_BYTES: Final = 1_000_000
_WRITERS: Final[dict[ReportFormat, Callable[[IO[bytes], Heading], Writer]]] = {
    ReportFormat.CSV: CsvWriter,
    ReportFormat.JSON: JsonWriter,
    ReportFormat.XLSX: SheetWriter,
    ReportFormat.PDF: PdfWriter,
    ReportFormat.PARQUET: ParquetWriter,
}
MEDIA_TYPES: Final = MappingProxyType(
    {
        kind: TYPES[kind.value] + ("; charset=utf-8" if kind is ReportFormat.CSV else "")
        for kind in ReportFormat
    }
)
OnRows = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A report that is asked for: what, by whom, and whether they see people's numbers and addresses whole."""

    report: Report
    ask: Ask
    masks_contacts: bool
    # Of title, headings and the names of filters.
    language: Language = Language.ENGLISH

    @property
    def query(self) -> ReportQuery:
        """How it is to be."""
        query: ReportQuery = self.ask.query
        return query

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that were chosen. Raises ValidationFailed."""
        return columns_of(self.report, self.query)

    def check(self) -> None:
        """Raises ValidationFailed for columns that the report does not have."""
        _ = self.columns

    def limit(self, rows: int | None) -> int | None:
        """The most rows that may be given: `rows`, and of a PDF fewer."""
        if self.query.format is ReportFormat.PDF:
            return MAX_PDF_ROWS if rows is None else min(rows, MAX_PDF_ROWS)
        return rows


def columns_of(report: Report, query: ReportQuery) -> tuple[Column, ...]:
    """The columns that a query chooses. Raises ValidationFailed for those that the report does not have, and for too many."""
    is_pdf = query.format is ReportFormat.PDF
    if query.format is ReportFormat.PARQUET and not is_installed():
        lacks = worded("Parquet takes the extra {extra}, which this installation lacks", extra=EXTRA)
        raise ValidationFailed(errors=[field_problem("query.format", lacks, "format_not_installed")])
    columns = report.choose(query.columns, brief=is_pdf)
    if is_pdf and len(columns) > MAX_COLUMNS:
        right = f"Must name at most {MAX_COLUMNS} columns for a PDF"
        raise ValidationFailed(errors=[field_problem("query.columns", right, "columns_invalid")])
    return columns


async def make(
    stores: Stores,
    order: Order,
    file: IO[bytes],
    *,
    max_rows: int | None = None,
    on_rows: OnRows | None = None,
) -> int:
    """Write a report into a file. Returns how many rows there were.

    `on_rows` is told after each batch how many there are so far. Raises ValidationFailed for columns and filters that the report does not have,
    ReportTooLarge for more than `max_rows` rows, DatabaseUnavailable, DocumentsUnavailable.
    """
    try:
        return await _write(stores, order, file, max_rows=max_rows, on_rows=on_rows)
    except ReplicaLost:
        # From the beginning: rows of two snapshots would not belong together.
        await asyncio.to_thread(_empty, file)
        return await _write(stores, order, file, max_rows=max_rows, on_rows=on_rows, primary_only=True)


def _empty(file: IO[bytes]) -> None:
    file.seek(0)
    file.truncate()


async def _write(
    stores: Stores,
    order: Order,
    file: IO[bytes],
    *,
    max_rows: int | None,
    on_rows: OnRows | None,
    primary_only: bool = False,
) -> int:
    columns = order.columns
    made_at = f"{clock.now().astimezone(IST):%Y-%m-%d %H:%M} IST"
    heading = Heading.of(order.report, order.query, columns, made_at, order.language)
    limit = order.limit(max_rows)
    writer = _WRITERS[order.query.format](file, heading)
    masks = columns if order.masks_contacts else None
    rows = 0
    writing: asyncio.Future[None] | None = None
    try:
        # A request keeps to the time that any other request has.
        source = _batches(stores, order, columns, patient=max_rows is None, primary_only=primary_only)
        async with aclosing(source) as batches:
            async for batch in batches:
                rows += len(batch)
                if limit is not None and rows > limit:
                    raise _too_large(limit)
                # A batch is written while the next one is on its way.
                await _written(writing)
                writing = asyncio.ensure_future(asyncio.to_thread(_add, writer, batch, masks))
                if on_rows is not None:
                    on_rows(rows)
        await _written(writing)
    except BaseException:
        await _ended(writing)
        writer.abandon()
        raise
    await asyncio.to_thread(writer.end)
    return rows


async def _written(writing: asyncio.Future[None] | None) -> None:
    """Wait for a batch. Raises what kept it from being written. A cancellation leaves the thread at work: see `_ended`."""
    if writing is not None:
        await asyncio.wait([writing])
        writing.result()


async def _ended(writing: asyncio.Future[None] | None) -> None:
    """Wait until the thread that writes a batch is done with the file, however that ends, also if we are cancelled once more."""
    while writing is not None and not writing.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([writing])


def _add(writer: Writer, batch: Batch, masks: Sequence[Column] | None) -> None:
    writer.add(batch if masks is None else masked(batch, masks))


async def _batches(
    stores: Stores, order: Order, columns: tuple[Column, ...], *, patient: bool, primary_only: bool
) -> AsyncGenerator[Batch, None]:
    report = order.report
    if report.select is not None:
        async with stores.reading.transaction(primary_only=primary_only) as db:
            if patient:
                await read_one_snapshot(db)
            if report.check is not None:
                await report.check(db, order.query, "query")
            async with aclosing(crud.stream_rows(db, report.select(order.ask), columns)) as rows:
                async for batch in rows:
                    yield batch
        return
    assert report.stream is not None, "a report has the one or the other"
    names = [column.name for column in report.columns]
    places = [names.index(column.name) for column in columns]
    async with aclosing(report.stream(stores, order.ask)) as batches:
        async for batch in batches:
            yield [[row[place] for place in places] for row in batch]


async def count(stores: Stores, order: Order) -> int | None:
    """How many rows a report has now; None if that can't be told before it is made."""
    if order.report.select is None:
        return None
    select = order.report.select

    async def unit(db: AsyncSession) -> int:
        await read_one_snapshot(db)
        return await crud.count_rows(db, select(order.ask))

    return await stores.reading.run(unit)


async def answer(stores: Stores, order: Order) -> tuple[IO[bytes], int]:
    """A report that is small enough for one answer: the whole file, to be sent with `pieces`, and how many rows it has.

    Raises what `make` raises.
    """
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - `pieces` closes it
    try:
        rows = await make(stores, order, file, max_rows=MAX_DIRECT_ROWS)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file, rows


async def pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    """A file from where it stands, to be sent; closed at the end."""
    with file:
        while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield piece


async def announce(db: AsyncSession, order: Order, rows: int) -> None:
    """Write down that data left the house."""
    owner = order.ask.principal.user_id if order.report.resource is None else SYSTEM_USER_ID
    event = ReportMade(
        user_id=str(owner),
        report_id=str(new_id()),
        report=order.report.name,
        file_format=order.query.format.value,
        rows=rows,
        columns=[column.name for column in order.columns],
        filters=dict(order.query.filters()),
    )
    await emit(db, event)


def reply(order: Order, file: IO[bytes]) -> StreamingResponse:
    """The file of a report as an answer."""
    name = file_name(order.report.name, order.query.format.value)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces(file), media_type=MEDIA_TYPES[order.query.format], headers=headers)


def file_name(report: str, file_format: str) -> str:
    """`transactions-2026-12-01.csv`; the day is India's."""
    return f"{report}-{clock.now().astimezone(IST).date()}.{file_format}"


def filters_of(report: Report) -> list[str]:
    """The names of a report's filters."""
    schema = report.query.model_json_schema(mode="validation")
    return sorted(name for name in schema["properties"] if name not in ReportQuery.model_fields)


def allowed(granted: Set[str], admin: Principal) -> list[Report]:
    """The reports that an admin may have, by name: who is limited to some operators gets those that keep to them."""
    return [
        report
        for _, report in sorted(REPORTS.items())
        if report.permission in granted and (report.scoped or not admin.operator_scope)
    ]


def show(report: Report, language: Language) -> ReportOut:
    """A report as the API describes it, with title and headings in this language."""
    return ReportOut(
        name=report.name,
        title=in_language(report.title, language),
        about=report.about,
        permission=report.permission,
        columns=[
            ColumnOut(
                name=column.name,
                heading=in_language(column.words, language),
                kind=column.kind.value,
                about=column.about,
            )
            for column in report.columns
        ],
        filters=filters_of(report),
    )


def _too_large(limit: int) -> ReportTooLarge:
    right = f"Must leave at most {limit} rows: give narrower filters, or ask for a file"
    return ReportTooLarge(errors=[field_problem("query", right, "report_too_large")], most_rows=limit)


async def report_choices(app: FastAPI, fresh: bool) -> Choices:
    """The names of the reports."""
    del app, fresh
    return Choices.of(sorted(REPORTS))
