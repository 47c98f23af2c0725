"""Migrations that change what a table may hold go back and forth with rows in it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from alembic import command

from gencharge.core.postgres import migrations
from gencharge.core.values.ids import new_id
from tests.conftest import database_of, test_settings

ADD = """
    INSERT INTO backup_runs (run_id, kind, backup_id, options, status, created_at)
    VALUES (%s, %s, %s, '{}', 'succeeded', now())
"""


def test_0057_goes_back_with_a_restore_in_place_in_the_table_and_forth_again(
    servers: Path, worker_id: str
) -> None:
    settings = test_settings(servers, database_of(servers, worker_id, "migrations"))
    with psycopg.connect(settings.migration_url, autocommit=True) as connection:
        for kind in ("restore_in_place", "create"):
            connection.execute(ADD, (new_id(), kind, f"of {kind}"))
        command.downgrade(migrations.config(settings), "0056")
        left = connection.execute("SELECT backup_id FROM backup_runs").fetchall()
        assert left == [("of create",)], "what the older release does not know is gone, the rest stays"
        assert connection.execute("SELECT to_regclass('session_cutoffs')").fetchone() == (None,)
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(ADD, (new_id(), "restore_in_place", "x"))
        command.upgrade(migrations.config(settings), "head")
        connection.execute(ADD, (new_id(), "restore_in_place", "y"))
        assert connection.execute("SELECT count(*) FROM session_cutoffs").fetchone() == (0,)
