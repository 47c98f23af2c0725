"""Alembic's entry: migrates the tables and installs the SQL functions, in one transaction, with a bounded wait for locks."""

from __future__ import annotations

import psycopg
from alembic import context
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from gencharge import wiring
from gencharge.core.postgres import functions
from gencharge.core.postgres.database import Base
from gencharge.core.postgres.rehearsal import REHEARSAL, Rehearsal, RehearsalEnded
from gencharge.migrations import compare

del wiring  # imported so that every room's tables are in the metadata


def run() -> None:
    """Bring the database of the Alembic config to this version: all of it, or nothing."""
    url = make_url(context.config.get_main_option("sqlalchemy.url") or "").set(
        drivername="postgresql+psycopg"
    )
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        # A migration that can't get its lock soon fails and is tried again, instead of holding up everybody behind it.
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
        rehearsal: Rehearsal | None = context.config.attributes.get(REHEARSAL)
        if rehearsal is not None:
            rehearsal.begin(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=compare.is_ours,
            compare_type=True,
            on_version_apply=rehearsal.on_step if rehearsal is not None else None,
        )
        with context.begin_transaction():
            context.run_migrations()
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection), "the engine above is psycopg's"
            installed = functions.install(driver, functions.read())
            if rehearsal is not None:
                rehearsal.on_functions(installed)
                raise RehearsalEnded
    engine.dispose()


run()
