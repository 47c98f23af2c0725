"""What every command does at the terminal: reads the settings, says in a line what the user can mend, prints."""

from __future__ import annotations

import errno
import re
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, NoReturn

import typer
from rich.console import Console

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

BAD_SETTING: Final = 78  # EX_CONFIG of sysexits.h
_SHOWN_CHARACTERS: Final = 60
out = Console(soft_wrap=True, highlight=False, markup=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


def read_settings() -> Settings:
    """The settings; a bad one ends the command with a line for each problem, exit code 78."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from gencharge.core.settings import GROUPS, get_settings

    try:
        return get_settings()
    except ValidationError as problems:
        order = [name for group in GROUPS for name in group.model_fields]
        for problem in sorted(problems.errors(), key=lambda entry: _place(order, entry["loc"])):
            variable = "_".join(str(part) for part in problem["loc"]).upper()
            text = problem["msg"].removeprefix("Value error, ")
            # One check may find several problems; it says each as "VARIABLE: what", joined by "; ".
            if variable:
                text += _shown(problem["loc"][0], problem["input"])
            for line in [f"{variable}: {text}"] if variable else re.split(r"; (?=\w+: )", text):
                name, _, what = line.partition(": ")
                err.print(f"{name.upper()}: {what}")
    except SettingsError as problem:
        match = re.search(r'field "(\w+)"', str(problem))
        err.print(f"{match.group(1).upper() if match else 'settings'}: not valid JSON")
    raise typer.Exit(BAD_SETTING)


def _place(order: list[str], location: tuple[int | str, ...]) -> int:
    """Where a setting stands in the handbook; what concerns several comes last."""
    return order.index(str(location[0])) if location and location[0] in order else len(order)


def _shown(name: object, value: object) -> str:
    """`, not 'abc'`: the value that was refused, unless it is a secret or may hold a password."""
    from gencharge.core.settings import Settings

    field = Settings.model_fields.get(str(name))
    secret = field is None or "Secret" in str(field.annotation) or "@" in str(value)
    return "" if secret else f", not {str(value)[:_SHOWN_CHARACTERS]!r}"


@contextmanager
def one_line() -> Iterator[None]:
    """Turn a failure that the user can mend into one line and exit code 1; a bug keeps its traceback.

    A file or folder that can't be read or written is such a failure, and so are a full disk and a store that stops under the command.
    """
    from gencharge.run.embedded import ServerFailed, disk

    try:
        yield
    except ServerFailed as problem:
        err.print(str(problem))
        raise typer.Exit(1) from None
    except OSError as problem:
        if problem.filename is None and problem.errno != errno.ENOSPC:
            raise
        path = problem.filename or "the disk"
        room = f"; {disk.free_bytes(Path(str(path))) // 10**6} MB are free" * (problem.errno == errno.ENOSPC)
        err.print(f"{path}: {problem.strerror}{room}")
        raise typer.Exit(1) from None
    except Exception as problem:
        if _is_full_disk(problem):
            err.print("a disk is full (No space left on device): make room, then run it again")
            raise typer.Exit(1) from None
        if (store := _lost_store(problem)) is None:
            raise
        err.print(
            f"{store} stopped answering before the command ended: `gencharge doctor` says more, then run it again"
        )
        raise typer.Exit(1) from None


def _is_full_disk(problem: BaseException | None) -> bool:
    """Whether a store says that its disk is full. Neither has one code for it."""
    while problem is not None:
        if "No space left on device" in str(problem):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


@contextmanager
def stopped_in_order() -> Iterator[None]:
    """Within the block SIGTERM and a closed terminal end the command as Ctrl-C does: what it has begun is cleared away. Whatever signal
    follows changes nothing."""
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {
        number: handler for number in numbers if (handler := signal.getsignal(number)) != signal.SIG_IGN
    }

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in (*before, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    interrupt = signal.getsignal(signal.SIGINT)
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in {**before, signal.SIGINT: interrupt}.items():
            signal.signal(number, handler)


def _lost_store(problem: Exception) -> str | None:
    """The store that an error says is away; None for any other error."""
    import psycopg
    from pymongo.errors import ConnectionFailure
    from redis.exceptions import ConnectionError as RedisLost

    from gencharge.core.errors import DatabaseUnavailable
    from gencharge.core.postgres.database import problem_of

    # A broken connection to PostgreSQL comes from SQLAlchemy where our own transaction is not around it.
    if isinstance(problem, psycopg.OperationalError) and problem.sqlstate is None:
        # No answer, and not one that refuses.
        return "PostgreSQL"
    if isinstance(problem, DatabaseUnavailable) or (
        type(problem).__module__.startswith("sqlalchemy")
        and isinstance(problem_of(problem), DatabaseUnavailable)
    ):
        return "PostgreSQL"
    if isinstance(problem, ConnectionFailure):
        return "MongoDB"
    return "Redis" if isinstance(problem, RedisLost) else None


def refuse_unusable_host(host: str) -> None:
    """End the command with exit code 78 if nothing can listen on this host."""
    from gencharge.run import machine

    if problem := machine.problem_of_host(host):
        err.print(f"HOST: {problem}")
        raise typer.Exit(BAD_SETTING)


def refuse_exposure(settings: Settings, host: str) -> None:
    """End the command with exit code 78 if it would show a development installation to other machines."""
    from gencharge.core import exposure
    from gencharge.core.http import loopback

    if (problems := exposure.problems(settings)) and not exposure.is_loopback(host):
        for line in (loopback.exposed(host), *problems):
            err.print(line)
        raise typer.Exit(BAD_SETTING)


def refuse_host_of_sandbox(host: str) -> None:
    """End the command with exit code 78 if other machines would reach the sandbox: who reaches it controls it."""
    from gencharge.core import exposure

    if not exposure.is_loopback(host):
        err.print(f"--host: the sandbox asks nobody for a key, so it listens on 127.0.0.1 only, not {host}")
        raise typer.Exit(BAD_SETTING)


def conclude(lines: Iterable[str], *, ok: bool) -> NoReturn:
    """Print the lines of a report and end the command; its exit code says whether all is well."""
    for line in lines:
        out.print(line)
    raise typer.Exit(0 if ok else 1)


def quiet_log(settings: Settings) -> None:
    """Let a command print its answer only: no lines of log but warnings."""
    from gencharge.core import telemetry

    telemetry.configure_logging(settings.model_copy(update={"log_level": "WARNING", "log_format": "console"}))


def require(settings: Settings, store: str) -> None:
    """Raise ServerFailed with one clear line unless `store` (postgres, mongo or redis) answers."""
    from gencharge.run import doctor

    doctor.require(settings, store)


def require_database(settings: Settings) -> None:
    """Raise ServerFailed with one clear line unless PostgreSQL answers, has our tables and lets us work on them.

    Says, too, if the tables are not this version's.
    """
    require(settings, "postgres")
    require_usable_login(settings)
    warn_of_other_schema(settings)


@contextmanager
def embedded_stores(settings: Settings) -> Iterator[None]:
    """Within the block the embedded stores of the settings run: started if nothing runs them, and stopped at the end. None of one's own is."""
    from gencharge.run.embedded import AlreadyRunning, EmbeddedServers

    servers = EmbeddedServers.for_settings(settings)
    own = bool(servers.servers)
    if own:
        try:
            servers.start()
            servers.wait_ready()
        except AlreadyRunning:
            own = False
    try:
        yield
    finally:
        if own:
            servers.stop()


def require_migration_login(settings: Settings) -> None:
    """Raise ServerFailed with one clear line unless PostgreSQL answers to who migrates; DATABASE_URL's login may be missing yet."""
    if not settings.migration_database_url:
        require(settings, "postgres")
        return
    from gencharge.run import doctor

    doctor.require_postgres_at(settings.migration_url, "MIGRATION_DATABASE_URL")


def require_usable_login(settings: Settings) -> None:
    """Raise ServerFailed if DATABASE_URL's login or its database needs somebody to act; not if PostgreSQL is away."""
    from gencharge.run import database_login
    from gencharge.run.embedded import ServerFailed

    if problem := database_login.problem_with(settings):
        raise ServerFailed(problem)
    if problem := database_login.session_problem(settings):
        if not settings.is_development:
            raise ServerFailed(problem)
        err.print(problem)


def warn_of_other_schema(settings: Settings) -> None:
    """Say that tables or SQL functions are not this version's. No refusal: the last release restarts during a roll-out."""
    import psycopg

    from gencharge.core.postgres import migrations

    with suppress(psycopg.OperationalError):
        if pending := migrations.pending(settings):
            cure = "this is an older program" if migrations.is_ahead(settings) else "run `gencharge migrate`"
            err.print(f"The schema is not this version's ({pending[0]}): {cure}")


def refuse_other_data_key(settings: Settings) -> None:
    """End the command with exit code 78 if DATA_KEY can't open what is stored. No refusal if PostgreSQL does not answer."""
    import asyncio

    from gencharge.run import data_keys

    if problem := asyncio.run(data_keys.refusal(settings)):
        err.print(problem)
        raise typer.Exit(BAD_SETTING)


def require_embedded_postgres(settings: Settings) -> None:
    """Refuse to run if the embedded PostgreSQL was never started.

    A given URL is not checked: a server outlives its database's absence, and recovers when that comes back.
    """
    from gencharge.run.embedded import Postgres, ServerFailed

    if not settings.database_url and not (server := Postgres(settings.data_dir)).socket.exists():
        raise ServerFailed(server.unreachable)
