"""Texts that people write: trimmed, of one line or several, without what no page and no sheet can show."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from gencharge.core.values.text import one_line, some_lines, without_nul

LINE: TypeAdapter[str] = TypeAdapter(Annotated[str, *one_line(5)])
LINES: TypeAdapter[str] = TypeAdapter(Annotated[str, *some_lines(9)])


def test_blanks_at_the_ends_are_left_away_and_line_ends_are_made_one_kind() -> None:
    assert LINE.validate_python("  ₹ ok ") == "₹ ok"
    assert LINES.validate_python(" a\r\nb\rc\nd ") == "a\nb\nc\nd"
    assert LINES.validate_python("") == ""


@pytest.mark.parametrize("wrong", ["", "123456", "a\nb", "a\tb", "a\x00", "a\x7f", "a\u2028b", "a\ufffe"])
def test_a_text_of_one_line_has_no_control_characters(wrong: str) -> None:
    with pytest.raises(ValidationError):
        LINE.validate_python(wrong)


@pytest.mark.parametrize("wrong", ["1234567890", "a\tb", "a\x07", 5])
def test_a_text_of_some_lines_has_line_feeds_only(wrong: object) -> None:
    with pytest.raises(ValidationError):
        LINES.validate_python(wrong)


def test_what_is_refused_is_said_in_words() -> None:
    with pytest.raises(ValidationError, match="Must be one line of text without control characters"):
        LINE.validate_python("a\nb")


def test_a_text_without_a_nul_character_is_taken_as_it_is() -> None:
    assert without_nul("a\tb\n₹") == "a\tb\n₹"
    with pytest.raises(PydanticCustomError, match="Must be text without control characters"):
        without_nul("a\x00")
