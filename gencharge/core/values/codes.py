"""The codes that a caller names an operator or a circle with: small letters are taken, too.

Which codes there are is data, which the staff change, so a wrong one of the right form is refused by the room that knows them; in a
query, before the request is answered (`core.http.choices`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

OPERATOR_PATTERN: Final = "^[A-Za-z][A-Za-z0-9_]{1,19}$"
CIRCLE_PATTERN: Final = "^[A-Za-z]{2,4}$"
OPERATOR_RIGHT: Final = "Must be an operator's code: 2 to 20 letters, digits and _, such as JIO"
CIRCLE_RIGHT: Final = "Must be a circle's code: 2 to 4 letters, such as KA"


# Looked at before the capitals: `upper` makes two letters of some that are no letters of a code.
_OPERATOR: Final = re.compile(OPERATOR_PATTERN, re.ASCII)
_CIRCLE: Final = re.compile(CIRCLE_PATTERN, re.ASCII)


def _operator(raw: str) -> str:
    if not _OPERATOR.fullmatch(raw):
        raise PydanticCustomError("code_invalid", OPERATOR_RIGHT)
    return raw.upper()


def _circle(raw: str) -> str:
    if not _CIRCLE.fullmatch(raw):
        raise PydanticCustomError("code_invalid", CIRCLE_RIGHT)
    return raw.upper()


@dataclass(frozen=True, slots=True)
class Choice:
    """Marks a text whose values are data: in a query it is one of those that a room names in its `choices` under this name."""

    of: str


OperatorCode = Annotated[
    str,
    Choice("operator"),
    StringConstraints(strip_whitespace=True, max_length=20),
    Field(json_schema_extra={"pattern": OPERATOR_PATTERN}),
    AfterValidator(_operator),
]
# The licence service areas of India, `KA`.
CircleCode = Annotated[
    str,
    Choice("circle"),
    StringConstraints(strip_whitespace=True, max_length=20),
    Field(json_schema_extra={"pattern": CIRCLE_PATTERN}),
    AfterValidator(_circle),
]
