"""Erasing the personal data of archived customers once its retention period is over (docs/decisions/0008-erasure.md).

A row of `erasures` says when. A worker leases it for some minutes, so two workers never take the same one, and deletes it
at the end. Every room's part is idempotent, so an erasure that failed half-way is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.events.events import emit
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.users import crud
from gencharge.users.events import UserErased
from gencharge.users.models import UserStatus

BATCH: Final = 50
# Longer than a batch takes. After that another worker takes over from one that died.
LEASE_SECONDS: Final = 600.0
log = telemetry.get_logger(__name__)


class ErasureIncomplete(RuntimeError):
    """Some customers' data could not be erased yet; their rows stay due."""


async def erase_due(stores: Stores, parts: Sequence[PersonalData]) -> int:
    """Erase all users who are due, and return how many. Raises ErasureIncomplete if some could not be erased."""
    erased, postponed = 0, list[UUID]()
    try:
        while batch := await _claim(stores):
            for position, user_id in enumerate(batch):
                try:
                    await _erase(stores, parts, user_id)
                    erased += 1
                except Unavailable as error:
                    # A store that is unavailable is so for the others, too.
                    postponed.extend(batch[position:])
                    raise ErasureIncomplete(f"{len(postponed)} users wait for a store") from error
                except Exception:
                    log.exception("erasure_failed", user_id=str(user_id))
                    postponed.append(user_id)
    finally:
        if postponed:
            await stores.database.run(lambda db: crud.release_erasures(db, postponed))
        if erased:
            log.info("users_erased", users=erased)
    if postponed:
        raise ErasureIncomplete(f"{len(postponed)} users could not be erased")
    return erased


async def _claim(stores: Stores) -> list[UUID]:
    return await stores.database.run(
        lambda db: crud.claim_erasures(db, lease_seconds=LEASE_SECONDS, limit=BATCH)
    )


async def _erase(stores: Stores, parts: Sequence[PersonalData], user_id: UUID) -> None:
    for part in parts:
        if part.erase is not None:
            await part.erase(stores, user_id)
    # Last, because the other rooms may still read the user.
    await stores.database.run(lambda db: _erase_row(db, user_id))


async def _erase_row(db: AsyncSession, user_id: UUID) -> None:
    """Erase what this room holds. The row stays without personal data, because the ledger refers to it."""
    user = await crud.lock_user(db, user_id)
    if user is None or user.status != UserStatus.ARCHIVED or not await crud.delete_erasure(db, user_id):
        return
    await crud.delete_belongings(db, user_id)
    user.phone_number = user.name_key = ""
    user.name = user.email = user.status_reason = user.email_usable_from = None
    user.erased_at = user.updated_at = clock.now()
    await db.flush()
    archived_at = user.status_since.isoformat() if user.status_since else None
    await emit(db, UserErased(user_id=str(user_id), archived_at=archived_at))
