"""Tables of a run: the rows, the ratios with their goals, the memory."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.rows import Row

REST_MB, GROWTH_MB = 200.0, 20.0
# What is divided by what, and what it must reach; None: for information.
RATIOS = (
    ("subscribe", "statement", 0.5),
    ("subscribe", "orm", 3.0),
    ("plans", "empty", 0.7),
    ("guard", "empty", 0.6),
    ("first-use", "empty", None),
    ("with-worker", "subscribe", None),
    ("discount", "subscribe", 0.8),
    ("cashback", "subscribe", 0.8),
)


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of a fresh API process, in MB."""

    at_rest: float
    after_warm_up: float
    after_thousand_more: float

    @property
    def growth(self) -> float:
        """What a thousand recharges add."""
        return self.after_thousand_more - self.after_warm_up


@dataclass(frozen=True, slots=True)
class Ratio:
    """One row against another: the median over the rounds, because both ran in the same minute of each."""

    row: str
    against: str
    value: float
    goal: float | None

    @property
    def verdict(self) -> str:
        """Whether the goal is reached."""
        if self.goal is None:
            return ""
        return "reached" if self.value >= self.goal else "MISSED"


def ratios_of(rows: Mapping[str, Row]) -> list[Ratio]:
    """The ratios of the rows that were measured."""
    return [
        Ratio(name, against, _ratio(rows[name], rows[against]), goal)
        for name, against, goal in RATIOS
        if name in rows and against in rows
    ]


def _ratio(row: Row, against: Row) -> float:
    pairs = zip(row.rounds, against.rounds, strict=True)
    return median(one.load.per_second / other.load.per_second for one, other in pairs)


def show_rows(console: Console, rows: Sequence[Row]) -> None:
    """Print the table of the rows."""
    table = Table(title="Medians of the rounds", title_justify="left")
    table.add_column("row")
    for heading in (
        "requests/s",
        "lowest",
        "highest",
        "p50 ms",
        "p99 ms",
        "CPU %",
        "CPU us/req",
        "RSS MB",
        "errors",
    ):
        table.add_column(heading, justify="right")
    for row in rows:
        speeds = [one.load.per_second for one in row.rounds]
        errors = sum(one.load.errors for one in row.rounds)
        table.add_row(
            row.title,
            f"{row.per_second():,.0f}",
            f"{min(speeds):,.0f}",
            f"{max(speeds):,.0f}",
            f"{row.middle(lambda one: one.load.p50_ms):.1f}",
            f"{row.middle(lambda one: one.load.p99_ms):.1f}",
            f"{row.middle(lambda one: one.cpu_percent):.0f}",
            f"{row.middle(lambda one: one.cpu_microseconds):.0f}",
            f"{row.middle(lambda one: one.rss_mb):.0f}",
            str(errors) if not errors else f"[red]{errors}[/red]",
        )
    console.print(table)


def show_ratios(console: Console, ratios: Sequence[Ratio], memory: Memory | None) -> None:
    """Print what was to be reached and what was."""
    table = Table(title="Goals", title_justify="left")
    table.add_column("what")
    for heading in ("measured", "goal", ""):
        table.add_column(heading, justify="right")
    for ratio in ratios:
        goal = f">= {ratio.goal:.1f}" if ratio.goal is not None else ""
        table.add_row(f"{ratio.row} / {ratio.against}", f"{ratio.value:.2f}", goal, _colour(ratio.verdict))
    if memory is not None:
        for what, value, limit in (
            ("API at rest, MB", memory.at_rest, REST_MB),
            ("1,000 recharges add, MB", memory.growth, GROWTH_MB),
        ):
            verdict = "reached" if value < limit else "MISSED"
            table.add_row(what, f"{value:.1f}", f"< {limit:.0f}", _colour(verdict))
    console.print(table)


def _colour(verdict: str) -> str:
    return f"[red]{verdict}[/red]" if verdict == "MISSED" else f"[green]{verdict}[/green]" if verdict else ""


def as_json(
    rows: Sequence[Row], ratios: Sequence[Ratio], memory: Memory | None, **about: Any
) -> dict[str, Any]:
    """The whole run, for --output."""
    return {
        **about,
        "machine": {
            "cpus": os.cpu_count(),
            "processor": platform.machine(),
            "python": platform.python_version(),
        },
        "rows": {
            row.name: {"title": row.title, "rounds": [asdict(one) for one in row.rounds]} for row in rows
        },
        "ratios": [asdict(ratio) | {"verdict": ratio.verdict} for ratio in ratios],
        "memory_mb": asdict(memory) if memory else None,
    }
