"""Tells the staff which channels are suspended, whichever process does it.

A circuit breaker lives in the memory of a worker, or of an API process that asks for bills (`routing.Health`). What changes is written
down here: seldom, never on the way of a recharge that works. A process that dies closes nothing; its row expires.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import breaker_crud, crud
from gencharge.channels.events import ChannelSuspended
from gencharge.channels.routing import BreakerChange
from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.postgres.database import Database
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id

# Without a recharge there is no probe, so for so long after its pause a breaker still counts as open.
GRACE: Final = timedelta(minutes=10)
# A channel that fails and recovers in turn is told of once in so long.
ALERT_AGAIN: Final = timedelta(minutes=15)
RETENTION: Final = timedelta(days=1)
log = telemetry.get_logger(__name__)


class Publisher:
    """Writes down what changes in the breakers of this process."""

    def __init__(self) -> None:
        self.process = new_id()

    async def publish(self, database: Database, change: BreakerChange | None) -> None:
        """Write a change down. Without PostgreSQL it is lost: a call to an operator does not fail for it."""
        if change is None:
            return
        try:
            await database.run(lambda db: note(db, self.process, change))
        except Exception as error:
            log.warning("breaker_not_published", channel=change.channel, error=type(error).__name__)


async def note(db: AsyncSession, process: UUID, change: BreakerChange) -> None:
    """Write down what changed in a process, and announce a channel that was not suspended in any."""
    channel = await crud.lock_channel(db, change.channel)
    if channel is None:
        return
    if change.open_until is None:
        await breaker_crud.set_closed(db, change.channel, process)
        return
    now = clock.now()
    rows = await breaker_crud.list_open(db, change.channel)
    own = next((row for row in rows if row.process == process), None)
    await breaker_crud.put_open(
        db,
        change.channel,
        process,
        opened_at=own.opened_at if own is not None else now,
        open_until=change.open_until,
        expires_at=change.open_until + GRACE,
        failures=change.failures,
    )
    told_at = await breaker_crud.find_last_alert(db, change.channel)
    if rows or (told_at is not None and told_at > now - ALERT_AGAIN):
        return
    await breaker_crud.set_alerted(db, change.channel, process)
    await emit(
        db,
        ChannelSuspended(
            user_id=str(SYSTEM_USER_ID),
            channel_id=change.channel,
            operator=channel.operator,
            failures=change.failures,
        ),
    )


async def delete_expired(stores: Stores) -> None:
    """Delete the breakers of processes that ended long ago."""
    await stores.database.run(lambda db: breaker_crud.delete_expired(db, before=clock.now() - RETENTION))
