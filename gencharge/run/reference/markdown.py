"""Pieces of Markdown that the pages share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

GENERATED_NOTE: Final = "<!-- Made from the code by `make docs`; change the code instead. -->"


def title(text: str) -> str:
    """The head of a page that is made from the code."""
    return f"# {text}\n\n{GENERATED_NOTE}\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table, and the empty line after it. Nothing for no rows."""
    names = list(head)
    lines = [_row(cells) for cells in rows]
    if lines:
        yield _row(names)
        yield "|" + "---|" * len(names)
        yield from lines
        yield ""


def codes(names: Iterable[str]) -> str:
    """`a`, `b`"""
    return ", ".join(f"`{name}`" for name in names)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("\n", " ").replace("|", "\\|") for cell in cells) + " |"
