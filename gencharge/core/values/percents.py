"""Percentages of the API: at most two decimals, kept as a whole number of basis points (1 % = 100)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

_HUNDREDTHS: Final = Decimal("0.01")
_PLAIN: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?", re.ASCII)


def _plain_number(raw: object) -> object:
    if isinstance(raw, bool) or (isinstance(raw, str) and not _PLAIN.fullmatch(raw)):
        raise ValueError("Must be a number above 0 and at most 100, such as 12.5")
    return raw


Percent = Annotated[
    Decimal,
    BeforeValidator(_plain_number),
    Field(gt=0, le=100, decimal_places=2),
    AfterValidator(lambda percent: percent.quantize(_HUNDREDTHS)),
    WithJsonSchema(
        {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 100,
            "description": "A percentage, at most two decimals.",
            "examples": [12.5],
        }
    ),
]


def basis_points(percent: Decimal) -> int:
    """The percentage in hundredths, exact."""
    return int(percent * 100)


def of_basis_points(points: int) -> Decimal:
    """The percentage of a whole number of basis points."""
    return Decimal(points).scaleb(-2)
