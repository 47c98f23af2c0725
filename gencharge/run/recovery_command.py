"""`gencharge backup restore --until` and `gencharge backup base`: recovery to a point in time, from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from pydantic import TypeAdapter, ValidationError

from gencharge.run.terminal import err, out

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

_SHOWN = 20


def instant_of(text: str, option: str = "--until") -> datetime:
    """An instant as a person wrote it, in UTC. Raises typer.BadParameter for what is not RFC 3339."""
    from gencharge.core.values.instants import Instant

    adapter: TypeAdapter[datetime] = TypeAdapter(Instant)
    try:
        return adapter.validate_python(text)
    except ValidationError:
        raise typer.BadParameter(
            "give an instant with its zone (RFC 3339), such as 2026-11-20T12:00:00Z", param_hint=option
        ) from None


def restore_until(
    settings: Settings, progress: Callable[[str, int], None], *, until: str, into: Path | None, documents: str
) -> int:
    """Recover everything to an instant, and print how it is taken into use. Returns the exit code: 1 if what was recovered is not whole."""
    instant = instant_of(until)
    with _problems():
        from gencharge import wiring
        from gencharge.run import recovery

        folder = (into or recovery.folder_for(settings, instant)).resolve()
        plan = recovery.Plan(
            instant,
            folder,
            documents,
            dated=wiring.DATED_DOCUMENTS,
            pending=wiring.PENDING_DOCUMENTS,
            listeners=wiring.LISTENERS,
            proofs=wiring.PROOFS,
        )
        outcome = recovery.recover(settings, plan, progress)
        for line in outcome.lines:
            out.print(line)
        for line in _about(settings, folder, instant, outcome):
            out.print(line)
        for line in outcome.problems[:_SHOWN]:
            out.print(f"FAIL  {line}")
        out.print("It is not whole: look at it before you use it." if outcome.problems else "It is whole.")
        return 1 if outcome.problems else 0


def make_base(settings: Settings, progress: Callable[[str, int], None]) -> int:
    """Make a base backup, and delete what is not kept any more. Returns the exit code."""
    with _problems():
        from gencharge.backups import base_service

        base = base_service.create(settings, progress)
        out.print(
            f"{base.base_id}: {base.size_bytes / 1e6:.1f} MB. From {base.finished_at:%Y-%m-%dT%H:%M:%SZ} on each instant can be reached."
        )
        gone, segments = base_service.prune(settings)
        for each in gone:
            out.print(f"{each.base_id} was deleted")
        if segments:
            out.print(f"{segments} segments of the log were deleted")
        return 0


def fetch_log(settings: Settings, progress: Callable[[str, int], None]) -> int:
    """Bring the archive back from its copy in the bucket, and print to which instants it leads. Returns the exit code."""
    with _problems():
        from gencharge.backups import wal_copies_service
        from gencharge.run.embedded import wal
        from gencharge.run.embedded.ownership import server_account

        count = asyncio.run(wal_copies_service.fetch(settings, progress))
        assert settings.backup_wal_dir is not None, "else it was refused"
        # PostgreSQL's user reads it.
        wal.own(settings.backup_wal_dir.resolve(), server_account(settings.data_dir.resolve()))
        out.print(f"{count} files were fetched.")
        show_reachable(settings)
        return 0


def show_reachable(settings: Settings) -> None:
    """Print to which instants the archive leads, if there is one."""
    if settings.backup_wal_dir is None or settings.database_url:
        return
    from gencharge.backups import wal_archive

    archive = settings.backup_wal_dir
    spans = wal_archive.spans_of(wal_archive.list_bases(archive), wal_archive.list_segments(archive))
    for line in wal_archive.describe(spans):
        out.print(f"any instant from {line}")
    if not spans:
        out.print("No instant can be reached yet: `gencharge backup base` makes a base backup.")


@contextmanager
def _problems() -> Iterator[None]:
    """Turn a problem with the archive into one line and exit code 1."""
    from gencharge.core.errors import Problem

    try:
        yield
    except Problem as problem:
        err.print(problem.detail)
        raise typer.Exit(1) from None


def replay_events(settings: Settings, progress: Callable[[str, int], None], *, since: str) -> int:
    """Write again into MongoDB what stored events tell of. Returns the exit code: 1 if something is missing."""
    instant = instant_of(since, "--since")
    with _problems():
        from gencharge import wiring
        from gencharge.run import replaying

        outcome = asyncio.run(replaying.bring_up(settings, wiring.LISTENERS, instant, progress))
        for line in replaying.lines_of(outcome):
            out.print(line)
        return 0 if outcome.is_complete else 1


def _about_documents(outcome: Any) -> Iterator[str]:
    """What was done about documents that are older than the instant."""
    from gencharge.run import replaying

    yield f"The documents are a backup's, of {outcome.documents_of.isoformat()}."
    yield from replaying.lines_of(outcome.replayed)
    done = ", ".join(f"{count} of {name}" for name, count in outcome.copied.done.items() if count)
    if done:
        yield f"What waited in the backup was done since, and is not done again: {done}."
    yield (
        "As in the backup, without what was changed after it: what customers viewed and deleted in their inboxes, content, announcements, notice templates, enquiries, "
        "devices, the state of messages. Reminders of a low balance are not written again."
    )


def _about(settings: Settings, folder: Path, instant: datetime, outcome: Any) -> Iterator[str]:
    data = settings.data_dir.resolve()
    last = outcome.postgres.last_at
    yield f"PostgreSQL is as it was at {instant.isoformat()}" + (
        f"; its last transaction is of {last}." if last else "."
    )
    removed = ", ".join(f"{count} of {name}" for name, count in outcome.copied.removed.items() if count)
    yield f"MongoDB: {outcome.copied.documents} documents" + (
        f", without those that came later ({removed})." if removed else "; none came later."
    )
    if outcome.replayed is not None:
        yield from _about_documents(outcome)
    yield f"It is in {folder}, which nothing uses yet. To use it, stop everything, and then:"
    for store in ("postgres", "mongo"):
        yield f"  mv {data / store} {data / store}.before && mv {folder / store} {data / store}"
    yield "Start again, and make a base backup: `gencharge backup base`. All sessions have ended. What was paid since, reconcile."
