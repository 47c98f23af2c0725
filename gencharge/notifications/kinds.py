"""What a notice is about: its kind, the channels that carry it, and the variables that its texts may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.notifications.subjects import id_of

Value = str | int | None
Values = Mapping[str, Value]


class NoticeChannel(StrEnum):
    """How a notice reaches its recipient."""

    IN_APP = "in_app"
    SMS = "sms"
    EMAIL = "email"
    PUSH = "push"


class VariableType(StrEnum):
    """What a variable holds, which decides how each language writes it."""

    MONEY = "money"
    """Paise, shown as rupees with Indian grouping."""
    NUMBER = "number"
    """A whole number."""
    TEXT = "text"
    """A name: shown as it is."""
    PHONE = "phone"
    """An E.164 number, shown in full: the recipient typed it in."""
    DEVICE = "device"
    """What a browser or an app says of itself, shown as it is; one that says nothing is called unknown."""
    LAST_DAY = "last_day"
    """An instant (RFC 3339), shown as the last day in India that it leaves whole."""
    DATE = "date"
    """An instant (RFC 3339), shown as its day in India."""
    MOMENT = "moment"
    """An instant (RFC 3339), shown as its day and time in India."""
    CHOICE = "choice"
    """A code, shown as a phrase of the template, which may name other variables."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. `sample` fills previews. A required one is named by each text; an optional one may be missing, so
    that only phrases may name it."""

    type: VariableType
    sample: str | int
    is_required: bool = False
    is_optional: bool = False
    choices: tuple[str, ...] = ()


def money(sample: int = 19_900, *, required: bool = False, optional: bool = False) -> Variable:
    """An amount in paise."""
    return Variable(VariableType.MONEY, sample, required, optional)


def number(sample: int, *, required: bool = False, optional: bool = False) -> Variable:
    """A whole number."""
    return Variable(VariableType.NUMBER, sample, required, optional)


def label(sample: str, *, required: bool = False, optional: bool = False) -> Variable:
    """A name."""
    return Variable(VariableType.TEXT, sample, required, optional)


def device(sample: str = "Chrome on Android", *, required: bool = False, optional: bool = False) -> Variable:
    """A device by its name, which may be empty."""
    return Variable(VariableType.DEVICE, sample, required, optional)


def phone(sample: str = "+919876543210", *, required: bool = False, optional: bool = False) -> Variable:
    """A phone number."""
    return Variable(VariableType.PHONE, sample, required, optional)


def last_day(
    sample: str = "2026-08-14T18:30:00+00:00", *, required: bool = False, optional: bool = False
) -> Variable:
    """The last day of what ends at an instant."""
    return Variable(VariableType.LAST_DAY, sample, required, optional)


def date(
    sample: str = "2026-08-14T06:00:00+00:00", *, required: bool = False, optional: bool = False
) -> Variable:
    """A day."""
    return Variable(VariableType.DATE, sample, required, optional)


def moment(
    sample: str = "2026-08-14T06:00:00+00:00", *, required: bool = False, optional: bool = False
) -> Variable:
    """A day and a time."""
    return Variable(VariableType.MOMENT, sample, required, optional)


def choice(*choices: str) -> Variable:
    """One of these codes; each has a phrase in each language."""
    return Variable(VariableType.CHOICE, choices[0], choices=choices)


EVERYWHERE: Final = frozenset(NoticeChannel)
# What is worth no SMS, which costs money.
NO_SMS: Final = frozenset(NoticeChannel) - {NoticeChannel.SMS}
APP_ONLY: Final = frozenset({NoticeChannel.IN_APP, NoticeChannel.PUSH})
INBOX: Final = frozenset({NoticeChannel.IN_APP})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice. `is_mandatory`: no preference stops it, because it is about security or a rule asks for it.
    `to_closed`: it is sent to the owner of an account that is closed, too."""

    name: str
    channels: frozenset[NoticeChannel]
    variables: Mapping[str, Variable] = field(default_factory=dict)
    type: NotificationType = NotificationType.TRANSACTIONAL
    is_mandatory: bool = False
    to_closed: bool = False

    def samples(self) -> dict[str, Value]:
        """A value for each variable."""
        return {name: variable.sample for name, variable in self.variables.items()}


@dataclass(frozen=True, slots=True)
class Draft:
    """What an event becomes: who reads it, of which kind it is, and the values of its variables. `data` is for the app
    that shows it: amounts in paise under names that end in `_paise`, which the API shows in rupees (`core.values.facts`)."""

    recipient: Recipient
    kind: Kind
    values: Values = field(default_factory=dict)
    data: Values = field(default_factory=dict)

    def __post_init__(self) -> None:
        key = id_of(self.kind.name)
        # Only a test that an admin sends to themselves has no data.
        assert not self.data or key is None or key in self.data, f"{self.kind.name} names its {key}"
