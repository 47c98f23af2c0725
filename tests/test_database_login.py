"""A login that owns nothing: it runs the product, and an attacker with SQL through it can't change history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from gencharge import wiring
from gencharge.core.background import jobs
from gencharge.core.events.relay import Relay
from gencharge.core.postgres import migrations
from gencharge.core.settings import Environment, Settings
from gencharge.core.stores.stores import Stores
from gencharge.run import database_login, doctor, terminal
from gencharge.run.database_login import owns_tables
from gencharge.run.embedded import ServerFailed
from tests.conftest import database_of, test_settings
from tests.make.money import buy, find_plan, make_customer, make_number, sell_sample_plans
from tests.make.recharge import assert_books_balance


@pytest.fixture(scope="module")
def login(servers: Path, worker_id: str) -> Iterator[Settings]:
    """Settings whose login may take on the application's role, and is nothing else."""
    database = database_of(servers, worker_id, "login")
    owner = test_settings(servers, database)
    name = f"login_{database}"
    role = sql.Identifier(name)
    with psycopg.connect(owner.postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN IN ROLE gencharge_app").format(role))
        try:
            url = owner.postgres_url.replace("gencharge@", f"{name}@", 1)
            yield test_settings(servers, database, database_url=url)
        finally:
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


async def test_it_is_enough_for_sales_events_and_jobs(login: Settings) -> None:
    stores = Stores.open(login)
    try:
        await sell_sample_plans(stores)
        customer = await make_customer(stores, rupees=1_000)
        plan = await find_plan(stores)
        await buy(stores, customer, await make_number(stores), plan.plan_id)
        await Relay(stores, wiring.LISTENERS).drain()
        app = jobs.build(login, stores, wiring.JOBS)
        async with app.open_async():
            await asyncio.wait_for(app.run_worker_async(wait=False, install_signal_handlers=False), 60)
        await assert_books_balance(stores)
    finally:
        await stores.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transfers SET amount = 1",
        "DELETE FROM transfers",
        "TRUNCATE audit_anchors",
        "DROP TABLE transfers",
        "ALTER TABLE transfers DISABLE TRIGGER ALL",
        "CREATE TABLE loot (x int)",
        "CREATE OR REPLACE FUNCTION ledger_code(p_code text) RETURNS smallint LANGUAGE sql AS 'SELECT 1::smallint'",
        "SET ROLE gencharge",
        "GRANT gencharge TO CURRENT_USER",
    ],
)
@pytest.mark.parametrize("role", ["RESET ROLE", "SET ROLE gencharge_app"])
def test_it_can_not_change_history_or_become_the_owner(login: Settings, role: str, statement: str) -> None:
    with psycopg.connect(login.postgres_url, autocommit=True) as connection:
        connection.execute(role)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_the_commands_look_at_the_schema_with_it(login: Settings) -> None:
    assert migrations.pending(login) == []
    assert migrations.is_ahead(login) is False


@contextmanager
def stranger(owner: Settings, name: str, database: str) -> Iterator[Settings]:
    """Settings whose login may connect to `database`, and is in no role."""
    role = sql.Identifier(name)
    with psycopg.connect(owner.postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        try:
            url = owner.postgres_url.replace("gencharge@", f"{name}@", 1)
            yield owner.model_copy(
                update={"database_url": url.replace(f"/{owner.database_name}", f"/{database}")}
            )
        finally:
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


def test_a_login_that_may_not_act_as_the_role_is_one_line_with_the_grant(settings: Settings) -> None:
    with stranger(settings, f"stranger_{settings.database_name}", settings.database_name) as login:
        name = login.postgres_url.split("//")[1].split("@")[0]
        line = (
            f"DATABASE_URL: the login {name} may not act as gencharge_app; "
            f"as an administrator of PostgreSQL run GRANT gencharge_app TO {name}"
        )
        assert database_login.problem_with(login) == line
        row = doctor._examine_schema(login)
        assert (row.state, row.problem) == ("not usable", line)
        with pytest.raises(ServerFailed, match="GRANT gencharge_app TO"):
            terminal.require_database(login)


def test_a_database_without_tables_is_one_line(settings: Settings) -> None:
    login = settings.model_copy(
        update={"database_url": settings.postgres_url.replace(f"/{settings.database_name}", "/postgres")}
    )
    assert database_login.problem_with(login) == (
        "The database postgres has no tables of GenCharge yet: run `gencharge migrate`"
    )
    with pytest.raises(ServerFailed, match="run `gencharge migrate`"):
        terminal.require_database(login)


def test_a_login_or_a_database_that_does_not_exist_is_one_line(settings: Settings) -> None:
    for wrong in (
        settings.postgres_url.replace(f"/{settings.database_name}", "/nowhere"),
        settings.postgres_url.replace("gencharge@", "nobody@", 1),
    ):
        problem = database_login.problem_with(settings.model_copy(update={"database_url": wrong})) or ""
        assert problem.endswith("does not exist; correct DATABASE_URL")


def test_a_login_that_fits_or_a_server_that_is_away_is_no_problem(login: Settings) -> None:
    assert database_login.problem_with(login) is None
    away = login.model_copy(update={"database_url": "postgresql://gencharge:secret@127.0.0.1:1/gencharge"})
    assert database_login.problem_with(away) is None, "it may come back"
    with pytest.raises(ServerFailed, match="isn't reachable") as refused:
        terminal.require_database(away)
    assert "secret" not in str(refused.value)


def test_who_migrates_is_asked_before_the_migration(login: Settings) -> None:
    terminal.require_migration_login(login)
    with pytest.raises(ServerFailed, match="start it, or correct MIGRATION_DATABASE_URL"):
        terminal.require_migration_login(
            login.model_copy(update={"migration_database_url": "postgresql://owner@127.0.0.1:1/gencharge"})
        )


def test_doctor_says_in_production_that_a_login_owns_the_tables(login: Settings, settings: Settings) -> None:
    assert not owns_tables(login.postgres_url)
    assert owns_tables(settings.postgres_url)

    def problem(checked: Settings, environment: Environment) -> str:
        return doctor._examine_schema(checked.model_copy(update={"environment": environment})).problem

    assert problem(login, Environment.PRODUCTION) == ""
    assert problem(settings, Environment.DEVELOPMENT) == "", "there one login is enough"
    assert problem(settings, Environment.PRODUCTION) == (
        "DATABASE_URL owns the tables: give it a login in gencharge_app only, and keep the owner for `migrate`"
    )


def test_another_owner_of_the_role_is_refused_in_one_sentence(servers: Path, worker_id: str) -> None:
    database = database_of(servers, worker_id, "foreign")
    owner = test_settings(servers, database)
    name, own = f"foreign_{database}", f"foreign2_{database}"
    with psycopg.connect(owner.postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(own), sql.Identifier(name))
        )
        try:
            url = owner.postgres_url.replace("gencharge@", f"{name}@", 1).replace(f"/{database}", f"/{own}")
            foreign = test_settings(servers, database, database_url=url)
            with pytest.raises(migrations.NotPermitted, match="owner of the tables") as refused:
                migrations.upgrade(foreign)
            assert str(refused.value).startswith("PostgreSQL refuses the login of DATABASE_URL: ")
            assert "Set MIGRATION_DATABASE_URL to the login of the owner of the tables" in str(refused.value)
            named = foreign.model_copy(update={"migration_database_url": url})
            with pytest.raises(migrations.NotPermitted, match="the login of MIGRATION_DATABASE_URL: "):
                migrations.upgrade(named)
            assert "\n" not in str(refused.value)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(own)))
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
