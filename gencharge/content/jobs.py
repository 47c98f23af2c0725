"""Announces changes of content that a request left unannounced."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.content import crud
from gencharge.content.service import NAME
from gencharge.core.background.announcing import announcing
from gencharge.core.background.jobs import Job
from gencharge.core.rooms import snapshots


async def _refresh(db: AsyncSession) -> None:
    await snapshots.bump(db, NAME)


JOBS: Final[tuple[Job, ...]] = (
    announcing("content.announce", crud.CONTENTS, _refresh),
    announcing("content.announce_pictures", crud.PICTURES),
)
