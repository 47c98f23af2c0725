"""What `gencharge doctor` found, and how a terminal shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console

# Fewer columns than that would break addresses and paths.
_TABLE_COLUMNS: Final = 130


@dataclass
class Row:
    """One line of the report; `problem` empty means that nothing is wrong."""

    what: str
    version: str = ""
    origin: str = ""
    state: str = ""
    latency: str = ""
    problem: str = ""


@dataclass
class Report:
    """All lines; `ok` if none has a problem."""

    rows: list[Row] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong. A store that merely does not run is not wrong."""
        return not any(row.problem for row in self.rows)


def show(report: Report, console: Console) -> None:
    """Print the report as a table, then the verdict; as a list where a table would break addresses and paths."""
    if console.width < _TABLE_COLUMNS:
        _show_list(report, console)
        return
    from rich.table import Table

    table = Table(header_style="bold")
    for heading in ("", "version", "from", "state", "latency", "what is wrong, and what to do"):
        table.add_column(heading, overflow="fold")
    for row in report.rows:
        style = "red" if row.problem else None
        table.add_row(
            row.what, row.version, row.origin, row.state, row.latency, row.problem or "-", style=style
        )
    console.print(table)
    console.print(
        "Nothing is wrong." if report.ok else "Something is wrong; see the last column.", highlight=False
    )


def _show_list(report: Report, console: Console) -> None:
    def line(name: str, text: str, style: str | None = None) -> None:
        # Not wrapped, so that a long path is copied whole.
        console.print(f"{name:<12}{text}", style=style, soft_wrap=True, highlight=False, markup=False)

    for row in report.rows:
        facts = ", ".join(fact for fact in (row.state, row.version, row.latency) if fact)
        line(row.what, facts or row.origin, "red" if row.problem else None)
        if facts and row.origin:
            line("", row.origin)
        if row.problem:
            line("", row.problem, "red")
    console.print("Nothing is wrong." if report.ok else "Something is wrong; see the lines in red.")
