"""What callers read is there in each language: no sentence is missing, none is superfluous, and the variables agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import get_args

import pytest
from pydantic_core import _pydantic_core
from pydantic_core.core_schema import ErrorType

from gencharge.core import wording
from gencharge.core.http.field_messages import PYDANTIC
from gencharge.core.values.language import Language
from tests.law.house import House, house
from tests.law.sentences import Sentence, put_together, sentences, variables

LANGUAGES = [language.value for language in Language if language is not Language.ENGLISH]
# Pydantic's errors about Python: no JSON causes them.
_OF_PYTHON = """
    no_such_attribute needs_python_object frozen_field frozen_instance get_attribute_error dataclass_exact_type named_tuple_type
    default_factory_not_called iteration_error set_item_not_hashable value_error assertion_error missing_sentinel_error
    ellipsis_error is_instance_of is_subclass_of callable_type arguments_type missing_argument unexpected_keyword_argument
    missing_keyword_only_argument unexpected_positional_argument missing_positional_only_argument multiple_argument_values
    complex_type complex_str_parsing fraction_type fraction_parsing frozen_dict_type ordered_dict_type counter_type deque_type
    recursion_depth_exceeded
"""
OF_PYTHON = frozenset(PYDANTIC + kind for kind in _OF_PYTHON.split())


def files_of(language: str) -> dict[str, dict[str, str]]:
    """The sentences of a language, by room."""
    return {file.parent.parent.name: wording.read(file) for file in wording.files(language)}


def faults(
    language: str,
    english: list[Sentence],
    files: Mapping[str, Mapping[str, str]],
    codes: Mapping[str, frozenset[str]],
) -> Iterator[str]:
    """What is wrong with the files of a language. `codes`: pydantic's messages, with the values that each has."""
    common = files.get("core", {})
    for room, text in dict.fromkeys((each.room, each.text) for each in english):
        if text not in common and text not in files.get(room, {}):
            where = next(each.where for each in english if (each.room, each.text) == (room, text))
            yield f'gencharge/{room}/texts/{language}.toml: add the line {_quoted(text)} = "..." ({where})'
    for code in sorted(codes.keys() - common.keys()):
        yield f'gencharge/core/texts/{language}.toml: add the line "{code}" = "..."'
    spoken = {room: {each.text for each in english if each.room == room} for room in files}
    spoken["core"] = {each.text for each in english}
    for room, table in files.items():
        for text, translation in table.items():
            place = f"gencharge/{room}/texts/{language}.toml: {_quoted(text)}"
            if room == "core" and text in codes:
                if stray := variables(translation) - codes[text]:
                    yield f"{place}: pydantic gives no {', '.join(sorted(stray))}"
            elif text not in spoken[room]:
                yield f"{place}: nobody says this; delete the line"
            elif room != "core" and text in common:
                yield f"{place}: core has this line; delete it here"
            elif variables(text) != variables(translation):
                yield f"{place}: it has the variables {sorted(variables(text))}, not {sorted(variables(translation))}"


def _quoted(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'


def pydantic_codes() -> dict[str, frozenset[str]]:
    """Pydantic's errors that a request can cause, with the names of their values."""
    known = {
        PYDANTIC + entry["type"]: frozenset(entry.get("example_context") or {})
        for entry in _pydantic_core.list_all_errors()
    }
    listed = {PYDANTIC + kind for kind in get_args(ErrorType)} & known.keys()
    return {code: known[code] for code in listed - OF_PYTHON}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_every_sentence_and_no_other(language: str) -> None:
    problems = list(faults(language, list(sentences(house())), files_of(language), pydantic_codes()))
    assert problems == [], "\n" + "\n".join(problems)


def test_no_message_is_put_together_so_that_another_language_could_not_say_it() -> None:
    assert list(put_together(house())) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_can_be_filled_and_ends_as_its_sentence_does(language: str) -> None:
    for room, table in files_of(language).items():
        for text, translation in table.items():
            if variables(text):
                list(Formatter().parse(translation))
            assert translation.strip() == translation != "", f"{room}: {text}"
            assert (text.endswith(".") and text[-2:] != "..") == translation.endswith("।"), (
                f"{room}: {text}: a sentence ends with a full stop"
            )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_means_the_same_in_every_room(language: str) -> None:
    meanings: dict[str, str] = {}
    for room, table in files_of(language).items():
        for text, translation in table.items():
            assert meanings.setdefault(text, translation) == translation, f"{room}: {text}"


def test_the_house_says_hundreds_of_sentences() -> None:
    english = list(sentences(house()))
    assert len({each.text for each in english}) > 380
    assert len({each.room for each in english}) > 25


_ERRORS = 'from gencharge.core.errors import NotFound\n\n\nclass CoinNotFound(NotFound):\n    """Coin not found."""\n'
_MESSAGE = "from gencharge.core.errors import field_problem\n\nX = field_problem('body.x', {}, 'x')\n"


@pytest.mark.parametrize(
    ("path", "source", "line"),
    [
        ("gencharge/audit/errors.py", _ERRORS, 'audit/texts/hi.toml: add the line "Coin not found." = "..."'),
        (
            "gencharge/audit/coins.py",
            _MESSAGE.format("'No coin'"),
            'audit/texts/hi.toml: add the line "No coin"',
        ),
        (
            "gencharge/audit/coins.py",
            "from x import worded\n\nX = worded('Coin {n}', n=1)\n",
            'line "Coin {n}"',
        ),
        (
            "gencharge/audit/schemas.py",
            "def f():\n    raise ValueError('No \"coin\"')\n",
            "line 'No \"coin\"' =",
        ),
    ],
)
def test_a_new_sentence_is_asked_for_with_its_file_and_line(path: str, source: str, line: str) -> None:
    new = house().with_file(path, source)
    problems = list(faults("hi", list(sentences(new)), files_of("hi"), pydantic_codes()))
    assert any(line in fault and f"({path}:" in fault for fault in problems), problems


def _with(room: str, **lines: str) -> dict[str, dict[str, str]]:
    files = files_of("hi")
    return {**files, room: {**files[room], **lines}}


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (_with("audit", Nothing="कुछ नहीं"), "nobody says this"),
        (_with("plans", **{"line {line}": "पंक्ति {number}"}), "it has the variables ['line'], not ['number']"),
        (_with("core", **{"pydantic.enum": "{choices}"}), "pydantic gives no choices"),
        (_with("audit", **{"Must be one of: {choices}": "{choices}"}), "delete the line"),
    ],
)
def test_a_superfluous_line_and_a_strange_variable_are_found(
    files: dict[str, dict[str, str]], fault: str
) -> None:
    assert any(fault in each for each in faults("hi", list(sentences(house())), files, pydantic_codes()))


@pytest.mark.parametrize("message", ["f'{x} is wrong'", "'a' + x", "'{}'.format(x)", "', '.join(x)"])
def test_a_message_that_is_put_together_is_refused(message: str) -> None:
    new: House = house().with_file("gencharge/audit/coins.py", _MESSAGE.format(message))
    assert any("gencharge/audit/coins.py:3: write worded" in each for each in put_together(new))
