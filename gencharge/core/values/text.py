"""Texts that people write for people: names, descriptions. No control characters, so they can be kept, shown and exported anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pydantic import AfterValidator, BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

# Control characters, line and paragraph separators, and what XML can't hold.
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
_LINE_FEEDS: Final = re.compile(r"\r\n?")


def one_line(max_length: int, min_length: int = 1) -> tuple[StringConstraints, AfterValidator]:
    """Metadata of a text of one line: `Annotated[str, *one_line(60)]`. Blanks at its ends are left away."""
    return (
        StringConstraints(strip_whitespace=True, min_length=min_length, max_length=max_length),
        AfterValidator(_fit("Must be one line of text without control characters", allowed="")),
    )


def some_lines(max_length: int) -> tuple[BeforeValidator, StringConstraints, AfterValidator]:
    """Metadata of a text of any number of lines, with a line feed after each; it may be empty."""
    return (
        BeforeValidator(lambda text: _LINE_FEEDS.sub("\n", text) if isinstance(text, str) else text),
        StringConstraints(strip_whitespace=True, max_length=max_length),
        AfterValidator(_fit("Must be text without control characters", allowed="\n")),
    )


def _fit(right: str, *, allowed: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if any(character != allowed for character in _UNFIT.findall(text)):
            raise PydanticCustomError("text", "{reason}", {"reason": right})
        return text

    return check
