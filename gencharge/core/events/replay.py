"""Replays delivered events to the listeners that write into MongoDB, after it was restored from a backup that is older than PostgreSQL.

What MongoDB has stays as it is, because each effect has the event's id as its key. So a replay that was cut off is begun again from its
beginning, and nothing is there twice. Nothing is sent to anybody: a listener's `replay` writes into MongoDB and does nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gencharge.core import faultpoints, telemetry
from gencharge.core.events import delivered, outbox
from gencharge.core.events.delivered import Stored
from gencharge.core.events.events import Envelope, Listener, Outside
from gencharge.core.events.outbox import Row
from gencharge.core.events.refusals import Refusal
from gencharge.core.stores.stores import Stores

log = telemetry.get_logger(__name__)
Progress = Callable[[str, int], None]
STAGE: Final = "events"


@dataclass(slots=True)
class Replayed:
    """What was replayed. `events`: how many, one that was delivered twice counts twice; `handed_out`: of these to each listener.

    `stored_since`: since when each delivered event is stored (UTC); None: none is. `unreadable`: events of a topic or a form that this version
    does not know; `refused`: events that a listener could not take."""

    since: datetime
    stored_since: datetime | None = None
    events: int = 0
    unreadable: int = 0
    handed_out: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def is_complete(self) -> bool:
        """Whether everything that was delivered since the instant was there, and was replayed."""
        reaches = self.stored_since is not None and self.stored_since <= self.since
        return reaches and not self.unreadable and not self.refused


async def replay(
    stores: Stores, listeners: Sequence[Listener], since: datetime, progress: Progress
) -> Replayed:
    """Replay what was delivered since an instant (UTC). Can be repeated, and continued by a repetition.

    Raises what `delivered.iterate` raises, and what a listener raises whose store is away."""
    replaying = [one for one in listeners if isinstance(one, Outside) and one.replay is not None]
    outcome = Replayed(since, await stores.database.run(delivered.get_since))
    async for batch in delivered.iterate(stores.database, since):
        rows = [row for stored in batch if (row := _read(stored, outcome)) is not None]
        for listener in replaying:
            envelopes = [row.envelope for row in rows if row.envelope and row.concerns(listener)]
            if envelopes:
                await _hand_out(stores, listener, envelopes, outcome)
        outcome.events += len(batch)
        progress(STAGE, outcome.events)
        await faultpoints.point("replay.batch", str(outcome.events))
    log.info(
        "events_replayed", events=outcome.events, since=since.isoformat(), is_complete=outcome.is_complete
    )
    return outcome


def _read(stored: Stored, outcome: Replayed) -> Row | None:
    try:
        row = outbox.read(stored)
    except KeyError:
        outcome.unreadable += 1
        return None
    outcome.unreadable += row.envelope is None
    return row


async def _hand_out(
    stores: Stores, listener: Outside, envelopes: Sequence[Envelope], outcome: Replayed
) -> None:
    """Give events to a listener, all at once; if it refuses that, one by one, so that the others are not lost with one."""
    assert listener.replay is not None, "only those that have one are asked"
    try:
        await listener.replay(stores, list(envelopes))
    except Exception as error:
        if Refusal([], error).away:
            raise
        if len(envelopes) > 1:
            for envelope in envelopes:
                await _hand_out(stores, listener, [envelope], outcome)
            return
        outcome.refused[listener.name] += 1
        log.warning(
            "replay_refused",
            listener=listener.name,
            event_id=str(envelopes[0].id),
            error=Refusal([], error).reason,
        )
    else:
        outcome.handed_out[listener.name] += len(envelopes)
