"""Rows come from the dump as it is read, indexes and constraints from its beginning."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from gencharge.backups import crud, dump_service, programs
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores


@pytest.fixture
def tools(settings: Settings, stores: Stores) -> programs.Tools:
    del stores
    with crud.connected(settings.migration_url) as connection:
        return programs.find_tools(crud.get_server_version(connection)[0])


MARK, ROWS = b"a mark in the rows", 20_000


@pytest.fixture
def dump(settings: Settings, tools: programs.Tools) -> Iterator[bytes]:
    with crud.connected(settings.migration_url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE marked_rows AS SELECT number, %s::text AS mark FROM generate_series(1, %s) AS number",
            (MARK.decode(), ROWS),
        )
        connection.execute("ALTER TABLE marked_rows ADD PRIMARY KEY (number)")
        yield _dump_of(settings, tools)
        connection.execute("DROP TABLE marked_rows")


def _dump_of(settings: Settings, tools: programs.Tools) -> bytes:
    command = [
        tools.path("pg_dump"),
        f"--dbname={settings.database_name}",
        "--format=custom",
        "--compress=none",
    ]
    return subprocess.run(
        command, env=programs.environment(settings.migration_url), check=True, capture_output=True
    ).stdout


@pytest.fixture
def empty(settings: Settings) -> Iterator[str]:
    name = f"restoring_{settings.database_name}"
    with crud.connected(settings.migration_url, "postgres", autocommit=True) as connection:
        crud.add_database(connection, name)
        yield name
        crud.drop_database(connection, name)


def pieces(content: bytes, size: int = 100_000) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def objects(url: str, database: str) -> set[tuple[str, str]]:
    with crud.connected(url, database) as connection:
        return {
            (str(kind), str(name))
            for kind, name in connection.execute(
                "SELECT 'index', pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace"
                " UNION ALL SELECT 'constraint', conrelid::regclass || ' ' || conname FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace"
                " UNION ALL SELECT 'function', oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            )
        }


def test_every_index_and_constraint_is_there(
    settings: Settings,
    tools: programs.Tools,
    dump: bytes,
    empty: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The scratch file ends within the rows, as it does of a dump that is larger than it.
    monkeypatch.setattr(dump_service, "HEAD_BYTES", dump.index(MARK) + 100)
    monkeypatch.setattr(dump_service, "_LOOK_SECONDS", 0.01)
    seen: list[int] = []
    dump_service.restore(tools, settings.migration_url, empty, pieces(dump), seen.append)
    assert objects(settings.migration_url, empty) == objects(settings.migration_url, settings.database_name)
    assert seen == sorted(seen)
    with crud.connected(settings.migration_url, empty) as connection:
        assert crud.get_fingerprint(connection, "marked_rows")[0] == ROWS


def test_a_table_of_contents_that_does_not_fit_is_an_error_and_no_database_without_indexes(
    settings: Settings, tools: programs.Tools, dump: bytes, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dump_service, "HEAD_BYTES", 10_000)
    with pytest.raises(programs.ProgramFailed):
        dump_service.restore(tools, settings.migration_url, empty, pieces(dump), lambda _: None)


def test_a_damaged_dump_is_an_error(
    settings: Settings, tools: programs.Tools, dump: bytes, empty: str
) -> None:
    with pytest.raises((programs.ProgramFailed, psycopg.Error)):
        dump_service.restore(
            tools, settings.migration_url, empty, pieces(dump[: len(dump) // 2]), lambda _: None
        )
