"""Sealing the trail again behind the last entry that a backup of MongoDB has, when what followed it was written again from stored events.

An entry says when it was recorded, so one that is written again has another hash, and the anchors behind the last old one do not fit any more. They
are deleted, in one transaction with an event that has the head that they led to; the next run of the sealer gives the entries their places, in
the order of their events. Nothing else is forgiven: a trail that is changed, or lacks entries, is left as it is, and `verify` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.audit import crud, verification_service
from gencharge.audit.events import AuditTrailReanchored
from gencharge.audit.models import Head
from gencharge.audit.sealing_service import LEASE_SECONDS, SealingInterrupted
from gencharge.core import telemetry
from gencharge.core.events import outbox
from gencharge.core.events.events import Event, emit
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id

log = telemetry.get_logger(__name__)
LISTENER: Final = "audit.entries"


@dataclass(frozen=True, slots=True)
class Reanchored:
    """What there is. `after`: up to there the trail is as it was; `former`: the head until then; `entries`: how many are behind `after`.

    `missing`: how many entries are not there at least. `done`: the anchors behind `after` are gone, and these entries are to be sealed again."""

    after: Head
    former: Head
    entries: int
    missing: int
    done: bool


async def reanchor(stores: Stores, *, is_complete: bool) -> Reanchored | None:
    """Delete the anchors behind the last entry that is there, if the trail is whole up to it and the others were written again.

    None: every anchor fits, or something else is wrong. `is_complete`: whether the replay was; if not, nothing is done, whatever the entries add up to: events that
    wait make up for some that are missing. `stores` has to be opened with a login that may delete anchors, which that of the application
    may not. Raises SealingInterrupted while a sealer is at work, PyMongoError, DatabaseUnavailable."""
    holder = new_id()
    if not await stores.database.run(lambda db: crud.take_lease(db, holder, seconds=LEASE_SECONDS)):
        raise SealingInterrupted
    try:
        report = await verification_service.verify(stores)
        if [finding.kind for finding in report.findings] != ["truncated"]:
            return None
        places = report.findings[0].sequence - 1
        after = await stores.database.run(lambda db: crud.get_head(db, upto=places))
        entries = await crud.count_behind(stores.documents, after.sequence)
        waiting = await stores.database.run(lambda db: outbox.count_waiting(db, LISTENER, _audited()))
        missing = report.head.sequence - after.sequence - entries - waiting
        done = is_complete and missing <= 0
        outcome = Reanchored(after, report.head, entries, max(0, missing), done)
        if not done:
            return outcome

        async def unit(db: AsyncSession) -> None:
            if not await crud.renew_lease(db, holder, seconds=LEASE_SECONDS):
                raise SealingInterrupted
            await crud.delete_anchors(db, after=after.sequence)
            await emit(db, _event(outcome))

        await stores.database.run(unit)
    finally:
        await stores.database.run(lambda db: crud.renew_lease(db, holder, seconds=0))
    log.warning(
        "audit_trail_reanchored", after=after.sequence, former=report.head.sequence, hash=report.head.hash
    )
    return outcome


async def is_anchored(settings: Settings, sequence: int, own_hash: str) -> bool:
    """Whether this place of the trail was anchored with this hash in the database that the settings name. Raises DatabaseUnavailable."""
    database = Database(settings, name="gencharge-verify")
    try:
        return await database.run(lambda db: crud.get_head(db, upto=sequence)) == Head(sequence, own_hash)
    finally:
        await database.close()


def _audited() -> list[str]:
    return [topic for topic, kind in Event.registry.items() if kind.audited]


def _event(outcome: Reanchored) -> AuditTrailReanchored:
    return AuditTrailReanchored(
        user_id=str(SYSTEM_USER_ID),
        after=outcome.after.sequence,
        former_sequence=outcome.former.sequence,
        former_hash=outcome.former.hash,
        entries=outcome.entries,
    )
