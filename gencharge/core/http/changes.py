"""The body of a PATCH: what is to change of an object."""

from __future__ import annotations

from typing import Any, Final, Self

from pydantic import ConfigDict, model_validator

from gencharge.core.http.web import Body
from gencharge.core.wording import worded

# Says why something changes, and changes nothing.
_WHY: Final = frozenset({"reason"})


def left_out() -> Any:
    """The value of a field that was not given, for `Field(default_factory=left_out)`: such a field takes no null."""
    return None


class Changes(Body):
    """What is to change; what is left out stays as it is. It has one field at least.

    Null is taken only where the field's type says so; there it takes the value away.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if not self.model_fields_set - _WHY:
            names = sorted(type(self).model_fields.keys() - _WHY)
            raise ValueError(worded("Give at least one of {names}", names=names))
        return self
