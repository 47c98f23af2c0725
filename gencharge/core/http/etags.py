"""Optimistic locking, one way for all that the staff can change.

An answer about such an object is a `web.Versioned`: it has an `etag`, which `web.Route` sends as the header `ETag`, too.
A change takes `if_match: IfMatch` and hands it to `check` under the object's lock (RFC 9110 section 13.1.1).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import Header
from sqlalchemy.orm import Mapped

from gencharge.core.errors import PreconditionFailed

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
IfMatch = Annotated[
    str | None,
    Header(
        max_length=200,
        description="The `etag` of the object as you saw it, in double quotes: 412 if it has changed since."
        " Without it, or with `*`: change whatever is there.",
    ),
]


class ResourceChanged(PreconditionFailed):
    """Somebody else changed this in the meantime. Read it again, then repeat your change."""


class Stamped:
    """For a table with `updated_at`, which every change of the object moves."""

    updated_at: Mapped[datetime]

    @property
    def etag(self) -> str:
        """The object's etag."""
        return f"{(self.updated_at - _EPOCH) // _MICROSECOND:x}"


def check(if_match: str | None, etag: str) -> None:
    """Raises ResourceChanged if the client names another state of the object than `etag`."""
    if if_match is None:
        return
    # A weak tag names the state just as well here: an etag is of the object, not of its bytes.
    named = {tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")}
    if not named & {"*", etag}:
        raise ResourceChanged(headers={"ETag": f'"{etag}"'})
