"""Texts in the cells of a file that a spreadsheet may open: none of them is run as a formula."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# What spreadsheets take for the beginning of a formula, and the apostrophe that keeps them from it (OWASP, CSV injection). Programs
# that split a cell see its lines as cells, and some drop characters that nobody sees before they look.
_RUNS: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
_BREAKS: Final = ("\t", "\r", "\n")
_UNSEEN: Final = frozenset({"Cf", "Cc", "Zs", "Zl", "Zp", "Mn", "Me"})
_APOSTROPHE: Final = "'"
# One line that begins with a letter or a digit: nothing to look at closer. Most cells are like this.
_HARMLESS: Final = re.compile(r"[0-9A-Za-z][^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]*").fullmatch
# One line of visible ASCII that would be run, such as a phone number.
_PLAINLY_RUN: Final = re.compile(r"[=+\-@][ -~]*").fullmatch


def neutral(text: str) -> str:
    """A cell's text so that no spreadsheet runs it or any line of it. A line that begins with an apostrophe gets one more, so
    that it comes back."""
    if not text or _HARMLESS(text):
        return text
    if _PLAINLY_RUN(text):
        return _APOSTROPHE + text
    lines = text.splitlines(keepends=True)
    return "".join(_APOSTROPHE + line if _runs(line, place) else line for place, line in enumerate(lines))


def plain(text: str) -> str:
    """The text that `neutral` was given. An apostrophe before anything else was written by a person, and stays."""
    lines = text.splitlines(keepends=True)
    return "".join(
        line[1:] if line.startswith(_APOSTROPHE) and _runs(line[1:], place) else line
        for place, line in enumerate(lines)
    )


def _runs(line: str, place: int) -> bool:
    """Whether a line, the first one at place 0, needs an apostrophe."""
    if line.startswith(_APOSTROPHE) or (place == 0 and line.startswith(_BREAKS)):
        return True
    seen = next((character for character in line if unicodedata.category(character) not in _UNSEEN), "")
    return seen in _RUNS
