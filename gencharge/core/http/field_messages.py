"""What is wrong with a field, as pydantic found it: a sentence that can be said in each language.

Our own validators raise a sentence: it is in the room's texts. Pydantic's own messages are in `gencharge/core/texts`, by
their type: `pydantic.string_too_short = "..."`, with the values that pydantic gives.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from pydantic_core.core_schema import ErrorType

from gencharge.core.wording import Worded, worded

PYDANTIC: Final = "pydantic."
_TYPES: Final = frozenset(get_args(ErrorType))
_OURS: Final = frozenset({"value_error", "assertion_error"})
# Lists of choices: `'a', 'b' or 'c'`.
_CHOICES: Final = frozenset({"expected", "expected_schemes"})


def field_message(entry: Any) -> Worded:
    """The message of one of pydantic's `errors()`, which have their context."""
    kind: str = entry["type"]
    values: dict[str, Any] = entry.get("ctx") or {}
    reason = values.get("error") if kind in _OURS else values.get("reason")
    if isinstance(reason, Exception) and reason.args:
        reason = reason.args[0]
    if isinstance(reason, Worded):
        return reason
    message: str = entry["msg"].removeprefix("Value error, ")
    if kind in _OURS or kind not in _TYPES:
        return worded(message)
    shown = {name: _choices(value) if name in _CHOICES else value for name, value in values.items()}
    return Worded(message, PYDANTIC + kind, shown)


def _choices(value: Any) -> str:
    names, either, last = str(value).rpartition(" or ")
    return worded("{names} or {last}", names=names, last=last) if either else last
