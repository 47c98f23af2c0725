"""Tables are worked on by several sessions at once: each once, and an error ends it."""

from __future__ import annotations

import psycopg
import pytest

from gencharge.backups import crud, sessions_crud
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores


@pytest.mark.parametrize("sessions", [1, 3])
def test_each_table_is_worked_on_once(settings: Settings, stores: Stores, sessions: int) -> None:
    del stores
    with crud.connected(settings.migration_url) as connection:
        tables, by_size = crud.list_tables(connection), crud.list_tables_by_size(connection)
        alone = {table: crud.get_fingerprint(connection, table) for table in tables[:20]}
    assert sorted(by_size) == sorted(tables)
    pids = set[int]()

    def work(session: crud.Connection, table: str) -> tuple[int, str]:
        pids.add(session.info.backend_pid)
        return crud.get_fingerprint(session, table)

    results = sessions_crud.for_each_table(
        settings.migration_url,
        settings.database_name,
        tables[:20],
        work,
        begin=crud.begin_snapshot,
        sessions=sessions,
    )
    assert results == alone
    assert 1 <= len(pids) <= sessions


def test_an_error_of_one_ends_it_and_is_raised(settings: Settings, stores: Stores) -> None:
    del stores
    begun = list[str]()

    def work(session: crud.Connection, table: str) -> None:
        begun.append(table)
        session.execute("SELECT 1 FROM nowhere")

    tables = [f"table_{number}" for number in range(100)]
    with pytest.raises(psycopg.errors.UndefinedTable):
        sessions_crud.for_each_table(settings.migration_url, settings.database_name, tables, work, sessions=2)
    assert len(begun) < 100
    assert sessions_crud.for_each_table(settings.migration_url, settings.database_name, [], work) == {}
