"""The texts that ship with the product: one folder a language, `templates/<language>/*.toml`.

`language.toml` says how the language writes amounts and days; every other file has one table for each kind of notice. A
language is added by adding its folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from gencharge.notifications.kinds import Kind
from gencharge.notifications.speech import LanguageInvalid, Speech
from gencharge.notifications.texts import Texts, of_table, problems_of

FOLDER: Final = Path(__file__).parent / "templates"
_LANGUAGE: Final = "language.toml"


@dataclass(frozen=True, slots=True)
class Library:
    """All languages, and the texts of each kind in each."""

    languages: Mapping[str, Speech]
    texts: Mapping[tuple[str, str], Texts]

    def speech(self, language: str) -> Speech:
        """A language, or English where there is none of this code."""
        return self.languages.get(language) or self.languages["en"]


@cache
def shipped(folder: Path = FOLDER) -> Library:
    """The texts of a folder, read once. They are checked by `problems`, not here. Raises LanguageInvalid."""
    languages, texts = dict[str, Speech](), dict[tuple[str, str], Texts]()
    for place in sorted(path for path in folder.iterdir() if (path / _LANGUAGE).is_file()):
        languages[place.name] = Speech.of(_read(place / _LANGUAGE), f"{place.name}/{_LANGUAGE}")
        for file in sorted(place.glob("*.toml")):
            if file.name == _LANGUAGE:
                continue
            for kind, table in _read(file).items():
                if (kind, place.name) in texts:
                    raise LanguageInvalid(f"{place.name}/{file.name}: {kind} is in another file, too")
                texts[kind, place.name] = _texts(table, f"{place.name}/{file.name}: {kind}")
    return Library(languages, texts)


def problems(library: Library, kinds: Mapping[str, Kind]) -> list[str]:
    """What is wrong with the texts: a kind or a variable that is missing in a language, or that is none."""
    lines = [
        f"{language}: {kind} has no texts"
        for language in library.languages
        for kind in kinds
        if (kind, language) not in library.texts
    ]
    for (kind, language), texts in library.texts.items():
        if kind not in kinds:
            lines.append(f"{language}: there is no notice {kind}")
            continue
        lines += [
            f"{language}: {kind}.{problem.field}: {problem.message}"
            for problem in problems_of(texts, kinds[kind])
        ]
    return lines


def _texts(table: dict[str, Any], place: str) -> Texts:
    try:
        return of_table(table)
    except TypeError as error:
        raise LanguageInvalid(f"{place}: {error}") from error


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
