"""The SQL functions of the rooms: one function a file, `<room>/sql/<function>.sql`, always the current definition.

`gencharge migrate` installs those that differ, after the tables and in the same transaction. Rules:

- A file holds one `CREATE OR REPLACE FUNCTION` of the file's name. The comment on top says arguments, outcomes, locks.
- Functions are PL/pgSQL, which looks names up when it runs, so the order of installation does not matter.
- A changed signature gets a new name, because old processes go on calling the old one while a release is rolled out.
  The old file stays for one release. The next one deletes it, and drops the function in a migration.
- A parameter that is only added needs no new name if it comes last, has a default, and callers name their arguments: a
  migration drops the old function, and the new one takes the calls of old processes.

What was installed is written down in the function's comment as two checksums: of the file, and of the definition that
PostgreSQL keeps. A file that was edited and a function that somebody replaced by hand are both noticed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

PACKAGE: Final = Path(__file__).parents[2]
_CREATE = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)\(", re.MULTILINE)
_INSTALLED: Final = """
    SELECT proname, md5(pg_get_functiondef(oid)), obj_description(oid, 'pg_proc'), oid::regprocedure::text
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' AND proname = ANY(%s)
"""


class FunctionInvalid(ValueError):
    """A file of `sql/` that can't be installed."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function as its file defines it. `room`: the top folder in the package."""

    room: str
    name: str
    source: str

    @property
    def checksum(self) -> str:
        """Of the file."""
        return hashlib.md5(self.source.encode(), usedforsecurity=False).hexdigest()


def read(package: Path = PACKAGE) -> list[Function]:
    """The functions of all rooms in `package`. Raises FunctionInvalid for a file that is not one function of its name."""
    functions = [_read(package, path) for path in sorted(package.rglob("sql/*.sql"))]
    names = [function.name for function in functions]
    for name in sorted({name for name in names if names.count(name) > 1}):
        raise FunctionInvalid(f"{name}: two rooms have a function of this name; rename one of them")
    return functions


def _read(package: Path, path: Path) -> Function:
    source = path.read_text(encoding="utf-8")
    where = path.relative_to(package)
    if _CREATE.findall(source) != [path.stem]:
        raise FunctionInvalid(
            f"{where}: write one `CREATE OR REPLACE FUNCTION {path.stem}(...)` and no other"
        )
    return Function(where.parts[0], path.stem, source)


def outdated(connection: psycopg.Connection[Any], functions: Iterable[Function]) -> list[Function]:
    """Those of `functions` that are missing in the database or differ from their files."""
    functions = list(functions)
    rows = connection.execute(_INSTALLED, ([function.name for function in functions],)).fetchall()
    installed = {name: (definition, comment) for name, definition, comment, _ in rows}
    return [
        function
        for function in functions
        if not _is_current(function, *installed.get(function.name, ("", "")))
    ]


def install(connection: psycopg.Connection[Any], functions: Sequence[Function]) -> list[str]:
    """Install what is outdated, in the connection's transaction; the names. Raises FunctionInvalid."""
    changed = outdated(connection, functions)
    for function in changed:
        try:
            connection.execute(function.source.encode())
        except psycopg.errors.InvalidFunctionDefinition as problem:
            raise FunctionInvalid(_changed_signature(function)) from problem
        rows = connection.execute(_INSTALLED, ([function.name],)).fetchall()
        if len(rows) != 1:
            raise FunctionInvalid(_changed_signature(function))
        (_, definition, _, signature) = rows[0]
        mark = sql.Literal(_mark(function, definition))
        connection.execute(sql.SQL("COMMENT ON FUNCTION {} IS {}").format(sql.SQL(signature), mark))
    return [function.name for function in changed]


def _is_current(function: Function, definition: str, comment: str | None) -> bool:
    return comment == _mark(function, definition)


def _mark(function: Function, definition: str) -> str:
    return f"file {function.checksum} definition {definition}"


def _changed_signature(function: Function) -> str:
    return (
        f"{function.room}/sql/{function.name}.sql: the database has this function with other arguments or another "
        "result. Processes of the last release still call it: give the new one another name, and keep the old file "
        "for one release. In development an empty database does: delete the folder .gencharge."
    )
