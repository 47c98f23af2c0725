"""Facts as the stores keep them, and as the API shows them.

Inside, an amount is paise under a name that ends in `_paise`; outside it is rupees under the name without that ending.
Inside, an instant may have any offset; outside it ends in `Z`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gencharge.core.values.money import SignedMoney

_PAISE: Final = "_paise"
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?[+-][0-9]{2}(:?[0-9]{2})?", re.ASCII
)


def shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as the API shows them: `{"price_paise": 19900}` becomes `{"price": 199.00}`, however deeply nested."""
    return {
        str(name).removesuffix(_PAISE): _rupees(value) if str(name).endswith(_PAISE) else _plain(value)
        for name, value in facts.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return shown(value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return _utc(value)
    return value


def _rupees(value: Any) -> Any:
    """The value of a field in paise: an amount, or several (`{"old": 19900, "new": 21900}`)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return SignedMoney(value)
    if isinstance(value, Mapping):
        return {str(name).removesuffix(_PAISE): _rupees(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rupees(part) for part in value]
    return value


def _utc(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return text
