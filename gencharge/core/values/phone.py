"""Indian mobile numbers: many ways to write one, one way to keep it (E.164, `+919876543210`)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Final

import phonenumbers
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

WHAT_IS_RIGHT: Final = "Must be an Indian mobile number: ten digits starting with 6, 7, 8 or 9, such as 9876543210 or +919876543210"
_MAX_LENGTH: Final = 24


class NotAMobileNumber(ValueError):
    """Not an Indian mobile number."""


def parse_mobile(raw: str) -> str:
    """The number in E.164. `+91 98765 43210`, `09876543210` and `9876543210` are one number.

    Raises NotAMobileNumber for a number of another country, a landline, digits of another script, or hidden
    characters (two spellings that look alike must never be two accounts).
    """
    if len(raw) > _MAX_LENGTH or not raw.isascii():
        raise NotAMobileNumber(WHAT_IS_RIGHT)
    return _parse(raw)


@lru_cache(maxsize=16_384)
def _parse(raw: str) -> str:
    digits = raw.translate(_PUNCTUATION)
    if not digits.removeprefix("+").isdigit():
        raise NotAMobileNumber(WHAT_IS_RIGHT)
    try:
        number = phonenumbers.parse(digits, "IN")
    except phonenumbers.NumberParseException:
        raise NotAMobileNumber(WHAT_IS_RIGHT) from None
    national = str(number.national_number)
    # Length and first digit are the numbering plan's rule (DoT, National Numbering Plan 2003); prefixes are
    # opened faster than a library's table follows, so a table decides nothing here.
    if number.country_code != 91 or len(national) != 10 or national[0] not in "6789":
        raise NotAMobileNumber(WHAT_IS_RIGHT)
    return f"+91{national}"


_PUNCTUATION: Final = str.maketrans(dict.fromkeys(" -().\t"))


# However it is written in a text; never a run of digits inside an id.
_IN_TEXT: Final = re.compile(r"(?<![\w+-])(?:(?:\+91|91|0)[ -]?)?([6-9]\d{4})[ -]?(\d{5})(?![\w-])", re.ASCII)


def mask_numbers(text: str) -> str:
    """`text` with every mobile number in it masked."""
    return _IN_TEXT.sub(lambda match: masked(f"+91{match[1]}{match[2]}"), text)


def masked(number: str) -> str:
    """`+919876543210` -> `+91******3210`, for logs and for other people."""
    return f"{number[:3]}******{number[-4:]}"


def _validate(raw: str) -> str:
    try:
        return parse_mobile(raw)
    except NotAMobileNumber:
        raise PydanticCustomError("mobile_number", WHAT_IS_RIGHT) from None


MobileNumber = Annotated[
    str,
    Field(
        description="Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.",
        examples=["+919876543210"],
        max_length=_MAX_LENGTH,
        # What clients should send. The validator takes more spellings, and its message says what is right.
        json_schema_extra={"pattern": r"^(\+91|0)?[6-9][0-9]{9}$"},
    ),
    AfterValidator(_validate),
]
