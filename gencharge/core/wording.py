"""Sentences for people, in their language.

English stands in the code: the docstring of an error, the message of a field. A sentence with values keeps them apart, so that
another language can put them where it needs them:

    raise PlanFileInvalid(worded("Line {line} is not UTF-8.", line=7))

Each other language is a file of each room, `gencharge/<room>/texts/<language>.toml`: an English sentence, and what it is in that
language. A changed English sentence is a new one, so no translation is ever out of date. `tests/law/test_texts.py` names the
lines that are missing, and those that nobody needs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

ENGLISH: Final = "en"
PACKAGE: Final = Path(__file__).parent.parent
FOLDER: Final = "texts"


class Worded(str):
    """An English text that knows its sentence and the values in it. It is an ordinary text to everybody else.

    `key` is the sentence, as the files of texts have it.
    """

    __slots__ = ("key", "values")

    key: str
    values: Mapping[str, Any]

    def __new__(cls, english: str, key: str | None = None, values: Mapping[str, Any] | None = None) -> Worded:
        text = super().__new__(cls, english)
        text.key = english if key is None else key
        text.values = {} if values is None else values
        return text

    def __str__(self) -> str:
        """The text itself: an exception that was made of it gives it back whole."""
        return self


def worded(sentence: str, /, **values: Any) -> Worded:
    """The English sentence with these values in place of `{name}`. A value may be such a text itself, or a list, which
    is written with commas. A sentence without values may hold braces."""
    if not values:
        return Worded(sentence)
    shown = {name: _shown(value, ENGLISH) for name, value in values.items()}
    return Worded(sentence.format_map(shown), sentence, values)


def sentences(*each: Worded) -> Worded:
    """Several sentences, one after the other."""
    text = each[0]
    for following in each[1:]:
        text = worded("{text} {following}", text=text, following=following)
    return text


def as_stored(text: str) -> dict[str, Any] | None:
    """A text as JSON keeps it, to be read in any language later: its sentence, and the values as they are shown. None: one without a sentence."""
    if not isinstance(text, Worded):
        return None
    return {"sentence": text.key, "values": {name: _as_stored(value) for name, value in text.values.items()}}


def read_back(english: str, document: Mapping[str, Any] | None) -> str:
    """The text that `as_stored` made a document of; the English one itself if there is no document."""
    if document is None:
        return english
    return Worded(english, document["sentence"], _values_of(document))


def _as_stored(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_as_stored(part) for part in value]
    return as_stored(value) if isinstance(value, Worded) else str(value)


def _values_of(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value_of(value) for name, value in document["values"].items()}


def _value_of(value: Any) -> Any:
    if isinstance(value, list):
        return [_value_of(part) for part in value]
    if not isinstance(value, Mapping):
        return value
    values = _values_of(value)
    shown = {name: _shown(part, ENGLISH) for name, part in values.items()}
    sentence = str(value["sentence"])
    return Worded(sentence.format_map(shown) if values else sentence, sentence, values)


def in_language(text: str, language: str) -> str:
    """The text in a language; in English where the language has no such sentence."""
    table = texts(language)
    if not isinstance(text, Worded):
        return table.get(text, text)
    sentence = table.get(text.key)
    if not text.values:
        return sentence or str.__str__(text)
    if sentence is None:
        # Of several sentences in a row, each is in the table by itself.
        if not any(isinstance(value, Worded) for value in text.values.values()):
            return str.__str__(text)
        sentence = text.key
    return sentence.format_map({name: _shown(value, language) for name, value in text.values.items()})


def translated(value: Any, language: str) -> Any:
    """A value of a document, with each `Worded` in it in the language. Other texts are names and codes, and stay."""
    if isinstance(value, Worded):
        return in_language(value, language)
    if isinstance(value, dict):
        return {name: translated(part, language) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [translated(part, language) for part in value]
    return value


@cache
def texts(language: str) -> Mapping[str, str]:
    """All sentences of a language, by their English. Empty for English and for a language that has no files."""
    table: dict[str, str] = {}
    for file in files(language):
        table |= read(file)
    return table


def files(language: str, package: Path = PACKAGE) -> list[Path]:
    """The files of a language, one of each room that says something."""
    return sorted(package.glob(f"*/{FOLDER}/{language}.toml"))


def read(file: Path) -> dict[str, str]:
    """The sentences of a file. Raises ValueError for a file that is no TOML, or holds anything but texts."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    wrong = [name for name, sentence in table.items() if not isinstance(sentence, str)]
    if wrong:
        raise ValueError(f'{file}: {wrong[0]}: write "English" = "..."')
    return table


def _shown(value: Any, language: str) -> Any:
    if isinstance(value, Worded):
        return in_language(value, language)
    if isinstance(value, list | tuple):
        return ", ".join(str(_shown(part, language)) for part in value)
    return value
