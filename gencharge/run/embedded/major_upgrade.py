"""Brings the data folder of an older PostgreSQL to the version of this installation: dumped by the new programs, restored into a new folder.

The old folder is only read, by its own server, and stays until `remove_old`. At the end two folders are renamed; a process that dies between the
two leaves a complete new folder under the name `postgres.upgraded`, which the next start takes. One that dies before leaves the old folder in its place:

    postgres             the data in use
    postgres.draft       what is being filled; deleted when the upgrade is begun again
    postgres.upgraded    a complete copy, for an instant
    postgres.16          the old data
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from gencharge.backups import programs
from gencharge.run.embedded import disk
from gencharge.run.embedded.binaries import Binary, find_postgres, find_postgres_of
from gencharge.run.embedded.cluster import Cluster, running
from gencharge.run.embedded.errors import ServerFailed
from gencharge.run.embedded.stores import finish_switch

Progress = Callable[[str, int], None]
_DRAFT: Final = "postgres.draft"
_PIECE_BYTES: Final = 1024 * 1024
# A dump compresses nothing here, and a new folder has its first WAL besides.
_ROOM: Final = 1.3
_USER: Final = "gencharge"
_SETTINGS: Final = {"maintenance_work_mem": "128MB", "synchronous_commit": "off"}


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What was brought over. `rows`: of all tables together."""

    from_version: str
    to_version: str
    databases: list[str]
    rows: int
    old_folder: Path


def version_of(data_dir: Path) -> str | None:
    """The major version that made the data; None if there are none."""
    marker = data_dir / "postgres" / "PG_VERSION"
    return marker.read_text().strip() if marker.exists() else None


def upgrade(data_dir: Path, progress: Progress) -> Upgraded | None:
    """Bring the data to the version of this installation; None if they are of it. Nobody else may use the folder.

    `progress` is told what is brought over and how many bytes. Raises ServerFailed; then the old data are where they were."""
    data_dir = data_dir.resolve()
    finish_switch(data_dir)
    folder, made_by = data_dir / "postgres", version_of(data_dir)
    new = find_postgres()
    if made_by is None or new is None:
        raise ServerFailed(
            f"{folder} holds no data of PostgreSQL" if new else "There is no PostgreSQL to upgrade to"
        )
    major = new.version().partition(".")[0]
    if made_by == major:
        return None
    old = _old_program(made_by, major)
    old_folder = data_dir / f"postgres.{made_by}"
    if old_folder.exists():
        raise ServerFailed(
            f"{old_folder} is there from an earlier upgrade: move it away, or delete it if you are sure"
        )
    if short := disk.shortage(data_dir, int(_size_of(folder) * _ROOM)):
        raise ServerFailed(short)
    draft = data_dir / _DRAFT
    for left_over in (draft, data_dir / "postgres.upgraded"):
        shutil.rmtree(left_over, ignore_errors=True)
    with running(data_dir, folder, old) as source, running(data_dir, draft, new) as target:
        databases, rows = _copy(source, target, progress)
    # Both have stopped in order: what is in the draft is on the disk.
    draft.rename(data_dir / "postgres.upgraded")
    folder.rename(old_folder)
    finish_switch(data_dir)
    return Upgraded(old.version(), new.version(), databases, rows, old_folder)


def remove_old(data_dir: Path) -> list[Path]:
    """Delete the old data of earlier upgrades, and return their folders."""
    current = version_of(data_dir)
    folders = [
        folder
        for folder in sorted(data_dir.resolve().glob("postgres.[0-9]*"))
        if current is not None and folder.suffix[1:].isdigit() and folder.suffix[1:] != current
    ]
    for folder in folders:
        shutil.rmtree(folder)
    return folders


def _old_program(made_by: str, major: str) -> Binary:
    if not made_by.isdigit() or int(made_by) > int(major):
        raise ServerFailed(
            f"The data were made by PostgreSQL {made_by}, which is newer than {major}: there is no way back"
        )
    program = find_postgres_of(int(made_by))
    if program is None:
        raise ServerFailed(
            f"PostgreSQL {made_by}, which made the data, is not on this machine: install it (Debian: postgresql-{made_by}"
            " from apt.postgresql.org) for the upgrade; it can go afterwards"
        )
    return program


def _copy(source: Cluster, target: Cluster, progress: Progress) -> tuple[list[str], int]:
    _copy_roles(source, target)
    total, databases = 0, _names(source, "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
    for database in databases:
        with psycopg.connect(target.url, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        try:
            _copy_database(source, target, database, progress)
        except programs.ProgramFailed as problem:
            raise ServerFailed(f"{database} could not be brought over: {problem}") from None
        before, after = _rows(source.url_of(database)), _rows(target.url_of(database))
        if before != after:
            different = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
            raise ServerFailed(
                f"{database} is not the same after the upgrade ({', '.join(different)[:200]}): the old data are in use still"
            )
        total += sum(after.values())
    return databases, total


def _copy_roles(source: Cluster, target: Cluster) -> None:
    """All roles with their attributes, passwords and memberships. Our own is there."""
    command = [target.binary.sibling("pg_dumpall"), "--roles-only", "--no-password"]
    with programs.running(command, source.url, feeds=False) as dump:
        script = dump.read().decode()
    own = f"CREATE ROLE {_USER};"
    lines = [line for line in script.splitlines() if line != own and not line.startswith(("\\", "--"))]
    with psycopg.connect(target.url, autocommit=True) as connection:
        connection.execute("\n".join(lines).encode())


def _copy_database(source: Cluster, target: Cluster, database: str, progress: Progress) -> None:
    dump = [target.binary.sibling("pg_dump"), f"--dbname={database}", "--format=custom", "--compress=none"]
    restore = [
        target.binary.sibling("pg_restore"),
        f"--dbname={database}",
        "--exit-on-error",
        "--no-password",
    ]
    done = 0
    with (
        programs.running(dump, source.url, feeds=False) as dumped,
        programs.running(restore, target.url, feeds=True, settings=_SETTINGS) as restored,
    ):
        while piece := dumped.read(_PIECE_BYTES):
            restored.write(piece)
            done += len(piece)
            progress(database, done)
    with psycopg.connect(target.url_of(database), autocommit=True) as connection:
        connection.execute("ANALYZE")


def _rows(url: str) -> dict[str, int]:
    """How many rows each table has."""
    with psycopg.connect(url) as connection:
        tables: Sequence[tuple[Any, ...]] = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        counts = {}
        for schema, table in tables:
            count = connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
            ).fetchone()
            counts[f"{schema}.{table}"] = int(count[0]) if count else 0
        return counts


def _names(cluster: Cluster, query: str) -> list[str]:
    with psycopg.connect(cluster.url) as connection:
        return [str(name) for (name,) in connection.execute(query.encode())]


def _size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
