"""What every command does at the terminal: reads the settings, says in a line what the user can mend, prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import typer
from rich.console import Console

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

BAD_SETTING: Final = 78  # EX_CONFIG of sysexits.h
out = Console(soft_wrap=True, highlight=False, markup=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


def read_settings() -> Settings:
    """The settings; a bad one ends the command with a line for each problem, exit code 78."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from gencharge.core.settings import get_settings

    try:
        return get_settings()
    except ValidationError as problems:
        for problem in problems.errors():
            variable = "_".join(str(part) for part in problem["loc"]).upper()
            text = problem["msg"].removeprefix("Value error, ")
            # One check may find several problems; it says each as "VARIABLE: what", joined by "; ".
            for line in [f"{variable}: {text}"] if variable else re.split(r"; (?=\w+: )", text):
                name, _, what = line.partition(": ")
                err.print(f"{name.upper()}: {what}")
    except SettingsError as problem:
        match = re.search(r'field "(\w+)"', str(problem))
        err.print(f"{match.group(1).upper() if match else 'settings'}: not valid JSON")
    raise typer.Exit(BAD_SETTING)


@contextmanager
def one_line() -> Iterator[None]:
    """Turn a failure that the user can mend into one line and exit code 1; a bug keeps its traceback."""
    from gencharge.run.embedded import ServerFailed

    try:
        yield
    except ServerFailed as problem:
        err.print(str(problem))
        raise typer.Exit(1) from None


def require(settings: Settings, store: str) -> None:
    """Raise ServerFailed with one clear line unless `store` (postgres, mongo or redis) answers."""
    from gencharge.run import doctor

    doctor.require(settings, store)


def warn_of_other_schema(settings: Settings) -> None:
    """Say that tables or SQL functions are not this version's. No refusal: the last release restarts during a roll-out."""
    import psycopg

    from gencharge.core.postgres import migrations

    with suppress(psycopg.OperationalError):
        if pending := migrations.pending(settings):
            cure = "this is an older program" if migrations.is_ahead(settings) else "run `gencharge migrate`"
            err.print(f"The schema is not this version's ({pending[0]}): {cure}")


def require_embedded_postgres(settings: Settings) -> None:
    """Refuse to run if the embedded PostgreSQL was never started.

    A given URL is not checked: a server outlives its database's absence, and recovers when that comes back.
    """
    from gencharge.run.embedded import Postgres, ServerFailed

    if not settings.database_url and not (server := Postgres(settings.data_dir)).socket.exists():
        raise ServerFailed(server.unreachable)
