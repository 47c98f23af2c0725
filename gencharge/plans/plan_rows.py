"""A plan as a row of a file: its columns, and the conversion between cells and values.

    cells_of(plan)      what an export writes
    values_of(cells)    what an import reads; an exported row gives the same plan

Every cell is text. Empty means: none, all circles, no limit, or the default; so a row need not fill them all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.plans import rules
from gencharge.plans.rules import Vocabulary, Wrong
from gencharge.plans.staff_schemas import PlanCreate

# Of `benefits`; each is a column of its own.
_BENEFITS: Final = (
    "data_total_mb",
    "data_per_day_mb",
    "voice_unlimited",
    "voice_minutes",
    "sms_total",
    "sms_per_day",
    "talktime",
    "extras",
)
# Of a plan of any amount: all of them are empty if it costs `price`.
_AMOUNTS: Final = ("max_price", "price_step", "sample_prices", "gst_percent", "fee_percent", "fee_cap")
COLUMNS: Final = (
    "plan_id",
    "version",
    "operator",
    "name",
    "description",
    "plan_type",
    "category",
    "group",
    "price",
    *_AMOUNTS,
    "validity_count",
    "validity_unit",
    "circles",
    *_BENEFITS,
    "most_popular",
    "criteria",
    "status",
    "active_from",
    "active_until",
)
BLANK: Final = dict.fromkeys(COLUMNS, "")
_INSTANT: Final = (
    "Must be a date and time such as 2026-12-01T00:00:00+05:30; without a zone it is Indian time"
)
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_FLAGS: Final = {
    **dict.fromkeys(("true", "yes", "y", "t", "on", "1"), True),
    **dict.fromkeys(("", "false", "no", "n", "f", "off", "0"), False),
}
_SEPARATORS: Final = re.compile(r"[\s,;|]+")
# How the API names a field, and the column that holds it.
_COLUMN_OF: Final = {
    "validity.n": "validity_count",
    "validity.unit": "validity_unit",
    "group_id": "group",
    "amounts": "max_price",
    "amounts.maximum": "max_price",
    "amounts.step": "price_step",
    "amounts.samples": "sample_prices",
    "amounts.talktime.gst_percent": "gst_percent",
    "amounts.talktime.fee_percent": "fee_percent",
    "amounts.talktime.fee_cap": "fee_cap",
}


class BadCells(Exception):
    """An invalid row; the fields of `wrong` are columns."""

    def __init__(self, wrong: list[Wrong]) -> None:
        super().__init__(", ".join(one.field for one in wrong))
        self.wrong = wrong


def cells_of(
    values: Mapping[str, Any], group: str, *, plan_id: UUID | None = None, version: int | None = None
) -> dict[str, str]:
    """The cells of a plan, by column. `values` are the columns of the table."""
    benefits = values["benefits"]
    talktime = benefits.get("talktime_paise")
    values_by_column: dict[str, Any] = {
        **{name: benefits.get(name) for name in _BENEFITS},
        **{name: values.get(name) for name in COLUMNS if name in values},
        "plan_id": plan_id,
        "version": version,
        "group": group,
        "price": Money(values["price_paise"]),
        **_amount_cells(values),
        "circles": " ".join(values["circles"]),
        "talktime": Money(talktime) if talktime is not None else None,
        "extras": "\n".join(benefits.get("extras", ())),
        "voice_unlimited": bool(benefits.get("voice_unlimited")),
    }
    return {column: _text(values_by_column[column]) for column in COLUMNS}


def values_of(cells: Mapping[str, str], vocabulary: Vocabulary) -> dict[str, Any]:
    """The columns of the table that a row's cells mean. Raises BadCells."""
    wrong: list[Wrong] = []
    group_id = vocabulary.group_of(cells["group"].strip())
    if group_id is None:
        wrong.append(
            Wrong(
                "group",
                worded("Must be one of: {choices}", choices=vocabulary.group_names),
                "plan_group_invalid",
            )
        )
    instants = {name: _instant(name, cells[name], wrong) for name in ("active_from", "active_until")}
    fields = {
        **{name: cells[name] for name in ("name", "description", "operator", "price", "criteria")},
        **{name: cells[name].strip().lower() for name in ("plan_type", "category")},
        "amounts": _amounts(cells),
        "circles": [code for code in _SEPARATORS.split(cells["circles"]) if code],
        "validity": {
            "n": _number(cells["validity_count"]),
            "unit": cells["validity_unit"].strip().lower(),
        },
        "benefits": {
            **{name: _number(cells[name]) for name in _BENEFITS},
            "voice_unlimited": _flag(cells["voice_unlimited"]),
            "talktime": _or_none(cells["talktime"]),
            "extras": [line.strip() for line in cells["extras"].splitlines() if line.strip()],
        },
        "most_popular": _flag(cells["most_popular"]),
        "group_id": group_id or UUID(int=0),
        "status": cells["status"].strip().lower() or "draft",
        **instants,
    }
    try:
        command = PlanCreate.model_validate(fields)
    except ValidationError as problems:
        wrong.extend(_wrong(problem) for problem in problems.errors(include_url=False))
        raise BadCells(wrong) from None
    values = rules.completed(rules.columns_of(command))
    broken_rules = [
        Wrong(column_of(one.field), one.message, one.code) for one in rules.problems(values, vocabulary)
    ]
    wrong.extend(one for one in broken_rules if one.field != "group" or not wrong)
    if wrong:
        raise BadCells(wrong)
    return values


def _amount_cells(values: Mapping[str, Any]) -> dict[str, Any]:
    amounts = rules.amounts_of(values)
    if amounts is None:
        return dict.fromkeys(_AMOUNTS)
    rule = amounts.talktime
    return {
        "max_price": amounts.maximum,
        "price_step": amounts.step,
        "sample_prices": " ".join(str(sample) for sample in amounts.samples),
        "gst_percent": rule.gst_percent if rule is not None else None,
        "fee_percent": rule.fee_percent if rule is not None else None,
        "fee_cap": rule.fee_cap if rule is not None else None,
    }


def _amounts(cells: Mapping[str, str]) -> dict[str, Any] | None:
    """The fields of `amounts`; None if all its cells are empty. A cell that is missing is for the schema to refuse."""
    if not any(cells[name].strip() for name in _AMOUNTS):
        return None
    amounts: dict[str, Any] = {
        "maximum": cells["max_price"],
        "samples": [amount for amount in _SEPARATORS.split(cells["sample_prices"]) if amount],
    }
    if cells["price_step"].strip():
        amounts["step"] = cells["price_step"]
    if any(cells[name].strip() for name in ("gst_percent", "fee_percent", "fee_cap")):
        amounts["talktime"] = {
            "gst_percent": _number(cells["gst_percent"]),
            "fee_percent": _or_none(cells["fee_percent"]),
            "fee_cap": cells["fee_cap"],
        }
    return amounts


def column_of(field: str) -> str:
    """The column of a field as the API names it: `validity.n` -> `validity_count`."""
    return _COLUMN_OF.get(field, field.removeprefix("benefits."))


def _wrong(problem: Any) -> Wrong:
    field = ".".join(str(part) for part in problem["loc"] if not isinstance(part, int))
    return Wrong(column_of(field), problem["msg"].removeprefix("Value error, "), problem["type"])


def _instant(column: str, cell: str, wrong: list[Wrong]) -> datetime | None:
    """The instant of a cell; None if it is empty or wrong, which is then added to `wrong`."""
    if not cell.strip():
        return None
    try:
        instant = datetime.fromisoformat(cell.strip())
    except ValueError:
        wrong.append(Wrong(column, _INSTANT, "instant"))
        return None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=clock.IST)


def _or_none(cell: str) -> str | None:
    return cell.strip() or None


def _number(cell: str) -> int | str | None:
    """The whole number of a cell; any other text stays as it is, for the schema to refuse."""
    text = cell.strip()
    return int(text) if _WHOLE.fullmatch(text) else text or None


def _flag(cell: str) -> bool | str:
    """The boolean of a cell; any other text stays as it is, for the schema to refuse."""
    return _FLAGS.get(cell.strip().lower(), cell.strip())


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)
