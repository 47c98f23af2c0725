"""What every command does at the terminal: reads the settings, says in a line what the user can mend, prints."""

from __future__ import annotations

import errno
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from rich.console import Console

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

BAD_SETTING: Final = 78  # EX_CONFIG of sysexits.h
# Room on the disk for the embedded stores: three new ones with their journals, and what running ones write in a while.
NEW_DATA_BYTES: Final = 1_000_000_000
MORE_DATA_BYTES: Final = 200_000_000
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
        found = re.search(r'field "(\w+)"', str(problem))
        err.print(f"{found.group(1).upper() if found else 'settings'}: not valid JSON")
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
            err.print(f"The schema is not this version's ({pending[0]}): run `gencharge migrate`")


def require_embedded_postgres(settings: Settings) -> None:
    """Refuse to run beside an embedded PostgreSQL that was never started.

    A given URL is not checked: a server outlives its database's absence, and recovers when that comes back.
    """
    from gencharge.run.embedded import Postgres, ServerFailed

    if not settings.database_url and not (server := Postgres(settings.data_dir)).socket.exists():
        raise ServerFailed(server.unreachable)


def is_free(host: str, port: int) -> bool:
    """Whether this process can listen there. Raises ServerFailed if something else than a taken port prevents that."""
    from gencharge.run.embedded import ServerFailed

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                return False
            hint = " (ports below 1024 take root)" if problem.errno == errno.EACCES else ""
            raise ServerFailed(f"cannot listen on {host}:{port}: {problem.strerror}{hint}") from None
    return True


def require_free(host: str, port: int) -> None:
    """Raise ServerFailed if another program has the port."""
    from gencharge.run.embedded import ServerFailed

    if not is_free(host, port):
        raise ServerFailed(f"port {port} on {host} is taken: stop what uses it, or give another with --port")


def free_bytes(folder: Path) -> int:
    """How much is free on the disk of a folder, which need not be there yet."""
    there = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    return shutil.disk_usage(there).free
