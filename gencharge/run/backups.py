"""`gencharge backup`: make, verify, restore and delete backups. Works while the API is down, and starts embedded stores that do not run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gencharge.run import recovery_command, terminal
from gencharge.run.terminal import err, out

if TYPE_CHECKING:
    from gencharge.core.rooms.proofs import Proof
    from gencharge.core.settings import Settings

app = typer.Typer(help="Backups, and the proof that they can be restored.", no_args_is_help=True)
_Id = Annotated[str, typer.Argument(help="The id of a backup, as `gencharge backup list` shows it.")]
_Until = Annotated[
    str,
    typer.Option(
        help="Everything as it was at this instant (RFC 3339), from the archive of BACKUP_WAL_DIR, into a new folder.",
        metavar="INSTANT",
    ),
]
_Into = Annotated[
    Path | None,
    typer.Option(help="With --until: the new folder. By default one in DATA_DIR, named after the instant."),
]
_Documents = Annotated[
    str,
    typer.Option(
        help="With --until, if MongoDB is lost: the id or the path of the backup that it is taken from.",
        metavar="BACKUP",
    ),
]
_SHOWN_EVERY_SECONDS = 1.0
# Stages that count things; the others count bytes.
_COUNTED = frozenset({"counts", "indexes", "events"})


@app.command()
def create(
    description: Annotated[str, typer.Option(help="What it is for; shown in the list.", metavar="TEXT")] = "",
    tables: Annotated[
        str,
        typer.Option(
            help="Only these tables, with commas between, and those that they refer to; without MongoDB and files."
        ),
    ] = "",
) -> None:
    """Make a backup: PostgreSQL as of one instant, MongoDB, the files, in one file."""
    with _ready() as settings, _progress() as progress:
        from gencharge.backups import commands

        chosen = [name.strip() for name in tables.split(",") if name.strip()]
        code = commands.make(settings, out.print, progress, description=description, tables=chosen)
    raise typer.Exit(code)


@app.command("list")
def show() -> None:
    """Show all backups, the newest first, and whether a restore of each was verified."""
    settings = terminal.read_settings()
    terminal.quiet_log(settings)
    from gencharge.backups import commands

    with terminal.one_line():
        code = commands.show(settings, out.print)
        recovery_command.show_reachable(settings)
        raise typer.Exit(code)


@app.command()
def verify(
    backup_id: Annotated[
        str | None, typer.Argument(help="The id of a backup; by default the newest.")
    ] = None,
) -> None:
    """Restore a backup into scratch databases, compare it with its manifest, and check ledger and audit trail in it.

    Exit status 1 if it is not good. The result is shown in the list."""
    with _ready() as settings, _progress() as progress:
        from gencharge.backups import commands

        code = commands.verify(settings, out.print, progress, backup_id=backup_id, proofs=_proofs())
    raise typer.Exit(code)


@app.command()
def restore(
    source: Annotated[str | None, typer.Argument(help="The id of a backup, or the path of its file.")] = None,
    database: Annotated[
        str | None,
        typer.Option(
            help="The name of the new database. By default the present one's with `_restored_` and the time."
        ),
    ] = None,
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place",
            help="In the place of what is live: everything is closed while it lasts, what is live is backed up first and kept.",
        ),
    ] = False,
    confirm: Annotated[
        str, typer.Option(help="With --in-place: the id of the backup, typed once more.", metavar="ID")
    ] = "",
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="End a restore in place that was interrupted: it goes back, or on, and says which.",
        ),
    ] = False,
    until: _Until = "",
    into: _Into = None,
    documents: _Documents = "",
    run_id: Annotated[str | None, typer.Option("--run", hidden=True)] = None,
) -> None:
    """Restore a backup into new databases; those in use are not touched, unless --in-place says so.

    Exit status 1 if what was restored is not what was backed up."""
    if until:
        if source or database or in_place or confirm or resume or run_id:
            raise typer.BadParameter("--until goes with --into and --documents only")
        _restore_until(until, into, documents)
    if into or documents:
        raise typer.BadParameter("--into and --documents go with --until")
    alone = run_id is not None or resume
    if alone is (source is not None) or (alone and (in_place or database)):
        raise typer.BadParameter("give the id of a backup or the path of its file, or --resume alone")
    if in_place and database:
        raise typer.BadParameter("--database names a new database, and --in-place makes none")
    with _ready() as settings, _progress() as progress:
        from gencharge.backups import commands

        if resume:
            code = commands.resume(settings, out.print)
        elif run_id is not None:
            code = commands.do_run(settings, out.print, run_id, proofs=_proofs())
        elif in_place:
            code = commands.restore_in_place(
                settings, out.print, progress, source=source or "", confirm=confirm, proofs=_proofs()
            )
        else:
            code = commands.restore(
                settings, out.print, progress, source=source or "", database=database, proofs=_proofs()
            )
    raise typer.Exit(code)


def _restore_until(until: str, into: Path | None, documents: str) -> None:
    recovery_command.instant_of(until)
    settings = terminal.read_settings()
    terminal.quiet_log(settings)
    with terminal.one_line(), terminal.stopped_in_order(), _progress() as progress:
        code = recovery_command.restore_until(settings, progress, until=until, into=into, documents=documents)
    raise typer.Exit(code)


@app.command()
def base() -> None:
    """Make a base backup of the embedded PostgreSQL: from its end on, each instant can be restored with `restore --until`.

    Needs BACKUP_WAL_DIR. Deletes the base backups and segments that BACKUP_WAL_DAYS does not keep."""
    with _ready() as settings, _progress() as progress:
        code = recovery_command.make_base(settings, progress)
    raise typer.Exit(code)


@app.command("fetch-log")
def fetch_log() -> None:
    """Bring the archive of BACKUP_WAL_DIR back from its copy in BACKUP_BUCKET, for `restore --until` on a new machine.

    What is in the folder already stays as it is."""
    settings = terminal.read_settings()
    terminal.quiet_log(settings)
    with terminal.one_line(), _progress() as progress:
        code = recovery_command.fetch_log(settings, progress)
    raise typer.Exit(code)


@app.command("replay-events")
def replay_events(
    since: Annotated[
        str,
        typer.Option(
            help="The instant of the backup that MongoDB was taken from (RFC 3339).", metavar="INSTANT"
        ),
    ],
) -> None:
    """Write notices and audit entries again that a MongoDB from an older backup lacks, from the events of BACKUP_EVENT_DAYS. Sends nothing.

    For servers of your own; `restore --until --documents` does it by itself. Stop the API and the workers before. Can be repeated. Exit status 1 if
    something is missing."""
    recovery_command.instant_of(since, "--since")
    with _ready() as settings, _progress() as progress:
        code = recovery_command.replay_events(settings, progress, since=since)
    raise typer.Exit(code)


@app.command()
def databases() -> None:
    """Show the databases that restores made or left beside the live one, the newest first."""
    with _ready() as settings:
        from gencharge.backups import commands

        raise typer.Exit(commands.show_databases(settings, out.print))


@app.command("drop-database")
def drop_database(
    name: Annotated[str, typer.Argument(help="As `gencharge backup databases` shows it.")],
) -> None:
    """Delete a database that a restore made or left, and what belongs to it in MongoDB. No other one is touched."""
    with _ready() as settings:
        from gencharge.backups import commands

        raise typer.Exit(commands.drop_database(settings, out.print, name))


@app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
) -> None:
    """Delete the backups that BACKUP_KEEP_HOURLY and its like do not keep; never the last one that is known to be good."""
    settings = terminal.read_settings()
    terminal.quiet_log(settings)
    from gencharge.backups import commands

    with terminal.one_line():
        raise typer.Exit(commands.prune(settings, out.print, dry_run=dry_run))


@app.command()
def delete(backup_id: _Id) -> None:
    """Delete a backup; not the last one that is known to be good."""
    settings = terminal.read_settings()
    terminal.quiet_log(settings)
    from gencharge.backups import commands

    with terminal.one_line():
        raise typer.Exit(commands.delete(settings, out.print, backup_id))


@app.command()
def key() -> None:
    """Print a new key for BACKUP_KEY_FILE. Keep a copy apart from the backups."""
    from gencharge.backups import cipher

    typer.echo(cipher.new_key())


@app.command("signing-key")
def signing_key(
    path: Annotated[Path, typer.Argument(help="The new file for BACKUP_SIGNING_KEY_FILE.")],
) -> None:
    """Write a new private key that signs backups into a file, and print its public key for BACKUP_PUBLIC_KEY_FILE."""
    from gencharge.backups import signatures

    private, public = signatures.new_keys()
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w", encoding="ascii") as file:
            file.write(private)
    except OSError as problem:
        err.print(f"{path}: {problem.strerror}. An existing file is never written over.")
        raise typer.Exit(1) from None
    typer.echo(public, nl=False)


@contextmanager
def _ready() -> Iterator[Settings]:
    """The settings, and the stores that they name. Embedded ones are started if nothing runs them, and stopped at the end."""
    settings = terminal.read_settings()
    terminal.quiet_log(settings)
    with terminal.one_line(), terminal.embedded_stores(settings):
        terminal.require(settings, "postgres")
        terminal.require(settings, "mongo")
        yield settings


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    """Says each second how far it is, on standard error."""
    last = time.monotonic()

    def progress(stage: str, done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SHOWN_EVERY_SECONDS:
            last = time.monotonic()
            err.print(f"{stage}: {done}" if stage in _COUNTED else f"{stage}: {done / 1e6:.0f} MB")

    yield progress


def _proofs() -> list[Proof]:
    from gencharge import wiring

    return list(wiring.PROOFS)
