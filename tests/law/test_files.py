"""Files: a file's name tells its layer, so that nobody searches; a file without a layer is pure. And none is long."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.law.house import File, House, house

# From the ground up. A file imports its own layer and lower ones.
LAYERS = (
    ("errors",),
    ("models",),
    ("events",),
    ("schemas",),
    ("crud",),
    ("service",),
    ("guards",),
    ("routes", "listeners", "jobs", "loop", "commands", "checks", "personal_data"),
    ("room",),
)
RANK = {layer: rank for rank, floor in enumerate(LAYERS) for layer in floor}
# The layers of which a room may have several: `staff_routes`, `import_service`.
SUFFIXES = ("routes", "service", "schemas", "crud", "loop", "models", "listeners")
# What a pure file may import: of its own room, and through the door of a lower one.
PURE_IN = frozenset({"errors", "models", "schemas", "events"})
PURE_OUT = frozenset({"errors", "models", "events", "guards"})

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 350
MIN_DOCSTRINGS = 0.95
ROOMS_OF_MONEY = ("wallet", "payments", "recharge", "delivery", "receipts", "channels", "reconciliation")
MAX_ANY = 30


def layer_of(stem: str) -> str | None:
    """The layer that a file's name says; None for a pure file."""
    if stem in RANK:
        return stem
    return next((suffix for suffix in SUFFIXES if stem.endswith(f"_{suffix}")), None)


def downward(house: House) -> Iterator[str]:
    """Inside a room: routes -> service -> crud -> schemas -> models -> errors, never back."""
    for file, line, other in _own_imports(house):
        own, theirs = layer_of(file.stem), layer_of(other.stem)
        if own and theirs and RANK[theirs] > RANK[own]:
            yield (
                f"{file.path}:{line}: {own} imports {other.stem}; files of a room import downward only (routes, "
                f"service, crud, schemas, events, models, errors). Move what it needs down to {own} or below"
            )


def pure(house: House) -> Iterator[str]:
    """A file without a layer reads and decides, and reaches for nothing: it can be tested without a store."""
    for file in house:
        if not house.is_room(file.place) or file.stem == "__init__" or layer_of(file.stem):
            continue
        for statement in file.imports:
            other = house.modules.get(house.target(statement))
            place = house.target_place(statement)
            if other is None or place.startswith("core"):
                continue
            layer = layer_of(other.stem)
            may = layer is None or layer in PURE_IN if place == file.place else layer in PURE_OUT
            if not may:
                yield (
                    f"{file.path}:{statement.line}: imports {other.module}. A file whose name says no layer is pure: it "
                    "imports models, schemas, events, errors, core and other pure files. If it works with the "
                    f"database or another room, name it {file.stem}_service.py (or _crud, _routes, _loop), or make it "
                    "a verb of service.py"
                )


def empty(house: House) -> Iterator[str]:
    """A room's `__init__` imports nothing: who imports one file loads that file."""
    for file in house:
        if house.is_room(file.place) and file.stem == "__init__" and file.imports:
            yield f"{file.path}: imports something; a room is entered through its files, so leave only a docstring"


def long(house: House) -> Iterator[str]:
    """A function fits on a screen, and a file in a head."""
    for file in house:
        lines = file.source.count("\n")
        if lines > MAX_FILE_LINES:
            yield f"{file.path}: {lines} lines, more than {MAX_FILE_LINES}. Split it by what it is about"
        for node in file.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    yield (
                        f"{file.path}:{node.lineno}: {node.name} has {length} lines, more than {MAX_FUNCTION_LINES}. "
                        "Give a part of it a name of its own"
                    )


def silent(house: House) -> Iterator[str]:
    """What is public says what it does, in which units, and what it raises."""
    public, without = 0, list[str]()
    for file in house:
        for node, name in _public(file):
            public += 1
            if ast.get_docstring(node) is None:
                without.append(f"{file.path}:{node.lineno}: {name}")
    if public and len(without) > public * (1 - MIN_DOCSTRINGS):
        yield f"{len(without)} of {public} public names have no docstring, more than 5 %: " + ", ".join(
            without
        )


def loose(house: House) -> Iterator[str]:
    """The rooms of money say what their values are."""
    places = [
        f"{file.path}:{node.lineno}"
        for file in house
        if file.place in ROOMS_OF_MONEY
        for node in file.nodes
        if isinstance(node, ast.Name) and node.id == "Any"
    ]
    if len(places) >= MAX_ANY:
        yield (
            f"`Any` stands {len(places)} times in the rooms of money; below {MAX_ANY} is the rule. Decode a row once, "
            f"into a frozen dataclass: {', '.join(places)}"
        )


RULES = (downward, pure, empty, long, silent, loose)


def _own_imports(house: House) -> Iterator[tuple[File, int, File]]:
    for file in house:
        if house.is_room(file.place):
            for statement in file.imports:
                other = house.modules.get(house.target(statement))
                if other is not None and other.place == file.place and other is not file:
                    yield file, statement.line, other


def _public(file: File) -> Iterator[tuple[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    def inside(
        body: list[ast.stmt], prefix: str
    ) -> Iterator[tuple[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, str]]:
        for node in body:
            if isinstance(
                node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
            ) and not node.name.startswith("_"):
                yield node, prefix + node.name
                if isinstance(node, ast.ClassDef):
                    yield from inside(node.body, f"{node.name}.")

    yield from inside(file.tree.body, "")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_its_layer(rule) -> None:  # type: ignore[no-untyped-def]
    assert list(rule(house())) == []


LONG = "def f():\n" + "    x = 1\n" * 70


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        ("gencharge/wallet/crud.py", "from gencharge.wallet import service", "crud imports service"),
        (
            "gencharge/wallet/models.py",
            "from gencharge.wallet.schemas import WalletOut",
            "models imports schemas",
        ),
        ("gencharge/wallet/errors.py", "from gencharge.wallet.models import Code", "errors imports models"),
        (
            "gencharge/wallet/service.py",
            "from gencharge.wallet import routes",
            "service imports routes",
        ),
        (
            "gencharge/wallet/staff_service.py",
            "from gencharge.wallet import routes",
            "service imports routes",
        ),
        ("gencharge/wallet/interest.py", "from gencharge.wallet import crud", "name it interest_service.py"),
        (
            "gencharge/wallet/interest.py",
            "from gencharge.users import service",
            "name it interest_service.py",
        ),
        ("gencharge/wallet/__init__.py", "from gencharge.wallet import service", "leave only a docstring"),
        ("gencharge/wallet/service.py", "x = 1\n" * 351, "351 lines, more than 350"),
        ("gencharge/wallet/service.py", LONG, "f has 71 lines, more than 70"),
        ("sandbox/app.py", LONG, "f has 71 lines, more than 70"),
        (
            "gencharge/wallet/service.py",
            "".join(f"def f{n}(): ...\n" for n in range(600)),
            "have no docstring",
        ),
        ("gencharge/wallet/service.py", "def f(x: Any) -> Any: ...\n" * 15, "in the rooms of money"),
    ],
)
def test_each_rule_catches_what_breaks_it(path: str, source: str, reason: str) -> None:
    broken = house().with_file(path, source)
    assert any(reason in breach for rule in RULES for breach in rule(broken))
