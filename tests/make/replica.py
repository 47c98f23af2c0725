"""What stands in for a replica: a login of its own on the same database, for which PostgreSQL's functions say what a replica's would."""

from __future__ import annotations

from typing import Any

import psycopg

from gencharge.core.settings import Settings

_SCHEMA = """
    DROP SCHEMA IF EXISTS stand_in CASCADE; CREATE SCHEMA stand_in; GRANT USAGE ON SCHEMA stand_in TO PUBLIC;
    CREATE TABLE stand_in.state (in_recovery boolean, held_at pg_lsn, name text, lets_write boolean, is_far boolean);
    INSERT INTO stand_in.state VALUES (true, NULL, current_database(), false, false);
    GRANT SELECT ON stand_in.state TO PUBLIC;
    CREATE FUNCTION stand_in.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT in_recovery FROM stand_in.state';
    CREATE FUNCTION stand_in.pg_last_wal_replay_lsn() RETURNS pg_lsn LANGUAGE sql
        AS 'SELECT coalesce(held_at, pg_current_wal_lsn()) FROM stand_in.state';
    CREATE FUNCTION stand_in.current_setting(setting text) RETURNS text LANGUAGE sql
        AS 'SELECT CASE WHEN lets_write THEN ''off'' ELSE pg_catalog.current_setting(setting) END FROM stand_in.state';
    CREATE FUNCTION stand_in.inet_server_addr() RETURNS inet LANGUAGE sql
        AS 'SELECT CASE WHEN is_far THEN inet ''192.0.2.1'' ELSE pg_catalog.inet_server_addr() END FROM stand_in.state';
    CREATE FUNCTION stand_in.current_database() RETURNS text LANGUAGE sql AS 'SELECT name FROM stand_in.state';
"""


class StandIn:
    """A replica of the database of these settings that a test can stop, cut off or replace."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.postgres_url
        self.role = f"stand_in_{settings.database_name}"
        self._do(
            f"{_SCHEMA} DROP ROLE IF EXISTS {self.role}; CREATE ROLE {self.role} LOGIN IN ROLE gencharge_app;"
            # Before pg_catalog, so that these functions are found first.
            f"ALTER ROLE {self.role} SET search_path = stand_in, pg_catalog, public"
        )
        self.settings = settings.model_copy(
            update={"database_replica_url": self._url.replace("//gencharge@", f"//{self.role}@")}
        )
        assert self.settings.replica_url != self._url

    def stop_replaying(self) -> None:
        """It stays where it is from now on."""
        self._do("UPDATE stand_in.state SET held_at = pg_current_wal_lsn()")

    def go_on(self) -> None:
        """It is well again."""
        self._do(
            f"UPDATE stand_in.state SET held_at = NULL, in_recovery = true, lets_write = false, is_far = false; ALTER ROLE {self.role} LOGIN"
        )

    def promote(self) -> None:
        """It takes writes."""
        self._do("UPDATE stand_in.state SET in_recovery = false")

    def run_ahead(self) -> None:
        """It has what the primary never had."""
        self._do("UPDATE stand_in.state SET held_at = pg_current_wal_lsn() + 100000000")

    def be_of(self, name: str) -> None:
        """It is one of another database."""
        self._do(f"UPDATE stand_in.state SET name = '{name}'")

    def let_write(self) -> None:
        """Its sessions are not for reading only, whatever they asked for."""
        self._do("UPDATE stand_in.state SET lets_write = true")

    def be_far_away(self) -> None:
        """It is on another machine, and its connections are not encrypted."""
        self._do("UPDATE stand_in.state SET is_far = true")

    def go_away(self) -> None:
        """Nobody gets in, and who is in is thrown out."""
        self._do(f"ALTER ROLE {self.role} NOLOGIN")
        self.throw_out()

    def throw_out(self) -> int:
        """End all its connections. Returns how many there were."""
        rows = self._do(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{self.role}'"
        )
        return len(rows)

    def drop(self) -> None:
        """Take the login away."""
        self.throw_out()
        self._do(f"DROP SCHEMA stand_in CASCADE; DROP OWNED BY {self.role}; DROP ROLE {self.role}")

    def _do(self, statements: str) -> list[Any]:
        with psycopg.connect(self._url, autocommit=True) as connection:
            cursor = connection.execute(statements)
            return cursor.fetchall() if cursor.description else []
