"""What a report is: its name, its columns with their types, its filters, and the statement that its rows come from."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.language import Language
from gencharge.core.wording import Worded, in_language
from gencharge.reports.headings import WORDS
from gencharge.reports.schemas import Headings, ReportFormat, ReportQuery
from gencharge.sessions.guards import Action, Principal, Resource, permission

Batch = Sequence[Sequence[Any]]
# The statement of a report, whatever its columns.
Rows = Select[*tuple[Any, ...]]


class Kind(StrEnum):
    """The type of a column's values, and how a source gives them."""

    TEXT = "text"
    ID = "id"  # a UUID, or our own number: never a formula
    WORDS = "words"  # a list of texts; in one cell with blanks between
    MONEY = "money"  # paise, which may be negative; rupees with two decimals in the file
    INTEGER = "integer"
    BOOLEAN = "boolean"
    INSTANT = "instant"  # aware; Indian Standard Time in the file
    DATE = "date"  # a day in India


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in JSON, Parquet and an English CSV, and what it says. `total`: it adds up, in the last row of a sheet and of a
    PDF. `heading`: what it is called where its name usually means something else."""

    name: str
    kind: Kind
    about: str
    total: bool = False
    heading: Worded | None = None

    @property
    def words(self) -> Worded:
        """What people read above it."""
        return self.heading or WORDS[self.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Who asks for a report, and for which rows of it. An admin's scope limits a report that names operators."""

    principal: Principal
    query: Any  # of the report's own model of filters
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A bar for each value of the column `label`, as long as the sum of the column `value`; the largest twelve."""

    label: str
    value: str


Stream = Callable[[Stores, Ask], AsyncGenerator[Batch, None]]
# Raises ValidationFailed for filters that name what there is not. The last argument is where the filters stand: `query`, `body.filters`.
Check = Callable[[AsyncSession, Any, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report. Its rows come from `select`, or from `stream` if they are not in PostgreSQL.

    `select` names each of the columns, in any order. `stream` gives rows in the order of `columns`.
    """

    name: str
    title: Worded
    about: str
    # An admin needs `Reports:read`, and to read this; None: it is a customer's own.
    resource: Resource | None
    columns: tuple[Column, ...]
    # What a PDF shows if nobody chooses.
    brief: tuple[str, ...]
    query: type[ReportQuery] = ReportQuery
    select: Callable[[Ask], Rows] | None = None
    stream: Stream | None = None
    # Whether `select` stays within an admin's operators; if not, an admin who is limited to some may not have it.
    scoped: bool = False
    chart: Chart | None = None
    # What of the filters only PostgreSQL knows to be wrong.
    check: Check | None = None

    @property
    def permission(self) -> str:
        """What an admin must hold beside `Reports:read`."""
        return permission(self.resource, Action.READ) if self.resource is not None else ""

    def choose(self, names: str | None, *, brief: bool = False) -> tuple[Column, ...]:
        """The columns of these names, with commas between, in that order; all, or the brief ones, if none are named.

        Raises ValidationFailed for a name that the report does not have, with those that it has.
        """
        by_name = self.by_name()
        if names is None:
            return tuple(by_name[name] for name in self.brief) if brief else self.columns
        chosen = [name.strip() for name in names.split(",")]
        wrong = [name for name in chosen if name not in by_name]
        if wrong or len(set(chosen)) < len(chosen):
            right = f"Must name columns, each once, with commas between: {', '.join(by_name)}"
            problem = field_problem("query.columns", right, "columns_invalid")
            raise ValidationFailed(errors=[problem])
        return tuple(by_name[name] for name in chosen)

    def by_name(self) -> Mapping[str, Column]:
        """The columns by their names."""
        return {column.name: column for column in self.columns}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands above the rows: the report's title, the filters that were given, who made it when. `names`: the columns are headed by
    their names, for programs."""

    title: str
    name: str
    filters: tuple[tuple[str, str], ...]
    made_at: str
    columns: tuple[Column, ...]
    chart: Chart | None
    language: Language
    names: bool

    @classmethod
    def of(
        cls,
        report: Report,
        query: ReportQuery,
        columns: tuple[Column, ...],
        made_at: str,
        language: Language = Language.ENGLISH,
    ) -> Self:
        """The heading of a report for a query, in a language."""
        # Programs read CSV; who reads Hindi and gives it to one asks for names.
        usual = query.format is ReportFormat.CSV and language is Language.ENGLISH
        return cls(
            title=in_language(report.title, language),
            name=report.name,
            filters=query.filters(),
            made_at=made_at,
            columns=columns,
            chart=report.chart,
            language=language,
            names=usual if query.headings is None else query.headings is Headings.NAMES,
        )

    def text(self, sentence: Worded) -> str:
        """The sentence in the language."""
        return in_language(sentence, self.language)

    def words_of(self, column: Column) -> str:
        """What people read above a column."""
        return in_language(column.words, self.language)

    @property
    def headers(self) -> list[str]:
        """What stands above the columns, in order."""
        return [column.name if self.names else self.words_of(column) for column in self.columns]

    @property
    def filter_words(self) -> list[tuple[str, str]]:
        """The filters as people read them: what each is called, and its value."""
        return [(in_language(WORDS[name], self.language), value) for name, value in self.filters]
