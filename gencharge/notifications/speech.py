"""How a language writes amounts, days and phone numbers, and what surrounds its messages. Read from its `language.toml`."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gencharge.core.values.clock import IST
from gencharge.core.values.money import Money
from gencharge.notifications.kinds import Value, Variable, VariableType

_JOINERS: Final = frozenset("\u200c\u200d")


class LanguageInvalid(ValueError):
    """A file of a language can't be used; the message names the file and the field."""


@dataclass(frozen=True, slots=True)
class Speech:
    """One language. `email_text` and `email_html` surround what an e-mail says."""

    name: str
    months: tuple[str, ...]
    date: str
    moment: str
    money: str
    unknown_device: str
    email_text: str
    email_html: str

    @classmethod
    def of(cls, values: dict[str, Any], place: str) -> Speech:
        """The language of a file's content. Raises LanguageInvalid."""
        names = ("name", "date", "moment", "money", "unknown_device", "email_text", "email_html")
        if sorted(values) != sorted((*names, "months")):
            raise LanguageInvalid(f"{place}: it has exactly the fields months, {', '.join(names)}")
        if len(values["months"]) != 12:
            raise LanguageInvalid(f"{place}: months: twelve names")
        return cls(months=tuple(values["months"]), **{name: str(values[name]) for name in names})

    def shown(self, variable: Variable, value: Value) -> str:
        """A value as text, on one line. A missing one is empty. Choices are the template's own, so not shown here."""
        if value is None:
            return ""
        match variable.type:
            case VariableType.MONEY:
                return self.money.format(amount=grouped(int(value)))
            case VariableType.PHONE:
                return spaced(str(value))
            case VariableType.LAST_DAY:
                return self._day(last_whole_day(str(value)))
            case VariableType.DATE:
                return self._day(_in_india(str(value)))
            case VariableType.MOMENT:
                local = _in_india(str(value))
                return self.moment.format(date=self._day(local), time=f"{local:%H:%M}")
            case VariableType.DEVICE:
                return one_line(str(value)) or self.unknown_device
            case _:
                # No line break or other control character gets into a subject or a header.
                return one_line(str(value))

    def _day(self, local: datetime) -> str:
        return self.date.format(day=local.day, month=self.months[local.month - 1], year=local.year)


def one_line(raw: str) -> str:
    """A text without line breaks and other control characters."""
    return " ".join("".join(c if is_visible(c) else " " for c in raw).split())


def is_visible(character: str) -> bool:
    """Whether a character may stand in a line. The joiners of Devanagari may, though they are invisible."""
    return unicodedata.category(character)[0] != "C" or character in _JOINERS


def grouped(paise: int) -> str:
    """`199.00`, `1,29,900.00`: rupees with Indian grouping, thousands first, then hundreds."""
    whole, _, decimals = str(Money(paise)).partition(".")
    front, last = whole[:-3], whole[-3:]
    groups = [front[max(0, end - 2) : end] for end in range(len(front), 0, -2)]
    return f"{','.join([*reversed(groups), last])}.{decimals}"


def spaced(phone_number: str) -> str:
    """`+919876543210` -> `98765 43210`; a masked number stays as it is."""
    national = phone_number.removeprefix("+91")
    return f"{national[:5]} {national[5:]}" if national.isdecimal() else phone_number


def last_whole_day(instant: str) -> datetime:
    """The last day in India that an instant (RFC 3339) leaves whole: a validity that ends at midnight ends the day before."""
    local = _in_india(instant)
    if local.time() == local.time().min:
        local -= timedelta(microseconds=1)
    return local


def _in_india(instant: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(IST)
