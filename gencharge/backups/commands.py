"""`gencharge backup`: the verbs of the room from the command line. They need the stores, not the API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg

from gencharge.backups import (
    copies_service,
    examine_service,
    in_place_service,
    names,
    restore_service,
    running_service,
    service,
)
from gencharge.backups.create_service import Plan, Progress, create
from gencharge.backups.errors import BackupConfirmationMismatch, BackupNotFound
from gencharge.backups.restore_service import Target
from gencharge.backups.service import Backup
from gencharge.core import telemetry
from gencharge.core.errors import Problem
from gencharge.core.rooms.proofs import Proof
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.wording import worded

Say = Callable[[str], None]
DONE: Final = 0
WRONG: Final = 1
_SHOWN: Final = 20


def make(
    settings: Settings, say: Say, progress: Progress, *, description: str = "", tables: Sequence[str] = ()
) -> int:
    """Make a backup and print what it holds. Returns the exit code."""

    async def work() -> int:
        plan = Plan(description=description, tables=tables, progress=progress)
        made_of = await create(settings, plan)
        backup = await service.get_backup(settings, plan.backup_id)
        say(f"{plan.backup_id}: {_contents(backup)}, in {made_of['duration_seconds']:.1f} s")
        if not made_of["encrypted"]:
            say(
                "It is not encrypted: whoever reads it has everything in it. `gencharge backup key` makes a key."
            )
        return DONE

    return _run(work(), say)


def show(settings: Settings, say: Say) -> int:
    """Print the list of backups, the newest first. Returns the exit code."""

    async def work() -> int:
        backups = await service.list_backups(settings)
        for backup in backups:
            say(f"{backup.backup_id}  {_state(backup):<12}  {_contents(backup)}  {_about(backup)}".rstrip())
        if not backups:
            say("There is no backup. `gencharge backup create` makes one.")
        return DONE

    return _run(work(), say)


def verify(
    settings: Settings, say: Say, progress: Progress, *, backup_id: str | None, proofs: Sequence[Proof]
) -> int:
    """Restore a backup (by default the newest) into scratch databases and prove it. Returns the exit code: 0 it is good, 1 it is not."""

    async def work() -> int:
        own_id = backup_id or await _newest(settings)
        outcome = await service.verify(settings, own_id, proofs=proofs, progress=progress)
        if isinstance(outcome, Problem):
            raise outcome
        for line in outcome.lines:
            say(line)
        return _conclude(say, outcome.problems, f"{own_id} was restored and is good.")

    return _run(work(), say)


def restore(
    settings: Settings,
    say: Say,
    progress: Progress,
    *,
    source: str,
    database: str | None,
    proofs: Sequence[Proof],
) -> int:
    """Restore a backup, by its id or the path of its file, into new databases. Returns the exit code: 0 they are good, 1 they are not."""

    async def work() -> int:
        stamp = f"{clock.now():%Y%m%dt%H%M%Sz}"
        location = await _location(settings, source)
        derived = Target(
            names.derived_database(settings.database_name, "restored", stamp),
            names.derived_database(settings.mongo_database, "restored", stamp),
        )
        target = Target(database, database) if database else derived
        restored = await restore_service.restore(settings, location, target, proofs=proofs, progress=progress)
        for line in restored.lines:
            say(line)
        say(f"Restored into the database {target.database}, which nothing uses yet.")
        for line in how_to_use(settings, target):
            say(line)
        return _conclude(say, restored.problems, "It is as it was when the backup was made.")

    return _run(work(), say)


def how_to_use(settings: Settings, target: Target) -> list[str]:
    """What to do with restored databases, in lines for a person."""
    if not settings.database_url:
        # With a DATABASE_URL the embedded server would not be started any more.
        return [
            "To use a backup with the embedded PostgreSQL, restore it with --in-place. `gencharge backup drop-database`",
            f"deletes {target.database}.",
        ]
    return [
        f"To use it, set DATABASE_URL to the same address with /{target.database} as its path, and",
        f"  MONGO_DATABASE={target.mongo_database}",
        "and start API and worker again.",
    ]


def restore_in_place(
    settings: Settings,
    say: Say,
    progress: Progress,
    *,
    source: str,
    confirm: str,
    proofs: Sequence[Proof],
) -> int:
    """Put a backup in the place of what is live. Returns the exit code: 1 if it was not done."""

    async def work() -> int:
        if not names.is_backup_id(source):
            raise BackupNotFound("In place only a backup of the list is restored: name its id.")
        if confirm != source:
            say(f"{source} would take the place of what is live. To do that, add --confirm {source}")
            raise BackupConfirmationMismatch
        location = service.location_of(settings, await service.get_backup(settings, source))
        request = in_place_service.Request(backup_id=source)
        outcome = await in_place_service.run(settings, location, request, proofs=proofs, progress=progress)
        for line in outcome.lines:
            say(line)
        say(f"{source} is live. All sessions have ended. What was live before is in the backup")
        say(f"  {outcome.safety_backup_id}, and in the databases")
        say(f"  {outcome.aside} (PostgreSQL) and {outcome.mongo_aside} (MongoDB)")
        say(f"until `gencharge backup drop-database {outcome.aside}` deletes them.")
        return DONE

    return _run(work(), say)


def do_run(settings: Settings, say: Say, run_id: str, *, proofs: Sequence[Proof]) -> int:
    """Do what a worker was asked for over the API, in a process of its own: the worker ends its work while all is closed."""

    async def work() -> int:
        stores = Stores.open(settings, name="gencharge-restore")
        try:
            await running_service.run(stores, UUID(run_id), proofs)
        finally:
            await stores.close()
        return DONE

    return _run(work(), say)


def resume(settings: Settings, say: Say) -> int:
    """End a restore in place that was interrupted, and say how. Returns the exit code."""

    async def work() -> int:
        say(await in_place_service.resume(settings))
        return DONE

    return _run(work(), say)


def show_databases(settings: Settings, say: Say) -> int:
    """Print the databases that restores made or left. Returns the exit code."""

    async def work() -> int:
        copies = await copies_service.list_copies(settings)
        for copy in copies:
            what = "restored" if copy.purpose == "restored" else "live before"
            say(
                f"{copy.database}  {what:<11}  {copy.made_at:%Y-%m-%d %H:%M} UTC  {copy.size_bytes / 1e6:.0f} MB,"
                f" with {copy.mongo_database} in MongoDB"
            )
        if not copies:
            say("There is none.")
        return DONE

    return _run(work(), say)


def drop_database(settings: Settings, say: Say, name: str) -> int:
    """Delete one of them. Returns the exit code."""

    async def work() -> int:
        await copies_service.drop(settings, name)
        say(f"{name} was deleted")
        return DONE

    return _run(work(), say)


def prune(settings: Settings, say: Say, *, dry_run: bool) -> int:
    """Delete the backups that the settings do not keep, and print their ids. Returns the exit code."""

    async def work() -> int:
        gone = await service.prune(settings, dry_run=dry_run)
        for backup_id in gone:
            say(f"{backup_id} {'would be' if dry_run else 'was'} deleted")
        if not gone:
            say("Every backup is kept.")
        return DONE

    return _run(work(), say)


def delete(settings: Settings, say: Say, backup_id: str) -> int:
    """Delete a backup. Returns the exit code."""

    async def work() -> int:
        await service.delete(settings, backup_id)
        say(f"{backup_id} was deleted")
        return DONE

    return _run(work(), say)


async def _newest(settings: Settings) -> str:
    backups = await service.list_backups(settings)
    if not backups:
        raise BackupNotFound("There is no backup. `gencharge backup create` makes one.")
    return backups[0].backup_id


async def _location(settings: Settings, source: str) -> examine_service.Location:
    if names.is_backup_id(source):
        return service.location_of(settings, await service.get_backup(settings, source))
    path = Path(source)
    if not await asyncio.to_thread(path.is_file):
        raise BackupNotFound(
            worded("{source} is neither the id of a backup nor a file.", source=source[:200])
        )
    return service.file_location(settings, path)


def _run(work: Coroutine[Any, Any, int], say: Say) -> int:
    try:
        return asyncio.run(work)
    except Problem as problem:
        say(problem.detail)
    except psycopg.Error as error:
        say(telemetry.scrub(str(error).strip().partition("\n")[0]))
    return WRONG


def _conclude(say: Say, problems: Sequence[str], good: str) -> int:
    for line in problems[:_SHOWN]:
        say(f"FAIL  {line}")
    if len(problems) > _SHOWN:
        say(f"and {len(problems) - _SHOWN} more")
    say("It is not as it was when the backup was made." if problems else good)
    return WRONG if problems else DONE


def _state(backup: Backup) -> str:
    return {None: "not verified", True: "good", False: "damaged"}[backup.verified_ok]


def _contents(backup: Backup) -> str:
    summary = backup.summary
    parts = f"{summary['rows']} rows, {summary['documents']} documents, {summary['files']} files"
    chosen = " of chosen tables" if backup.description.get("selection") else ""
    sealed = "encrypted" if backup.key.endswith(names.SEALED_ENDING) else "not encrypted"
    return f"{backup.size_bytes / 1e6:.1f} MB{chosen} ({parts}; {sealed})"


def _about(backup: Backup) -> str:
    return str(backup.description.get("description") or "")
