"""The code as the law reads it: its files, what they import, and the floors they stand on.

A rule is a function of a `House` that returns one line for each breach. `House.with_file` plants a file, so that each
rule is proved by code that breaks it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("gencharge", "sandbox", "scale", "life", "simulation", "bench")
# The drawers and single files of core, from the ground up. What stands on one line knows nothing of its neighbours.
CORE = (
    ("core.wording", "core.url_parts"),
    (
        "core.values",
        "core.errors",
        "core.faultpoints",
        "core.database_urls",
        "core.redis_urls",
        "core.sockets",
        "core.stopping",
        "core.loading",
        "core.tls",
    ),
    ("core.development_secrets", "core.secret_strength"),
    ("core.company", "core.setting_groups"),
    (
        "core.backup_settings",
        "core.file_settings",
        "core.message_settings",
        "core.push_settings",
        "core.sending_settings",
        "core.referral_settings",
        "core.mandate_settings",
        "core.notification_settings",
        "core.tracing_settings",
        "core.velocity_settings",
        "core.web_settings",
        "core.worker_settings",
    ),
    ("core.production",),
    ("core.settings",),
    ("core.telemetry", "core.sealer", "core.exposure"),
    ("core.tracing",),
    ("core.message", "core.printing"),
    ("core.smtp",),
    ("core.postgres", "core.messenger"),
    ("core.vault",),
    ("core.stores",),
    ("core.events",),
    ("core.background", "core.http"),
    ("core.rooms",),
)
# Above the rooms: the table of them, what puts them together, and what starts, fills and measures the whole.
ABOVE = (
    ("wiring",),
    ("migrations",),
    ("api", "seed"),
    ("scale", "life"),
    ("simulation",),
    ("run",),
    ("bench",),
)
# An outside party: it knows of us what any stranger could copy.
SANDBOX_KNOWS = ("gencharge.core.settings", "gencharge.core.telemetry", "gencharge.core.values.clock")


@dataclass(frozen=True)
class Import:
    """One imported name: `gencharge.wallet.service`; `hidden` if a function imports it."""

    line: int
    module: str
    name: str
    hidden: bool

    @property
    def full(self) -> str:
        """The whole dotted name."""
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass(frozen=True)
class File:
    """A source file, by its path from the root of the repository."""

    path: str
    source: str

    @property
    def module(self) -> str:
        """Its dotted name: `gencharge.wallet.service`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def place(self) -> str:
        """What stands on a floor: a room, a drawer of core, or a package beside the product."""
        return place_of(self.module)

    @property
    def stem(self) -> str:
        """The name of the file: `staff_routes`."""
        return self.path.rsplit("/", 1)[-1].removesuffix(".py")

    @cached_property
    def tree(self) -> ast.Module:
        """The file, parsed."""
        return _parse(self.source)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All that is in the tree, as `ast.walk` gives it. Most rules look through it, and each of them many times."""
        return tuple(walk(self.tree))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Its imports of our own packages."""
        return tuple(
            statement for statement in _imports(self.source) if statement.module.split(".")[0] in PACKAGES
        )


def walk(tree: ast.AST) -> list[ast.AST]:
    """What `ast.walk` gives, in the same order and in half the time."""
    nodes = [tree]
    for node in nodes:  # grows while it is read
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                nodes.append(value)
            elif isinstance(value, list):
                nodes.extend(part for part in value if isinstance(part, ast.AST))
    return nodes


@cache
def _parse(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def _imports(source: str) -> tuple[Import, ...]:
    nodes = walk(_parse(source))
    hidden = {
        id(node)
        for function in nodes
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in walk(function)
    }
    statements = list[Import]()
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            statements += [
                Import(node.lineno, module, alias.name, id(node) in hidden) for alias in node.names
            ]
        elif isinstance(node, ast.Import):
            statements += [Import(node.lineno, alias.name, "", id(node) in hidden) for alias in node.names]
    return tuple(statements)


@cache
def place_of(module: str) -> str:
    """`gencharge.wallet.service` is in `wallet`, `gencharge.core.values.money` in `core.values`."""
    first, *rest = module.split(".")
    if first != "gencharge" or not rest:
        return first
    return ".".join(rest[:2]) if rest[0] == "core" and len(rest) > 1 else rest[0]


class House:
    """All files of our packages."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self.files = dict(files)
        self._shown: Iterable[File] = self.files.values()
        self.modules = {file.module: file for file in self.files.values()}
        self.rooms = tuple(tuple(floor) for floor in _room_floors(self.files["gencharge/wiring.py"]))
        self.floors = {
            place: number for number, floor in enumerate((*CORE, *self.rooms, *ABOVE)) for place in floor
        }

    def with_file(self, path: str, source: str) -> House:
        """The same house with one file more, or another one in its place."""
        return House({**self.files, path: File(path, source)})

    def only(self, path: str) -> House:
        """The same house, of which rules look at one file only: for a rule that judges each file by itself."""
        house = House(self.files)
        house._shown = (self.files[path],)
        return house

    def __iter__(self) -> Iterator[File]:
        return iter(self._shown)

    def is_room(self, place: str) -> bool:
        """True for a room that `wiring.FLOORS` names."""
        return any(place in floor for floor in self.rooms)

    def target(self, statement: Import) -> str:
        """The module that an import names: `from gencharge.wallet import service` is `gencharge.wallet.service`."""
        return statement.full if statement.full in self.modules else statement.module

    def target_place(self, statement: Import) -> str:
        """Where that module stands."""
        return place_of(self.target(statement))


def _room_floors(wiring: File) -> list[list[str]]:
    for node in wiring.tree.body:
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id == "FLOORS"
        ):
            assert node.value is not None
            floors: list[list[str]] = ast.literal_eval(node.value)
            return floors
    raise AssertionError("gencharge/wiring.py: FLOORS is missing; it names the rooms, floor by floor")


@lru_cache(maxsize=1)
def house() -> House:
    """The house as it is on disk."""
    files = [
        File(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "versions" not in path.parts
    ]
    return House({file.path: file for file in files})
