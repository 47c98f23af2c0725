"""Texts from outside: no store keeps a NUL character, and a text for people has no control characters at all, so that
it can be stored, shown and exported anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pydantic import AfterValidator, BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from gencharge.core.wording import Worded, worded

# Control characters, line and paragraph separators, and what XML can't hold.
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
# The one message, and its code, for a text that holds what it must not.
NO_CONTROL_CHARACTERS: Final = worded("Must be text without control characters")
TEXT_INVALID: Final = "text"
_NUL: Final = "\x00"
_LINE_FEEDS: Final = re.compile(r"\r\n?")


def holds_nul(text: str) -> bool:
    """Whether the text holds a NUL character. PostgreSQL keeps no such text, so nothing from outside may hold one."""
    return _NUL in text


def printable(text: str) -> str:
    """The text with a blank for each control character, which PostgreSQL or a terminal could not take: for what a partner answered."""
    return "".join(character if character.isprintable() else " " for character in text)


def without_nul(text: str) -> str:
    """The text itself. A validator: raises PydanticCustomError if it holds a NUL character."""
    if holds_nul(text):
        raise PydanticCustomError(TEXT_INVALID, NO_CONTROL_CHARACTERS)
    return text


def one_line(max_length: int, min_length: int = 1) -> tuple[StringConstraints, AfterValidator]:
    """Metadata of a text of one line: `Annotated[str, *one_line(60)]`. Blanks at its ends are removed."""
    return (
        StringConstraints(strip_whitespace=True, min_length=min_length, max_length=max_length),
        AfterValidator(_fit(worded("Must be one line of text without control characters"), allowed="")),
    )


def some_lines(
    max_length: int, min_length: int = 0
) -> tuple[StringConstraints, BeforeValidator, AfterValidator]:
    """Metadata of a text of any number of lines, with a line feed after each; it may be empty, unless `min_length` is given."""
    return (
        # Before the line feeds: on top of a validator pydantic would count "items", not characters.
        StringConstraints(strip_whitespace=True, min_length=min_length or None, max_length=max_length),
        BeforeValidator(lambda text: _LINE_FEEDS.sub("\n", text) if isinstance(text, str) else text),
        AfterValidator(_fit(NO_CONTROL_CHARACTERS, allowed="\n")),
    )


def _fit(right: Worded, *, allowed: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if any(character != allowed for character in _UNFIT.findall(text)):
            raise PydanticCustomError(TEXT_INVALID, "{reason}", {"reason": right})
        return text

    return check
