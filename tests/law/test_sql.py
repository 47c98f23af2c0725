"""The law of the SQL: functions are files of their rooms, and the database has them as the files say."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

from gencharge.core.postgres import functions
from gencharge.core.settings import Settings

PACKAGE = functions.PACKAGE
_DEFINES = re.compile(r"\bCREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\b", re.IGNORECASE)


def functions_in_migrations(folder: Path) -> list[str]:
    """Files of the migrations that define a function."""
    return [
        f"{path.name}: move the function to <room>/sql/<function>.sql; `gencharge migrate` installs it"
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".py", ".sql"} and _DEFINES.search(path.read_text(encoding="utf-8"))
    ]


def test_no_migration_defines_a_function() -> None:
    assert functions_in_migrations(PACKAGE / "migrations") == []


def test_the_rule_on_migrations_catches_a_function(tmp_path: Path) -> None:
    (tmp_path / "0099_bad.py").write_text('op.execute("create function f() returns void")')
    (tmp_path / "0100_good.py").write_text('op.execute("DROP FUNCTION f()")')
    [breach] = functions_in_migrations(tmp_path)
    assert breach.startswith("0099_bad.py: move the function")


def test_the_database_has_exactly_the_functions_of_the_files(settings: Settings) -> None:
    files = functions.read()
    with psycopg.connect(settings.migration_url) as connection:
        rows = connection.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE 'procrastinate_%'"
        ).fetchall()
        assert functions.outdated(connection, files) == []
    assert sorted(name for (name,) in rows) == sorted(function.name for function in files)
