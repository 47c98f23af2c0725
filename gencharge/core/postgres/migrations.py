"""Brings tables and SQL functions up to date. Imports Alembic only when there is something to do: a start stays fast."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from gencharge.core.postgres import functions
from gencharge.core.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent.parent.parent / "migrations"


class NewerSchema(Exception):
    """The database was brought up to date by a newer version, whose migrations this one does not know."""


class NotPermitted(Exception):
    """The login that migrates may not do what a migration does."""


def head() -> str:
    """The newest revision in the package: files are named `NNNN_what.py`, and the revision is `NNNN`."""
    names = sorted(path.name for path in (_FOLDER / "versions").glob("[0-9]*.py"))
    number = re.match(r"\d{4}", names[-1])
    if number is None:
        raise ValueError(f"{names[-1]}: a migration's file name starts with its four-digit revision")
    return number.group()


def current(settings: Settings) -> str | None:
    """The database's revision; None if nothing was migrated yet. Raises psycopg.OperationalError when away."""
    with psycopg.connect(settings.migration_url, connect_timeout=5) as connection:
        return _revision(connection)


def pending(settings: Settings) -> list[str]:
    """What `upgrade` would do: revisions and functions, in words; empty if the schema is this version's.

    Raises psycopg.OperationalError when PostgreSQL is away.
    """
    with psycopg.connect(settings.migration_url, connect_timeout=5) as connection:
        revision = _revision(connection)
        if revision != head():
            if _is_newer(revision):
                return [
                    f"the tables are at revision {revision}, of a newer version; this one's are at {head()}"
                ]
            return [f"the tables are at revision {revision or 'none'}, this version's are at {head()}"]
        outdated = functions.outdated(connection, functions.read())
        return [f"the SQL function {function.name} differs from its file" for function in outdated]


def is_ahead(settings: Settings) -> bool:
    """Whether a newer version made the schema. Raises psycopg.OperationalError when PostgreSQL is away."""
    return _is_newer(current(settings))


def upgrade(settings: Settings) -> bool:
    """Bring tables and functions up to date, in one transaction. True if anything was done.

    Raises NewerSchema if the database is ahead of this version, and NotPermitted.
    """
    if not (reasons := pending(settings)):
        return False
    if is_ahead(settings):
        raise NewerSchema(
            f"{reasons[0]}: run that version, or choose another database (DATABASE_URL or DATA_DIR)"
        )
    run(settings)
    return True


def run(settings: Settings, **attributes: object) -> None:
    """Run Alembic's environment, which finds `attributes` in its configuration. Raises NotPermitted."""
    from alembic import command
    from sqlalchemy.exc import ProgrammingError

    alembic = config(settings)
    alembic.attributes.update(attributes)
    try:
        command.upgrade(alembic, "head")
    except (ProgrammingError, psycopg.errors.InsufficientPrivilege) as refused:
        cause = getattr(refused, "orig", refused)
        if not isinstance(cause, psycopg.errors.InsufficientPrivilege):
            raise
        setting = "MIGRATION_DATABASE_URL" if settings.migration_database_url else "DATABASE_URL"
        advice = (
            "Migrate as" if settings.migration_database_url else "Set MIGRATION_DATABASE_URL to the login of"
        )
        raise NotPermitted(
            f"PostgreSQL refuses the login of {setting}: {str(cause).splitlines()[0]}. {advice} the owner of the"
            f" tables, who must have made the role {settings.database_app_role} or be allowed to grant it"
        ) from None


def _is_newer(revision: str | None) -> bool:
    """Whether a database of this revision was made by a later version. Revisions are four digits, in order."""
    return revision is not None and revision > head()


def _revision(connection: psycopg.Connection[Any]) -> str | None:
    table = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    if table is None or table[0] is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def config(settings: Settings) -> Config:
    """Alembic's configuration for this database."""
    from alembic.config import Config

    alembic = Config()
    alembic.set_main_option("script_location", str(_FOLDER))
    alembic.set_main_option("sqlalchemy.url", settings.migration_url.replace("%", "%%"))
    return alembic
