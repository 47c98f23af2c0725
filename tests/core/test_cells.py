"""Cells of files that a spreadsheet may open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencharge.core.values import cells

INVISIBLE = ("\u200b", "\ufeff", "\u00a0", "\u2060", " ", "\t", "\x1b", "\u0301")


@pytest.mark.parametrize("sign", list("=+-@\uff1d\uff0b\uff0d\uff20"))
def test_no_line_of_a_cell_begins_a_formula_whatever_nobody_sees_before_it(sign: str) -> None:
    assert cells.neutral(f"{sign}cmd") == f"'{sign}cmd"
    for unseen in INVISIBLE:
        assert cells.neutral(f"{unseen}{sign}cmd") == f"'{unseen}{sign}cmd"
    for line_break in ("\n", "\r\n", "\r", "\u2028", "\x85", "\v"):
        assert cells.neutral(f"ok{line_break}{sign}cmd") == f"ok{line_break}'{sign}cmd"
        assert cells.neutral(f"ok{line_break}\u200b{sign}cmd") == f"ok{line_break}'\u200b{sign}cmd"


@pytest.mark.parametrize("text", ["", "ok", "a - b", "5 GB\n\nper day", "1=1", "\u20b9 299", "\u200b"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert cells.neutral(text) == text
    assert cells.plain(text) == text


@given(st.text(alphabet=st.sampled_from("a'=-@\n\r\t \u200b\u2028\uff1d"), max_size=12))
def test_what_is_written_comes_back(text: str) -> None:
    assert cells.plain(cells.neutral(text)) == text
