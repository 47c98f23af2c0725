"""Doors: how one room enters another, where SQL stands, and where the web begins."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.law.house import File, House, house
from tests.law.test_files import layer_of

DOORS = frozenset({"service", "models", "events", "errors"})
DOORS_OF = {"sessions": DOORS | {"guards"}}
# What makes a statement; a column's default and a condition of an index are `text`, too, and stand in models.
STATEMENTS = frozenset({"select", "insert", "update", "delete", "text", "union_all"})
SQL_LAYERS = frozenset({"crud", "checks"})
SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM\s|SELECT\s+\w+\(|SELECT\s+\*|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s*\()",
    re.DOTALL,
)
ROUTERS = frozenset({"APIRouter", "router"})


def doors(house: House) -> Iterator[str]:
    """Another room is entered through what it offers; how it stores and answers is its own affair."""
    for file in house:
        if not house.is_room(file.place):
            continue
        for statement in file.imports:
            place = house.target_place(statement)
            if place == file.place or not house.is_room(place):
                continue
            door = house.target(statement).removeprefix(f"gencharge.{place}").removeprefix(".")
            if door not in DOORS_OF.get(place, DOORS):
                yield (
                    f"{file.path}:{statement.line}: enters {place} through {door or 'the room itself'}; the doors of a room "
                    "are service, models, events and errors (and sessions.guards). If service lacks a verb, add one"
                )


def wiring_alone(house: House) -> Iterator[str]:
    """What a room plugs in is in its `room.py`, and only `wiring` opens that."""
    for file in house:
        for statement in file.imports:
            target = house.target(statement)
            if target.endswith(".room") and house.is_room(house.target_place(statement)):
                yield f"{file.path}:{statement.line}: imports {target}; ask gencharge.wiring for what rooms plug in"


def statements(house: House) -> Iterator[str]:
    """SQL stands in crud, checks and `sql/`: who changes a table finds every statement."""
    for file in house:
        layer = layer_of(file.stem)
        if not (house.is_room(file.place) or file.place == "api") or layer in SQL_LAYERS:
            continue
        for line, what in _statements(file):
            if what == "text" and layer == "models":
                continue
            yield (
                f"{file.path}:{line}: builds SQL ({what}). Move the statement into crud.py, as a function whose name "
                "tells its cost (get_, find_, list_, count_, lock_, add_), and call that"
            )


def routers(house: House) -> Iterator[str]:
    """A route is found by the name of its file."""
    for file in house:
        if not (house.is_room(file.place) or file.place == "api") or layer_of(file.stem) == "routes":
            continue
        aliases = _aliases(file, ROUTERS)
        for line, called in _calls(file):
            if called in aliases or called.endswith((".APIRouter", "web.router")):
                yield (
                    f"{file.path}:{line}: makes a router. Routers stand in routes.py, staff_routes.py or another "
                    "file named *_routes.py, so that a path is found by the name of its file"
                )


RULES = (doors, wiring_alone, statements, routers)


@cache
def _aliases(file: File, names: frozenset[str]) -> dict[str, str]:
    """What `names` of SQLAlchemy, FastAPI and `core.http.web` are called in this file."""
    return {
        alias.asname or alias.name: alias.name
        for node in file.nodes
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").split(".")[0] in {"sqlalchemy", "fastapi", "gencharge"}
        for alias in node.names
        if alias.name in names
    }


@cache
def _calls(file: File) -> tuple[tuple[int, str], ...]:
    """Line and name of each call."""
    return tuple((node.lineno, _called(node)) for node in file.nodes if isinstance(node, ast.Call))


def _called(node: ast.Call) -> str:
    """`select` for `select(...)`, `web.router` for `web.router(...)`."""
    return ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""


@cache
def _statements(file: File) -> tuple[tuple[int, str], ...]:
    """Line and kind of each statement that a file builds. Remembered: a planted file changes nothing in the others."""
    return tuple(_find_statements(file))


def _find_statements(file: File) -> Iterator[tuple[int, str]]:
    aliases = _aliases(file, STATEMENTS)
    docstrings = {
        id(node.body[0].value)
        for node in file.nodes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in file.nodes:
        if isinstance(node, ast.Call):
            called = _called(node)
            if called in aliases:
                yield node.lineno, aliases[called]
            elif called.startswith(("sa.", "sqlalchemy.")) and called.split(".")[-1] in STATEMENTS:
                yield node.lineno, called
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
            and SQL.match(node.value)
        ):
            yield node.lineno, node.value.split()[0]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_room_keeps_its_doors(rule) -> None:  # type: ignore[no-untyped-def]
    assert list(rule(house())) == []


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        ("gencharge/recharge/service.py", "from gencharge.wallet import crud", "enters wallet through crud"),
        (
            "gencharge/recharge/service.py",
            "from gencharge.wallet.schemas import WalletOut",
            "wallet through schemas",
        ),
        (
            "gencharge/recharge/service.py",
            "from gencharge.wallet import staff_service",
            "through staff_service",
        ),
        ("gencharge/recharge/service.py", "import gencharge.wallet", "enters wallet through the room itself"),
        ("gencharge/recharge/service.py", "from gencharge.wallet.nothing import x", "through nothing"),
        (
            "gencharge/recharge/routes.py",
            "from gencharge.sessions import gate",
            "enters sessions through gate",
        ),
        ("gencharge/api/main.py", "from gencharge.wallet.room import ROOM", "ask gencharge.wiring"),
        ("gencharge/wallet/service.py", "from sqlalchemy import select\nselect(1)", "builds SQL (select)"),
        ("gencharge/wallet/service.py", "from sqlalchemy import text as t\nt('x')", "builds SQL (text)"),
        ("gencharge/wallet/service.py", "import sqlalchemy as sa\nsa.update(1)", "builds SQL (sa.update)"),
        (
            "gencharge/wallet/service.py",
            "from sqlalchemy.dialects.postgresql import insert\ninsert(1)",
            "builds SQL (insert)",
        ),
        ("gencharge/wallet/jobs.py", "Q = 'SELECT id FROM wallets WHERE posted < 0'", "builds SQL (SELECT)"),
        ("gencharge/wallet/routes.py", "Q = 'UPDATE wallets SET posted = 0'", "builds SQL (UPDATE)"),
        ("gencharge/wallet/models.py", "from sqlalchemy import select\nselect(1)", "builds SQL (select)"),
        ("gencharge/wallet/service.py", "from fastapi import APIRouter\nAPIRouter()", "makes a router"),
        (
            "gencharge/wallet/callbacks.py",
            "from gencharge.core.http.web import router\nrouter('x')",
            "makes a router",
        ),
        (
            "gencharge/wallet/callbacks.py",
            "from gencharge.core.http import web\nr = web.router('x')",
            "makes a router",
        ),
        ("gencharge/api/health.py", "import fastapi\nr = fastapi.APIRouter()", "makes a router"),
    ],
)
def test_each_rule_catches_what_breaks_it(path: str, source: str, reason: str) -> None:
    broken = house().with_file(path, source).only(path)
    assert any(reason in breach for rule in RULES for breach in rule(broken))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("gencharge/wallet/models.py", "from sqlalchemy import text\nx = text('posted > 0')"),
        ("gencharge/wallet/queue_crud.py", "from sqlalchemy import select\nselect(1)"),
        ("gencharge/wallet/service.py", '"""Select a plan from the list."""\nx = "Update your profile"'),
        ("gencharge/wallet/staff_routes.py", "from gencharge.core.http import web\nr = web.router('x')"),
        ("gencharge/recharge/service.py", "from gencharge.wallet import service as wallet"),
    ],
)
def test_what_is_allowed_is_not_caught(path: str, source: str) -> None:
    allowed = house().with_file(path, source).only(path)
    assert [breach for rule in RULES for breach in rule(allowed)] == []
