"""Installing SQL functions from their files: what differs and nothing else, all in one transaction."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gencharge.core.postgres import functions, migrations
from gencharge.core.postgres.functions import Function, FunctionInvalid
from gencharge.core.settings import Settings
from gencharge.run import doctor

ONE = "CREATE OR REPLACE FUNCTION trial(p_n integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN p_n; END $$;"


@pytest.fixture
def connection(settings: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(settings.migration_url) as connection:
        yield connection
        connection.rollback()


def trial(source: str = ONE) -> Function:
    return Function("core", "trial", source)


def test_a_function_is_installed_once_and_again_after_its_file_was_edited(
    connection: psycopg.Connection,
) -> None:
    assert functions.install(connection, [trial()]) == ["trial"]
    assert functions.install(connection, [trial()]) == []
    edited = trial(ONE.replace("RETURN p_n", "RETURN p_n + 1"))
    assert functions.install(connection, [edited]) == ["trial"]
    row = connection.execute("SELECT trial(1)").fetchone()
    assert row == (2,)


def test_an_edit_of_the_comment_alone_counts_as_an_edit(connection: psycopg.Connection) -> None:
    functions.install(connection, [trial()])
    assert functions.outdated(connection, [trial("-- Adds nothing.\n" + ONE)]) != []


def test_a_function_that_was_replaced_by_hand_is_noticed_and_mended(connection: psycopg.Connection) -> None:
    functions.install(connection, [trial()])
    connection.execute(ONE.replace("RETURN p_n", "RETURN 0").encode())
    assert functions.outdated(connection, [trial()]) == [trial()]
    functions.install(connection, [trial()])
    assert connection.execute("SELECT trial(7)").fetchone() == (7,)


@pytest.mark.parametrize(
    ("old", "new"),
    [("RETURNS integer", "RETURNS bigint"), ("p_n", "p_number"), ("p_n integer", "p_n integer, p_more text")],
)
def test_a_changed_signature_is_refused_because_it_needs_a_new_name(
    connection: psycopg.Connection, old: str, new: str
) -> None:
    functions.install(connection, [trial()])
    with pytest.raises(FunctionInvalid, match="another name"):
        functions.install(connection, [trial(ONE.replace(old, new))])


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("other.sql", ONE),
        ("trial.sql", ONE + "\n" + ONE),
        ("trial.sql", ONE.replace("OR REPLACE ", "")),
        ("trial.sql", ""),
    ],
)
def test_a_file_that_is_not_one_function_of_its_name_is_refused(
    tmp_path: Path, name: str, source: str
) -> None:
    (tmp_path / "room" / "sql").mkdir(parents=True)
    (tmp_path / "room" / "sql" / name).write_text(source)
    with pytest.raises(FunctionInvalid, match="room/sql/"):
        functions.read(tmp_path)


def test_two_rooms_can_not_have_a_function_of_one_name(tmp_path: Path) -> None:
    for room in ("one", "two"):
        (tmp_path / room / "sql").mkdir(parents=True)
        (tmp_path / room / "sql" / "trial.sql").write_text(ONE)
    with pytest.raises(FunctionInvalid, match="two rooms"):
        functions.read(tmp_path)


def test_migrate_and_doctor_notice_a_function_that_is_out_of_date(settings: Settings) -> None:
    assert migrations.pending(settings) == []
    with psycopg.connect(settings.migration_url) as connection:
        connection.execute("DROP FUNCTION lock_line(text)")
    assert migrations.pending(settings) == ["the SQL function lock_line differs from its file"]
    [row] = [row for row in doctor.examine(settings).rows if row.what == "Schema"]
    assert "lock_line" in row.problem
    assert "gencharge migrate" in row.problem
    assert migrations.upgrade(settings) is True
    assert migrations.pending(settings) == []
    assert migrations.upgrade(settings) is False


def test_a_parameter_with_a_default_takes_the_place_of_the_function_that_a_migration_dropped(
    connection: psycopg.Connection,
) -> None:
    functions.install(connection, [trial()])
    connection.execute("DROP FUNCTION trial(integer)")
    functions.install(
        connection, [trial(ONE.replace("p_n integer", "p_n integer, p_more text DEFAULT NULL"))]
    )
    assert connection.execute("SELECT trial(p_n => 7)").fetchone() == (7,)


def test_the_functions_of_a_sale_replace_those_that_know_no_expected_price(
    connection: psycopg.Connection,
) -> None:
    migration = importlib.import_module("gencharge.migrations.versions.0013_expected_price")
    old_ones = (migration._FROM_WALLET, migration._BEGIN)
    for signature in old_ones:
        connection.execute(f"DROP FUNCTION {signature.partition('(')[0]}")
        old = ONE.replace("trial(p_n integer)", signature).replace("RETURN p_n", "RETURN 0")
        connection.execute(old.encode())
    for signature in old_ones:
        connection.execute(f"DROP FUNCTION IF EXISTS {signature}".encode())
    assert sorted(functions.install(connection, functions.read())) == [
        "begin_recharge",
        "recharge_from_wallet",
    ]
