"""The texts of one kind of notice in one language, and what is wrong with them.

A text names variables in braces: `{amount}`. A choice stands for a phrase, which may name other variables, but no choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gencharge.core.wording import Worded, worded
from gencharge.notifications.kinds import Kind, NoticeChannel, VariableType
from gencharge.notifications.speech import is_visible

VARIABLE: Final = re.compile(r"\{([a-z_]+)\}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
# The longest text of each field, in characters. A text message of 7 parts is the longest that operators join.
LIMITS: Final = {
    "title": 120,
    "body": 1_000,
    "sms": 459,
    "dlt_template": 30,
    "push_title": 60,
    "push_body": 240,
    "email_subject": 150,
    "email_text": 5_000,
}
_MANY_LINES: Final = frozenset({"body", "email_text"})
_OF_CHANNEL: Final = {
    NoticeChannel.SMS: ("sms", "dlt_template"),
    NoticeChannel.PUSH: ("push_title", "push_body"),
    NoticeChannel.EMAIL: ("email_subject", "email_text"),
}
# Each says all that the recipient has to know; a push message is a hint that leads to the notice.
_COMPLETE: Final = {
    NoticeChannel.IN_APP: ("title", "body"),
    NoticeChannel.SMS: ("sms",),
    NoticeChannel.EMAIL: ("email_subject", "email_text"),
}
_PHRASE_LIMIT: Final = 300


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a text: in which field, and what would be right."""

    field: str
    message: Worded


@dataclass(frozen=True, slots=True)
class Texts:
    """What a notice says. A push message and an e-mail say the same as the inbox, unless they have texts of their own.

    `phrases`: of each choice, the phrase of each code.
    """

    title: str
    body: str
    sms: str = ""
    dlt_template: str = ""
    push_title: str = ""
    push_body: str = ""
    email_subject: str = ""
    email_text: str = ""
    phrases: Mapping[str, Mapping[str, str]] | None = None

    def field(self, name: str) -> str:
        """The text of a field, or the one that stands in for it."""
        own: str = getattr(self, name)
        if own or name not in _STAND_INS:
            return own
        return self.field(_STAND_INS[name])

    @property
    def choices(self) -> Mapping[str, Mapping[str, str]]:
        """The phrases, by choice and code."""
        return self.phrases or {}


_STAND_INS: Final = {
    "push_title": "title",
    "push_body": "body",
    "email_subject": "title",
    "email_text": "body",
}


def problems_of(texts: Texts, kind: Kind) -> list[Problem]:
    """What is wrong with the texts of a kind; nothing if they can be sent."""
    return [
        *_missing_texts(texts, kind),
        *(problem for name in LIMITS for problem in _of_text(name, getattr(texts, name), kind)),
        *_of_phrases(texts, kind),
        *_missing_variables(texts, kind),
    ]


def of_table(values: Mapping[str, Any]) -> Texts:
    """The texts of a table of a file. Raises TypeError for an unknown field."""
    return Texts(**values)


def _missing_texts(texts: Texts, kind: Kind) -> Iterator[Problem]:
    needed = ["title", "body", *(["sms"] if NoticeChannel.SMS in kind.channels else [])]
    for name in needed:
        if not getattr(texts, name).strip():
            yield Problem(name, worded("This text is needed"))
    for channel, names in _OF_CHANNEL.items():
        for name in names:
            if channel not in kind.channels and getattr(texts, name):
                yield Problem(
                    name, worded("Notices of this kind are not sent by {channel}", channel=channel.value)
                )


def _of_text(name: str, text: str, kind: Kind) -> Iterator[Problem]:
    if len(text) > LIMITS[name]:
        yield Problem(name, worded("At most {limit} characters", limit=LIMITS[name]))
    if _CONTROL.search(text) or ("\n" in text and name not in _MANY_LINES):
        yield Problem(
            name, worded("No control characters") if name in _MANY_LINES else worded("One line of text")
        )
    for variable in sorted(variables_of(text)):
        if variable not in kind.variables:
            yield Problem(name, _unknown(variable, kind))
        elif kind.variables[variable].is_optional:
            yield Problem(
                name, worded("{{{variable}}} may be missing: only phrases may name it", variable=variable)
            )
    if _stray(text):
        yield Problem(
            name, worded("Braces enclose the name of a variable, such as {amount}, and nothing else")
        )


def _of_phrases(texts: Texts, kind: Kind) -> Iterator[Problem]:
    choices = {name: v.choices for name, v in kind.variables.items() if v.type is VariableType.CHOICE}
    for name in sorted(choices.keys() | texts.choices.keys()):
        place, phrases = f"phrases.{name}", texts.choices.get(name, {})
        if name not in choices:
            yield Problem(
                place, worded("There is no choice of this name; there are: {names}", names=_listed(choices))
            )
            continue
        for code in sorted(phrases.keys() - set(choices[name])):
            yield Problem(
                f"{place}.{code}",
                worded("There is no such code; there are: {names}", names=_listed(choices[name])),
            )
        for code in choices[name]:
            if code not in phrases:
                yield Problem(f"{place}.{code}", worded("This phrase is needed"))
            else:
                yield from _of_phrase(f"{place}.{code}", phrases[code], kind)


def _of_phrase(place: str, phrase: str, kind: Kind) -> Iterator[Problem]:
    if len(phrase) > _PHRASE_LIMIT or not all(map(is_visible, phrase)):
        yield Problem(place, worded("One line of at most {limit} characters", limit=_PHRASE_LIMIT))
    plain = {name: v for name, v in kind.variables.items() if v.type is not VariableType.CHOICE}
    for variable in sorted(variables_of(phrase) - plain.keys()):
        yield Problem(
            place,
            worded("{{{variable}}} is a choice, and phrases name none", variable=variable)
            if variable in kind.variables
            else _unknown(variable, kind),
        )
    if _stray(phrase):
        yield Problem(
            place, worded("Braces enclose the name of a variable, such as {amount}, and nothing else")
        )


def _missing_variables(texts: Texts, kind: Kind) -> Iterator[Problem]:
    required = {name for name, variable in kind.variables.items() if variable.is_required}
    for channel, names in _COMPLETE.items():
        if channel not in kind.channels:
            continue
        written = {name for text in names for name in _reached(texts, texts.field(text))}
        for variable in sorted(required - written):
            yield Problem(names[-1], worded("{{{variable}}} is required", variable=variable))


def _reached(texts: Texts, text: str) -> set[str]:
    """The variables of a text and of the phrases that it names."""
    direct = variables_of(text)
    phrases = (phrase for name in direct for phrase in texts.choices.get(name, {}).values())
    return direct.union(*(variables_of(phrase) for phrase in phrases))


def variables_of(text: str) -> set[str]:
    """The variables that a text names."""
    return set(VARIABLE.findall(text))


def _stray(text: str) -> bool:
    rest = VARIABLE.sub("", text)
    return "{" in rest or "}" in rest


def _unknown(variable: str, kind: Kind) -> Worded:
    return worded(
        "{{{variable}}} is not a variable of this notice; there are: {names}",
        variable=variable,
        names=_listed(kind.variables),
    )


def _listed(names: Any) -> str:
    return ", ".join(sorted(names)) or worded("none")
