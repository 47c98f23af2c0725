"""The secrets that a channel's messages are signed with, and their rotation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import crud
from gencharge.channels.errors import ChannelNotFound
from gencharge.channels.events import ChannelSecretsRotated
from gencharge.channels.models import OperatorChannel
from gencharge.channels.service import CHANNELS, secrets_for
from gencharge.channels.signing import Direction
from gencharge.channels.staff_schemas import ChannelSecretsOut
from gencharge.core.events.events import changes, emit
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.sessions.guards import Principal, within

# How long the secrets before sign and are accepted, too: time for the operator to take the new ones.
OVERLAP: Final = timedelta(hours=24)


async def rotate(db: AsyncSession, admin: Principal, code: str, *, settings: Settings) -> ChannelSecretsOut:
    """Give a channel new secrets in both directions. Raises ChannelNotFound (also outside the scope)."""
    channel = await crud.lock_channel(db, code, within(admin, OperatorChannel.operator.expression))
    if channel is None:
        raise ChannelNotFound
    now = clock.now()
    before = channel.secret_version
    channel.secret_version = before + 1
    channel.previous_secret_until = until = now + OVERLAP
    channel.updated_at = now
    await db.flush()
    await snapshots.bump(db, CHANNELS)
    event = ChannelSecretsRotated(
        user_id=str(SYSTEM_USER_ID),
        channel_id=code,
        operator=channel.operator,
        changes=changes({"version": before}, {"version": channel.secret_version}),
    )
    await emit(db, event)
    return ChannelSecretsOut(
        channel=code,
        requests_key=_newest(settings, code, Direction.REQUESTS, channel.secret_version),
        callbacks_key=_newest(settings, code, Direction.CALLBACKS, channel.secret_version),
        previous_until=until,
    )


def _newest(settings: Settings, code: str, direction: Direction, version: int) -> str:
    until: datetime | None = None
    return secrets_for(settings, code, direction, version, until)[0]
