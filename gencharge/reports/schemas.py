"""What a report can be asked for, and what the API says about reports."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gencharge.core.http.answer_examples import FILE_OF_JSON
from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Body, Out
from gencharge.core.stores.storage import TYPES
from gencharge.core.values.codes import Choice
from gencharge.reports.models import FileStatus

# Not filters: how the file is to be.
_FORM: Final = frozenset({"format", "columns", "headings"})


_HEADINGS: Final = "What stands above the columns of CSV and XLSX. Default: words in your language; names in a CSV file in English."


class ReportFormat(StrEnum):
    """The formats of a report."""

    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    PDF = "pdf"
    PARQUET = "parquet"  # typed columns; takes the extra gencharge[parquet]


_FILE: Final = {"type": "string", "format": "binary"}
# What an answer with the file of a report looks like, for the OpenAPI document.
FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {
            TYPES[kind.value]: {"schema": FILE_OF_JSON if kind is ReportFormat.JSON else _FILE}
            for kind in ReportFormat
        },
    }
}


class Headings(StrEnum):
    """What stands above the columns of a CSV file or a sheet."""

    NAMES = "names"  # `paid_from_wallet`, as in JSON
    WORDS = "words"  # `Paid from wallet`, or the same in Hindi


class ReportQuery(BaseModel, defer_build=True):
    """How a report is to be. A report adds its filters."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    format: ReportFormat = ReportFormat.CSV
    columns: str | None = Field(
        default=None,
        min_length=1,
        max_length=1_000,
        description="Names of columns with commas between, in the order that you want. Default: all; of a PDF, those that fit.",
    )

    headings: Headings | None = Field(default=None, description=_HEADINGS)

    def filters(self) -> tuple[tuple[str, str], ...]:
        """The filters that were given, as they are printed."""
        values = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(_FORM))
        return tuple((name, str(value)) for name, value in values.items())


class ColumnOut(Out):
    """A column of a report."""

    name: str
    heading: str = Field(description="What people read above it, in your language.")
    kind: str = Field(examples=["text", "money", "instant", "date", "integer", "boolean"])
    about: str


class ReportOut(Out):
    """A report that you may have."""

    name: str
    title: str = Field(description="In your language.")
    about: str
    permission: str = Field(description="What it takes beside `Reports:read`.", examples=["Users:read"])
    columns: list[ColumnOut]
    filters: list[str] = Field(description="The parameters that choose its rows.")


class MakeReport(Body):
    """A report as a file, made by a worker."""

    report: str = Field(max_length=40, examples=["transactions"])
    format: ReportFormat = ReportFormat.CSV
    columns: str | None = Field(default=None, min_length=1, max_length=1_000, examples=["paid,operator"])
    headings: Headings | None = Field(default=None, description=_HEADINGS)
    filters: dict[str, str] = Field(
        default_factory=dict,
        max_length=20,
        description="As the parameters of `GET /reports/{report}`.",
        examples=[{"from": "2026-11-01", "operator": "JIO"}],
    )


class ReportFileQuery(PageParams):
    """Which of your files."""

    status: FileStatus | None = None
    report: Annotated[str, Choice("report")] | None = Field(default=None, max_length=40)


class ReportFileOut(Out):
    """A report that a worker makes, or has made."""

    report_file_id: UUID
    report: str
    format: ReportFormat
    filters: dict[str, str]
    status: FileStatus
    rows: int = Field(description="So far; of one that is ready, all.")
    total_rows: int | None = Field(description="null: not known before the end.")
    percent: float | None
    seconds_left: int | None = Field(description="At the pace so far; null: not known.")
    size_bytes: int | None
    failure: str | None = Field(description="The code of what went wrong.", examples=["report_too_large"])
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime = Field(description="When the file is deleted.")


class ReportLinkOut(Out):
    """Where a file can be fetched without signing in."""

    url: str = Field(description="A path of this API. Whoever has it can fetch the file.")
    expires_at: datetime
