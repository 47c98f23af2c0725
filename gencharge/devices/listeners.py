"""Drops the devices of a session that has ended: who signed out gets no more messages there."""

from __future__ import annotations

from typing import Any, Final, cast
from uuid import UUID

from gencharge.core.events.events import Envelope, Outside
from gencharge.devices import crud
from gencharge.sessions.events import RefreshTokenReused, SessionRevoked


async def drop_devices(stores: Any, batch: list[Envelope]) -> None:
    """Delete them; a second delivery finds none."""
    ended = [cast(SessionRevoked | RefreshTokenReused, envelope.event).session_id for envelope in batch]
    await crud.delete_of_sessions(stores.documents, [UUID(session_id) for session_id in ended])


SESSIONS_ENDED: Final = Outside("devices.sessions_ended", (SessionRevoked, RefreshTokenReused), drop_devices)
