"""What autopay does when a mandate has ended."""

from __future__ import annotations

from typing import Final, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import ending_service as ending
from gencharge.autopay import topups_service as topups
from gencharge.core.events.events import Envelope, Inside
from gencharge.mandates.events import MandateEnded


async def on_ended(db: AsyncSession, envelope: Envelope) -> None:
    """Pause what would be charged to it."""
    event = cast(MandateEnded, envelope.event)
    user_id, mandate_id = UUID(event.user_id), UUID(event.mandate_id)
    await ending.pause_charged_to(db, user_id, mandate_id)
    await topups.pause_charged_to(db, user_id, mandate_id)


MANDATE_ENDED: Final = Inside("autopay-mandate-ended", (MandateEnded,), on_ended)
