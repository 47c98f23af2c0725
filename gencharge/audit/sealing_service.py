"""Chaining the audit trail, off the hot path: an entry is written first and gets its place in the chain later.

    hash = SHA-256(hash of the entry before || canonical JSON of the entry)

The chain's order is the order of sealing, with a sequence number of its own. Entries are sealed in the order of
their event ids, a few seconds after they happened, so that the two orders are the same in ordinary times. An entry
that came late (MongoDB was away, a delivery was retried) is sealed when it comes, after entries that happened later:
`occurred_at` says when it happened, `recorded_at` when it came, the sequence when it was sealed.

One sealer at a time: it holds a lease, a row in PostgreSQL. For each batch it writes the places into MongoDB and then
the new head as an anchor into PostgreSQL, in a transaction that fails unless the lease is still its own. Only what is
anchored counts: seals after the last anchor, which a dead or replaced sealer left, are removed first.

The head is also logged, where the owners of the databases can't change it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.audit import crud
from gencharge.audit.models import Head, link
from gencharge.core import telemetry
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id

log = telemetry.get_logger(__name__)
DELAY_SECONDS: Final = 10.0
LEASE_SECONDS: Final = 60.0
BATCH: Final = 500
MAX_BATCHES: Final = 200


class SealingInterrupted(Exception):
    """Another sealer worked on the same entries. Nothing is lost: the next run continues from the last anchor."""


async def seal(
    stores: Stores,
    *,
    delay_seconds: float = DELAY_SECONDS,
    batch: int = BATCH,
    max_batches: int = MAX_BATCHES,
) -> int:
    """Seal the entries that are older than `delay_seconds`, and return their number.

    0 while another sealer holds the lease. Raises SealingInterrupted, PyMongoError, DatabaseUnavailable.
    """
    holder = new_id()
    if not await stores.database.run(lambda db: crud.take_lease(db, holder, seconds=LEASE_SECONDS)):
        return 0
    try:
        return await _seal_all(
            stores, holder, delay_seconds=delay_seconds, batch=batch, max_batches=max_batches
        )
    finally:
        await stores.database.run(lambda db: crud.renew_lease(db, holder, seconds=0))


async def _seal_all(
    stores: Stores, holder: UUID, *, delay_seconds: float, batch: int, max_batches: int
) -> int:
    documents = stores.documents
    head = await stores.database.run(crud.get_head)
    left_over = await crud.remove_seals(documents, after=head.sequence)
    if left_over:
        log.warning("audit_seals_taken_back", entries=left_over, after=head.sequence)
    before = clock.now() - timedelta(seconds=delay_seconds)
    sealed = 0
    for _ in range(max_batches):
        entries = await crud.list_unsealed(documents, before=before, limit=batch)
        if not entries:
            break
        seals: list[tuple[UUID, int, str, str]] = []
        following = head
        for entry in entries:
            own = link(following.hash, entry)
            seals.append((entry["_id"], following.sequence + 1, following.hash, own))
            following = Head(following.sequence + 1, own)
        written = await crud.set_seals(documents, seals)
        if written != len(seals):
            raise SealingInterrupted
        await _anchor(stores, holder, following)
        head = following
        sealed += len(seals)
    return sealed


async def _anchor(stores: Stores, holder: UUID, head: Head) -> None:
    async def unit(db: AsyncSession) -> None:
        if not await crud.renew_lease(db, holder, seconds=LEASE_SECONDS):
            raise SealingInterrupted
        await crud.add_anchor(db, head)

    await stores.database.run(unit)
    log.info("audit_anchored", sequence=head.sequence, hash=head.hash)
