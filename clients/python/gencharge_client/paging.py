"""A page of any list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Page(Protocol):
    """What every list of the API answers. It may hold fewer items than asked for, even none, while there are more."""

    @property
    def items(self) -> Sequence[Any]:
        """The rows."""

    @property
    def next_cursor(self) -> str | None:
        """What the next page begins with; None on the last one."""
