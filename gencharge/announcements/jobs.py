"""Announces changes of announcements that a request left unannounced."""

from __future__ import annotations

from typing import Final

from gencharge.announcements import crud
from gencharge.core.background.announcing import announcing
from gencharge.core.background.jobs import Job

JOBS: Final[tuple[Job, ...]] = (announcing("announcements.announce", crud.ANNOUNCEMENTS),)
