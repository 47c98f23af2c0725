"""Databases are renamed together or not at all, with sessions in them; a fingerprint does not depend on the order of rows."""

from __future__ import annotations

import psycopg
import pytest

from gencharge.backups import crud
from gencharge.core.database_urls import with_database
from gencharge.core.settings import Settings
from tests.make.backups import databases_of


def fresh(settings: Settings, *names: str) -> list[str]:
    own = [f"{name}_{settings.database_name}" for name in names]
    with crud.connected(settings.migration_url, "postgres", autocommit=True) as connection:
        for name in own:
            crud.drop_database(connection, name)
    return own


def test_two_databases_change_places_under_open_sessions(settings: Settings) -> None:
    live, new, aside = fresh(settings, "live", "new", "aside")
    url = settings.migration_url
    with crud.connected(url, "postgres", autocommit=True) as connection:
        for name in (live, new):
            crud.add_database(connection, name)
    session = psycopg.connect(with_database(url, live))
    crud.rename_databases(url, [(live, aside), (new, live)])
    assert {live, aside} <= set(databases_of(settings))
    assert new not in databases_of(settings)
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    session.close()
    with pytest.raises(psycopg.Error):
        crud.rename_databases(url, [(live, new), (aside, "postgres")])
    assert live in databases_of(settings)  # the first renaming went back with the second
    fresh(settings, "live", "new", "aside")


def test_a_fingerprint_sees_content_and_not_order(settings: Settings) -> None:
    with crud.connected(settings.migration_url) as connection:
        crud.begin_snapshot(connection)
        assert crud.get_fingerprint(connection, "alembic_version")[0] == 1
        assert "wallets" in crud.list_tables(connection)
        assert "gencharge_app" in crud.list_roles(connection)
    with psycopg.connect(settings.migration_url) as connection:
        prints = []
        for rows in ("(1,'a'),(2,'b')", "(2,'b'),(1,'a')", "(1,'b'),(2,'a')", "(1,'a'),(2,'b'),(2,'b')"):
            connection.execute("DROP TABLE IF EXISTS scratch_print")
            connection.execute("CREATE TABLE scratch_print (n int, t text)")
            connection.execute(f"INSERT INTO scratch_print VALUES {rows}")
            prints.append(crud.get_fingerprint(connection, "scratch_print"))
        connection.rollback()
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_a_table_that_is_read_in_pieces_has_the_same_fingerprint(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests = []
    with psycopg.connect(settings.migration_url) as connection:
        connection.execute("CREATE TABLE scratch_pieces (n int, t text)")
        fill = "INSERT INTO scratch_pieces SELECT n, repeat('a', 500) FROM generate_series(1, 1000) AS n"
        connection.execute(fill)
        whole = crud.get_fingerprint(connection, "scratch_pieces")
        (blocks,) = connection.execute(
            "SELECT max((ctid::text::point)[0]) + 1 FROM scratch_pieces"
        ).fetchone() or (0,)
        for size in (1, 7, int(blocks), int(blocks) + 1):
            monkeypatch.setattr(crud, "_PIECE_BLOCKS", size)
            rests.clear()
            pieces = crud.get_fingerprint(connection, "scratch_pieces", lambda: rests.append(1))
            assert (pieces, len(rests)) == (whole, -(-int(blocks) // size))
        connection.execute("CREATE TABLE scratch_parts (n int, t text) PARTITION BY HASH (n)")
        for part in range(2):
            connection.execute(
                f"CREATE TABLE scratch_part_{part} PARTITION OF scratch_parts FOR VALUES WITH (MODULUS 2, REMAINDER {part})"
            )
        connection.execute(fill.replace("scratch_pieces", "scratch_parts"))
        monkeypatch.setattr(crud, "_PIECE_BLOCKS", 1)
        assert crud.get_fingerprint(connection, "scratch_parts", lambda: None) == whole
        connection.rollback()
    assert whole[0] == 1000
