"""Recovers all of an embedded installation to an instant: PostgreSQL from its base backup and its log, MongoDB as far as PostgreSQL bears it out.

    DATA_DIR/until-20261120t120000z          postgres and mongo, when they are whole and proved
    DATA_DIR/until-20261120t120000z.draft    the same until then

Nothing that is in use is touched.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.audit import reanchoring_service as reanchoring
from gencharge.backups import documents_crud, documents_service, names, service
from gencharge.backups.create_service import Progress
from gencharge.backups.documents_service import Copied
from gencharge.backups.events import RecoveredToInstant
from gencharge.backups.examine_service import Location
from gencharge.core.events.events import Listener, emit
from gencharge.core.postgres import migrations
from gencharge.core.postgres.database import Database
from gencharge.core.rooms.dated_documents import DatedDocuments, PendingDocuments
from gencharge.core.rooms.proofs import Proof
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.run import replaying
from gencharge.run.embedded import (
    AlreadyRunning,
    EmbeddedServers,
    Mongo,
    Postgres,
    ServerFailed,
    point_in_time,
)
from gencharge.run.embedded.ownership import match_owner
from gencharge.run.embedded.point_in_time import Recovered
from gencharge.run.processes import find_in_folder, send, wait_until_free
from gencharge.sessions import service as sessions

REASON: Final = "restored"
_LEFT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be recovered. `documents`: the id or the file of the backup that MongoDB is taken from; empty: what is live."""

    until: datetime
    folder: Path
    documents: str = ""
    dated: Sequence[DatedDocuments] = ()
    pending: Sequence[PendingDocuments] = ()
    # To whom stored events are replayed, if the documents are older than the instant.
    listeners: Sequence[Listener] = ()
    proofs: Sequence[Proof] = ()


@dataclass(slots=True)
class Outcome:
    """What was recovered. `problems`: what the proofs found; empty if all is well. `documents_of`: of which instant the documents are, if they are a backup's."""

    postgres: Recovered
    copied: Copied = field(default_factory=Copied)
    documents_of: datetime | None = None
    replayed: replaying.Outcome | None = None
    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def folder_for(settings: Settings, until: datetime) -> Path:
    """Where an instant is recovered to, if nothing else is said."""
    return settings.data_dir.resolve() / f"until-{until:%Y%m%dt%H%M%Sz}"


def recover(settings: Settings, plan: Plan, progress: Progress) -> Outcome:
    """Recover into `plan.folder`, which must not exist. If it fails, there is no such folder.

    Raises what `point_in_time.recover` raises, BackupNotFound, ServerFailed, and what `examine_service.examine` raises."""
    if settings.mongo_url:
        raise ServerFailed(
            "MONGO_URL names a server of your own: docs/how-to/point-in-time.md has the way for it"
        )
    folder = plan.folder.resolve()
    if folder.exists():
        raise ServerFailed(f"{folder} is there already: name another folder with --into, or delete it")
    if plan.documents:
        # PostgreSQL takes a while: what is named wrong is said before.
        asyncio.run(_location(settings, plan.documents))
    draft = folder.with_name(f"{folder.name}.draft")
    with _alone_in(folder.parent):
        _clear(draft)
        try:
            outcome = _recover(settings, plan, draft, progress)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return outcome


def _recover(settings: Settings, plan: Plan, draft: Path, progress: Progress) -> Outcome:
    outcome = Outcome(point_in_time.recover(settings, plan.until, draft, progress))
    match_owner(draft)
    with ExitStack() as stack:
        servers = stack.enter_context(EmbeddedServers(draft, ["mongo", "postgres"]))
        own = _settings_of(settings, servers)
        _fill_documents(settings, own, plan, outcome, progress, stack)
        asyncio.run(_end_sessions(own, plan, outcome))
        asyncio.run(_replay(own, plan, outcome, progress))
        asyncio.run(_prove(own, plan, outcome))
    (draft / "lock").unlink(missing_ok=True)
    return outcome


@contextmanager
def _alone_in(parent: Path) -> Iterator[None]:
    """One recovery at a time in a folder: each begins by deleting the draft of one that was killed. The kernel lets go of the lock when its holder dies."""
    parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerFailed(
                f"another recovery is at work in {parent}: wait for its end, or name a folder elsewhere with --into"
            ) from None
        yield
    finally:
        os.close(lock)


def _clear(draft: Path) -> None:
    """Delete what a recovery that was killed has left. Its servers end by themselves, but not at once."""
    programs = {Postgres.program, Mongo.program}
    for folder in draft.glob("*/"):
        send(find_in_folder(folder, programs), signal.SIGKILL)
        wait_until_free(folder, programs, timeout=_LEFT_SECONDS)
    shutil.rmtree(draft, ignore_errors=True)
    if draft.exists():
        raise ServerFailed(f"{draft} can't be deleted: delete it, and begin again")


def _settings_of(settings: Settings, servers: EmbeddedServers) -> Settings:
    """The same installation with the recovered stores. Its secrets are those of the data folder in use."""
    return settings.model_copy(
        update={
            "database_url": servers.postgres.url,
            "migration_database_url": "",
            "mongo_url": servers.mongo.url,
        }
    )


def _fill_documents(
    settings: Settings, own: Settings, plan: Plan, outcome: Outcome, progress: Progress, stack: ExitStack
) -> None:
    target = stack.enter_context(documents_crud.opened(own))
    if plan.documents:
        location = asyncio.run(_location(settings, plan.documents))
        # With the recovered server: the one in use may be gone.
        work = documents_service.copy_archived(own, location, target, progress)
        outcome.copied, outcome.documents_of = asyncio.run(work)
    else:
        stack.enter_context(_live_documents(settings))
        source = stack.enter_context(documents_crud.opened(settings))
        outcome.copied = documents_service.copy_live(source, target, progress)
    documents_service.remove_after(target, plan.dated, plan.until, outcome.copied)
    if outcome.documents_of is not None and outcome.documents_of < plan.until:
        documents_service.end_pending(target, plan.pending, plan.until, outcome.copied)


@contextmanager
def _live_documents(settings: Settings) -> Iterator[None]:
    """MongoDB as it is now, started if nothing runs it."""
    if not (settings.data_dir.resolve() / "mongo").is_dir():
        raise ServerFailed(
            f"{settings.data_dir.resolve() / 'mongo'} is gone: name the backup that MongoDB is to be taken from with --documents"
        )
    servers = EmbeddedServers(settings.data_dir, ["mongo"])
    try:
        servers.start()
    except AlreadyRunning:
        yield
        return
    try:
        servers.wait_ready()
        yield
    finally:
        servers.stop()


async def _location(settings: Settings, source: str) -> Location:
    if names.is_backup_id(source):
        return service.location_of(settings, await service.get_backup(settings, source))
    path = Path(source)
    if not await asyncio.to_thread(path.is_file):
        raise ServerFailed(f"{source[:200]} is neither the id of a backup nor a file.")
    return service.file_location(settings, path)


async def _end_sessions(own: Settings, plan: Plan, outcome: Outcome) -> None:
    """End all sessions in what was recovered: it does not know which of its own were ended since. And write into it what it is."""
    event = RecoveredToInstant(
        user_id=str(SYSTEM_USER_ID),
        base_id=outcome.postgres.base.base_id,
        until=plan.until.isoformat(),
    )

    async def unit(db: AsyncSession) -> None:
        await sessions.end_all_issued_before(db, clock.now(), reason=REASON)
        await emit(db, event)

    try:
        await asyncio.to_thread(migrations.upgrade, own)
    except (migrations.NewerSchema, migrations.NotPermitted) as problem:
        raise ServerFailed(f"what was recovered can't be brought to this version: {problem}") from None
    database = Database(own, name="gencharge-recovery")
    try:
        await database.run(unit)
    finally:
        await database.close()


async def _replay(own: Settings, plan: Plan, outcome: Outcome, progress: Progress) -> None:
    """What was delivered between the backup of the documents and the instant is written again."""
    if outcome.documents_of is not None and outcome.documents_of < plan.until:
        sequence, own_hash = outcome.copied.audit_head
        if sequence and not await reanchoring.is_anchored(own, sequence, own_hash):
            raise ServerFailed(
                f"the audit trail of {plan.documents} is not the one of this installation: it is another one's, or of before a recovery that sealed the trail again"
            )
        outcome.replayed = await replaying.bring_up(own, plan.listeners, outcome.documents_of, progress)


async def _prove(own: Settings, plan: Plan, outcome: Outcome) -> None:
    for proof in plan.proofs:
        holds, lines = await proof(own)
        outcome.lines += lines
        outcome.problems += [] if holds else lines
