"""Optimistic locking, one way for all that the staff can change.

An answer about such an object is a `web.Versioned`: it has an `etag`, which `web.Route` sends as the header `ETag`, too.
A change takes `if_match: IfMatch` and hands it to `check` under the object's lock (RFC 9110 section 13.1.1).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Protocol

from fastapi import Header
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from sqlalchemy.orm import Mapped

from gencharge.core.errors import PreconditionFailed

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e]*"'
# More than clients need, so that a proxy's or a library's spelling works; the document shows the plain one.
_TAGS: Final = rf"\*|{_TAG}(?:\s*,\s*{_TAG})*"


def _well_formed(value: str) -> str:
    if not re.fullmatch(_TAGS, value.strip()):
        raise PydanticCustomError(
            "if_match_invalid",
            'Must be * or the `etag` of the object in double quotes, such as "64465a8f1c2d0"',
        )
    return value


IfMatch = Annotated[
    Annotated[
        str,
        Field(max_length=200, json_schema_extra={"pattern": r'^(\*|"[0-9a-f]+")$'}),
        AfterValidator(_well_formed),
    ]
    | None,
    Header(
        alias="If-Match",
        description="The object's `etag` as you saw it, in double quotes: 412 if the object has changed since."
        " Without it, or with `*`, the change applies to whatever is there.",
    ),
]


class ResourceChanged(PreconditionFailed):
    """Someone else changed this in the meantime. Reload it and try again."""


class Stamped:
    """For a table with `updated_at`, which every change of the object moves."""

    updated_at: Mapped[datetime]

    @property
    def etag(self) -> str:
        """The object's etag, without quotes."""
        return f"{(self.updated_at - _EPOCH) // _MICROSECOND:x}"


class Tagged(Protocol):
    """Has an etag, without quotes: a `Stamped` row, or a document that counts its changes."""

    @property
    def etag(self) -> str: ...


def check(if_match: str | None, row: Tagged) -> None:
    """Raises ResourceChanged if the client saw another state of the object than the row's, which is locked.

    A weak tag counts like a strong one: an etag identifies the state of the object, not for the bytes of an answer, and proxies
    that compress answers make tags weak.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if row.etag not in {tag.removeprefix("W/").strip('"') for tag in re.findall(_TAG, if_match)}:
        raise ResourceChanged(headers={"ETag": f'"{row.etag}"'})
