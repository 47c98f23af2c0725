"""The law of the floors: who may import whom. Each rule is proved by code that breaks it.

1. Floors: a room imports only from a lower floor. No imports hidden in functions between rooms.
2. Files: inside a room routes -> service -> crud -> schemas -> models -> errors, never back.
3. Doors: another room is entered through service, models, events, errors or sessions.guards. Only wiring imports routes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "gencharge"
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"core"}),
    frozenset({"sessions", "directory"}),
    frozenset({"operators"}),
    frozenset({"users", "admins"}),
    frozenset({"plans", "wallet"}),
    frozenset({"offers", "payments", "channels"}),
    frozenset({"recharge", "auth"}),
    frozenset({"delivery"}),
    frozenset({"receipts"}),
    frozenset({"reconciliation"}),
    frozenset({"notifications", "audit", "webhooks"}),
    frozenset({"wiring"}),
    frozenset({"api", "run"}),
)
# What is beside the rooms: it builds, starts, describes or moves the whole, and may know all of it.
TOP = frozenset({"__init__", "__main__", "api", "run", "migrations"})
# The three rooms that recharge is being split into still know each other.
_BEING_SPLIT = {
    (a, b) for a in ("recharge", "delivery", "receipts") for b in ("recharge", "delivery", "receipts")
}
FILES = ("errors", "models", "schemas", "crud", "service", "routes")
DOORS = frozenset({"service", "models", "events", "errors"})
DOORS_OF = {"sessions": DOORS | {"guards"}}


def floor_of(room: str) -> int | None:
    """The floor of a room; None for what is beside the rooms."""
    if room in TOP:
        return len(FLOORS) - 1
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), None)


def imports(tree: ast.AST) -> Iterator[tuple[int, str, bool]]:
    """(line, imported dotted name under gencharge, hidden in a function) of every import of ours."""
    hidden = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.ImportFrom)
            and node.level == 0
            and (node.module or "").split(".")[0] == "gencharge"
        ):
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}", id(node) in hidden
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "gencharge":
                    yield node.lineno, alias.name, id(node) in hidden


def breaches(path: str, source: str) -> list[str]:
    """The rules that this file breaks. `path` is relative to the package: `wallet/service.py`."""
    parts = path.removesuffix(".py").split("/")
    room, file = parts[0], parts[-1]
    floor = floor_of(room)
    if floor is None:
        return [f"{path}: the room {room!r} is on no floor; give it one in tests/test_architecture.py"]
    found = []
    for line, name, hidden in imports(ast.parse(source)):
        target = name.split(".")[1:]
        if not target or target == ["__version__"]:
            continue
        found.extend(
            f"{path}:{line}: {reason}" for reason in _reasons(room, file, floor, target, hidden=hidden)
        )
    return found


def _reasons(room: str, file: str, floor: int, target: list[str], *, hidden: bool) -> Iterator[str]:
    other = target[0]
    other_floor = floor_of(other)
    if other_floor is None:
        yield f"imports {other}, which is on no floor"
        return
    if other == room:
        if (
            len(target) > 1
            and file in FILES
            and target[1] in FILES
            and FILES.index(target[1]) > FILES.index(file)
        ):
            yield f"{file} imports {target[1]}: the files of a room import downward only"
        return
    if room in TOP or room == "wiring":
        return
    if (room, other) in _BEING_SPLIT:
        return
    if other_floor >= floor:
        yield f"{room} (floor {floor}) imports {other} (floor {other_floor}): only a lower floor may be imported"
    if hidden and other != "core":
        yield f"an import of {other} is hidden in a function"
    if other_floor == 0:
        return
    door = target[1] if len(target) > 1 else ""
    if door not in DOORS_OF.get(other, DOORS):
        yield f"enters {other} through {door or 'the room itself'}: use service, models, events or errors"


def test_no_file_breaks_the_floors_the_file_order_or_the_doors() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE).as_posix()
        if relative == "__init__.py" or relative.startswith("migrations/versions/"):
            continue
        found.extend(breaches(relative, path.read_text(encoding="utf-8")))
    assert found == []


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        ("wallet/service.py", "from gencharge.recharge import service", "only a lower floor"),
        ("wallet/service.py", "from gencharge.plans import service", "only a lower floor"),
        ("core/values/money.py", "from gencharge.wallet.models import Code", "only a lower floor"),
        ("wallet/crud.py", "from gencharge.wallet import service", "downward only"),
        ("wallet/models.py", "from gencharge.wallet.schemas import WalletOut", "downward only"),
        ("recharge/service.py", "from gencharge.wallet import crud", "enters wallet through crud"),
        (
            "recharge/service.py",
            "from gencharge.wallet.schemas import WalletOut",
            "enters wallet through schemas",
        ),
        ("recharge/service.py", "import gencharge.wallet", "enters wallet through the room itself"),
        ("recharge/service.py", "def f():\n    from gencharge.wallet import service", "hidden in a function"),
        ("audit/service.py", "from gencharge.notifications import service", "only a lower floor"),
        ("utils/strings.py", "", "on no floor"),
    ],
)
def test_each_rule_catches_what_breaks_it(path: str, source: str, reason: str) -> None:
    assert any(reason in breach for breach in breaches(path, source))


def test_only_wiring_imports_routes() -> None:
    offenders = []
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE).as_posix()
        room = relative.split("/")[0].removesuffix(".py")
        for _, name, _ in imports(ast.parse(path.read_text(encoding="utf-8"))):
            target = name.split(".")[1:]
            if len(target) > 1 and target[1].endswith("routes") and room not in {"wiring", target[0]}:
                offenders.append(f"{relative}: {name}")
    assert offenders == []


def test_no_function_is_longer_than_70_lines_and_no_file_than_350() -> None:
    long = []
    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        relative = path.relative_to(PACKAGE).as_posix()
        if source.count("\n") > 350:
            long.append(f"{relative}: {source.count(chr(10))} lines")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > 70:
                    long.append(f"{relative}:{node.lineno}: {node.name} has {length} lines")
    assert long == []
