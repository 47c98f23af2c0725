"""The tests mirror the source: who changes `<room>/<file>.py` opens `tests/<room>/test_<file>.py` and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

import pytest

from tests.law.house import ROOT, File, House, house
from tests.law.test_files import ROOMS_OF_MONEY, layer_of

# Lists of names and columns. What they declare is tested where it is used.
DECLARATIONS = frozenset({"errors", "models", "events", "room", "__init__"})
# Statements and fields, which the tests of the service and the routes run, until one of them refuses something.
PLAIN = frozenset({"crud", "schemas", "personal_data"})
REFUSES = ast.Raise | ast.Try | ast.Match | ast.While
# Whole journeys through a room that fit none of its files, and the outcomes of its SQL functions.
JOURNEYS = "journeys"

# Rooms whose tests do not mirror the source yet, and rooms of money with fewer lines of tests than of source.
# Take a room off when it keeps the rule; the tests below say when.
NOT_YET_MIRRORED = frozenset[str]()
NOT_YET_AS_LONG = frozenset[str]()

Lines = Mapping[str, int]


def has_behaviour(file: File) -> bool:
    """True for a file with behaviour of its own, which a test can find wrong."""
    layer = layer_of(file.stem)
    if file.stem in DECLARATIONS or layer in DECLARATIONS:
        return False
    functions = [node for node in file.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    if layer in PLAIN:
        return any(isinstance(node, REFUSES) for function in functions for node in ast.walk(function))
    return bool(functions)


def untested(house: House, room: str, tests: Lines) -> Iterator[str]:
    """A file with behaviour has a test file of its own name."""
    for file in house:
        if file.place == room and has_behaviour(file):
            path = f"tests/{room}/test_{file.stem}.py"
            if path not in tests:
                yield (
                    f"{file.path} has no {path}. Write the tests of its rules, edge cases and errors there, or "
                    "move them there if they are in another file (`git mv`)"
                )


def nameless(house: House, room: str, tests: Lines, functions: frozenset[str]) -> Iterator[str]:
    """A test file names a source file or a SQL function of its room, so that a reader knows what it is about."""
    stems = {file.stem for file in house if file.place == room} | functions
    if functions:
        stems.add("sql")
    for path in tests:
        folder, _, name = path.removeprefix("tests/").rpartition("/")
        stem = name.removesuffix(".py").removeprefix("test_")
        if folder == room and name.startswith("test_") and stem not in stems | {JOURNEYS}:
            yield (
                f"{path} names no file of gencharge/{room}/. Move each test to tests/{room}/test_<file>.py of the "
                f"file that it tests; a journey through several files goes to tests/{room}/test_{JOURNEYS}.py"
            )


def astray(room: str, tests: Lines) -> Iterator[str]:
    """What tests share is built in one place."""
    for path in tests:
        folder, _, name = path.removeprefix("tests/").partition("/")
        if folder == room and name not in {"__init__.py", "conftest.py"} and not name.startswith("test_"):
            yield f"{path} is no test. Builders of a room are in tests/make/{room}.py"


def short(room: str, source: Lines, tests: Lines) -> Iterator[str]:
    """A room of money has at least a line of test for a line of source."""
    written = sum(lines for path, lines in source.items() if path.startswith(f"gencharge/{room}/"))
    tested = sum(lines for path, lines in tests.items() if path.startswith(f"tests/{room}/"))
    if tested < written:
        yield (
            f"{room} has {tested} lines of tests for {written} lines of source. Money moves here: test each edge "
            "case, each outcome of each SQL function, each error of each route, and races"
        )


@lru_cache(maxsize=1)
def _tests() -> Lines:
    return _lengths("tests", "*.py")


@lru_cache(maxsize=1)
def _source() -> Lines:
    return {**_lengths("gencharge", "*.py"), **_lengths("gencharge", "*.sql")}


def _lengths(folder: str, pattern: str) -> dict[str, int]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").count("\n")
        for path in sorted((ROOT / folder).rglob(pattern))
    }


def _functions(room: str) -> frozenset[str]:
    return frozenset(path.stem for path in (ROOT / "gencharge" / room / "sql").glob("*.sql"))


def breaches(room: str) -> list[str]:
    """What is not mirrored in a room."""
    return [
        *untested(house(), room, _tests()),
        *nameless(house(), room, _tests(), _functions(room)),
        *astray(room, _tests()),
    ]


ROOMS = [room for floor in house().rooms for room in floor]


@pytest.mark.parametrize("room", ROOMS)
def test_the_tests_of_a_room_mirror_its_source(room: str) -> None:
    problems = breaches(room)
    if room in NOT_YET_MIRRORED:
        assert problems, f"{room} keeps the rule now: take it off NOT_YET_MIRRORED in {__name__}"
    else:
        assert problems == []


@pytest.mark.parametrize("room", ROOMS_OF_MONEY)
def test_a_room_of_money_has_as_many_lines_of_tests_as_of_source(room: str) -> None:
    problems = list(short(room, _source(), _tests()))
    if room in NOT_YET_AS_LONG:
        assert problems, f"{room} keeps the rule now: take it off NOT_YET_AS_LONG in {__name__}"
    else:
        assert problems == []


RULE = "def f(x):\n    raise ValueError\n"
QUERY = "def f(x):\n    return x\n"


@pytest.mark.parametrize(
    ("name", "source", "needed"),
    [
        ("interest.py", QUERY, True),
        ("interest_service.py", QUERY, True),
        ("staff_routes.py", QUERY, True),
        ("crud.py", QUERY, False),
        ("crud.py", RULE, True),
        ("staff_schemas.py", QUERY, False),
        ("staff_schemas.py", RULE, True),
        ("models.py", RULE, False),
        ("archive_models.py", RULE, False),
        ("interest.py", "RATE = 3\n", False),
    ],
)
def test_a_file_with_behaviour_needs_a_test_of_its_name(name: str, source: str, needed: bool) -> None:
    path = f"gencharge/lending/{name}"
    planted = house().with_file(path, source)
    test = f"tests/lending/test_{name}"
    assert [path in breach for breach in untested(planted, "lending", {})] == [True] * needed
    assert list(untested(planted, "lending", {test: 1})) == []


def test_a_test_file_names_a_source_file_or_a_sql_function() -> None:
    planted = house().with_file("gencharge/lending/service.py", QUERY)
    tests = dict.fromkeys(
        ("tests/lending/test_service.py", "tests/lending/test_journeys.py", "tests/lending/test_lend.py"), 1
    )
    [breach] = nameless(planted, "lending", tests, frozenset())
    assert breach.startswith("tests/lending/test_lend.py names no file of gencharge/lending/")
    assert list(nameless(planted, "lending", tests, frozenset({"lend"}))) == []


def test_builders_are_in_one_place() -> None:
    tests = dict.fromkeys(
        (
            "tests/lending/loans.py",
            "tests/lending/conftest.py",
            "tests/lending/__init__.py",
            "tests/make/lending.py",
        ),
        1,
    )
    [breach] = astray("lending", tests)
    assert breach == "tests/lending/loans.py is no test. Builders of a room are in tests/make/lending.py"


def test_fewer_lines_of_tests_than_of_source_are_noticed() -> None:
    source = {
        "gencharge/wallet/service.py": 60,
        "gencharge/wallet/sql/f.sql": 41,
        "gencharge/users/crud.py": 900,
    }
    assert list(short("wallet", source, {"tests/wallet/test_service.py": 101})) == []
    [breach] = short("wallet", source, {"tests/wallet/test_service.py": 100, "tests/users/test_crud.py": 900})
    assert breach.startswith("wallet has 100 lines of tests for 101 lines of source")
