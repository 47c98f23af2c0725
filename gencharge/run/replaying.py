"""Brings a MongoDB that was restored from an older backup up to what PostgreSQL holds: replays stored events, and seals the audit trail again behind what the
backup has of it. Works with the login of the migrations, because only that one may delete anchors. Can be repeated."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gencharge.audit import reanchoring_service as reanchoring
from gencharge.audit import sealing_service as sealing
from gencharge.audit.reanchoring_service import Reanchored
from gencharge.core import faultpoints
from gencharge.core.events.events import Listener
from gencharge.core.events.replay import Progress, Replayed, replay
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.run.embedded import ServerFailed

_NO_DELAY: Final = 0.0
_PAUSE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was replayed, and what became of the audit trail; None: each of its anchors fits."""

    replayed: Replayed
    reanchored: Reanchored | None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is known to be missing."""
        return self.replayed.is_complete and (self.reanchored is None or self.reanchored.done)


async def bring_up(
    settings: Settings, listeners: Sequence[Listener], since: datetime, progress: Progress
) -> Outcome:
    """Replay what was delivered since an instant (UTC): that of the backup which MongoDB was taken from.

    Raises what `replay` raises, PyMongoError, DatabaseUnavailable, and ServerFailed while a worker seals the trail."""
    changes = {"database_url": settings.migration_url, "database_app_role": ""}
    stores = Stores.open(settings.model_copy(update=changes), name="gencharge-replay")
    try:
        replayed = await replay(stores, listeners, since, progress)
        await faultpoints.point("replay.done")
        reanchored = await _reanchored(stores, replayed)
        await faultpoints.point("replay.reanchored")
        if reanchored is not None and reanchored.done:
            while await sealing.seal(stores, delay_seconds=_NO_DELAY):
                pass
        return Outcome(replayed, reanchored)
    finally:
        await stores.close()


async def _reanchored(stores: Stores, replayed: Replayed) -> Reanchored | None:
    """Seal again; wait for the lease of a sealer that was killed. Raises ServerFailed if one is at work."""
    until = time.monotonic() + sealing.LEASE_SECONDS + _PAUSE_SECONDS
    while True:
        try:
            return await reanchoring.reanchor(stores, is_complete=replayed.is_complete)
        except sealing.SealingInterrupted:
            if time.monotonic() > until:
                raise ServerFailed(
                    "a worker seals the audit trail: stop all workers, and begin again"
                ) from None
            await asyncio.sleep(_PAUSE_SECONDS)


def lines_of(outcome: Outcome) -> Iterator[str]:
    """The outcome for a person."""
    replayed, trail = outcome.replayed, outcome.reanchored
    yield f"{replayed.events} events that were delivered since {replayed.since.isoformat()} were replayed. Nothing was sent to anybody."
    for name, count in sorted(replayed.handed_out.items()):
        yield f"  {count} to {name}"
    if replayed.stored_since is None:
        yield "No delivered event is stored (BACKUP_EVENT_DAYS), so what MongoDB lacks could not be written again."
    elif replayed.stored_since > replayed.since:
        yield (
            f"Events are stored since {replayed.stored_since.isoformat()} only: notices and audit entries of the time from {replayed.since.isoformat()} until then are "
            "missing (BACKUP_EVENT_DAYS)."
        )
    if replayed.unreadable:
        yield f"{replayed.unreadable} events are of a topic or a form that this version does not know, and were left out."
    for name, count in sorted(replayed.refused.items()):
        yield f"{name} could not take {count} of them: the log says why."
    if trail is not None and not trail.done:
        missing = f"at least {trail.missing}" if trail.missing else "some"
        yield f"The audit trail was not sealed again behind entry {trail.after.sequence}: {missing} of its entries are missing."
    elif trail is not None:
        yield (
            f"The audit trail was sealed again behind entry {trail.after.sequence}. Its head was {trail.former.sequence} with the hash {trail.former.hash}; "
            "the event audit_trail_reanchored says so, too."
        )
