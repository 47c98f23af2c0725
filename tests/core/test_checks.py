"""Checks run on one snapshot, also in several sessions at once."""

from __future__ import annotations

import asyncio

import pytest
from psycopg import AsyncConnection
from sqlalchemy.exc import DBAPIError

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import checks
from gencharge.core.rooms.checks import Check
from gencharge.core.settings import Settings

HOLDS = Check("nothing is wrong", "SELECT 1 AS one WHERE false")
SNAPSHOT = "SELECT pg_current_snapshot()::text AS snapshot, pg_backend_pid() AS pid, pg_sleep(0.1)"


@pytest.mark.parametrize("sessions", [1, 3])
async def test_they_see_one_instant_and_are_reported_in_their_order(
    settings: Settings, sessions: int
) -> None:
    database = Database(settings, name="test-checks")
    each = [HOLDS, *(Check(f"snapshot {number}", SNAPSHOT) for number in range(6))]
    try:
        report = await checks.run(database, each, measured=False, sessions=sessions)
    finally:
        await database.close()
    assert list(report.breaches) == [check.name for check in each]
    assert report.breaches[HOLDS.name] == []
    rows = [rows[0].split(", ") for rows in list(report.breaches.values())[1:]]
    assert len({row[0] for row in rows}) == 1, "one snapshot"
    assert len({row[1] for row in rows}) == sessions
    assert not report.ok
    assert report.lines[0] == f"ok    {HOLDS.name}"


@pytest.mark.parametrize("sessions", [1, 2])
async def test_a_check_that_fails_to_run_is_an_error_and_no_report(settings: Settings, sessions: int) -> None:
    database = Database(settings, name="test-checks")
    try:
        with pytest.raises(DBAPIError):
            await checks.run(
                database, [HOLDS, Check("broken", "SELECT nothing")], measured=False, sessions=sessions
            )
    finally:
        await database.close()


@pytest.mark.parametrize("sessions", [1, 3])
async def test_a_database_that_goes_away_under_them_is_said_to_be_away(
    settings: Settings, sessions: int
) -> None:
    name = f"test-lost-{sessions}"
    database = Database(settings, name=name)
    slow = [Check(f"takes long {number}", "SELECT pg_sleep(60)") for number in range(3)]
    running = asyncio.create_task(checks.run(database, slow, measured=False, sessions=sessions))
    try:
        # The owner, because the application's role ends nobody's session.
        async with await AsyncConnection.connect(settings.postgres_url, autocommit=True) as owner:
            ended = 0
            while not ended:
                assert not running.done(), running.exception()
                rows = await owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = %s AND query LIKE 'SELECT pg_sleep%%'",
                    [name],
                )
                ended = len(await rows.fetchall())
                await asyncio.sleep(0.01)
        with pytest.raises(DatabaseUnavailable):
            await running
    finally:
        await database.close()
