"""Announces changes of notices' texts that a request left unannounced."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.background.announcing import announcing
from gencharge.core.background.jobs import Job
from gencharge.core.rooms import snapshots
from gencharge.notifications import template_crud
from gencharge.notifications.template_service import NAME


async def _refresh(db: AsyncSession) -> None:
    await snapshots.bump(db, NAME)


JOBS: Final[tuple[Job, ...]] = (
    announcing("notifications.announce_templates", template_crud.TEMPLATES, _refresh),
)
