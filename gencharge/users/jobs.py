"""Work on users that runs on a clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gencharge.core.background.jobs import Job
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.stores import Stores
from gencharge.users import erasure_service as erasure

# 03:10 in India.
DAILY: Final = "40 21 * * *"


def erasing(parts: Sequence[PersonalData]) -> Job:
    """The job that erases, each night, who was archived long enough ago. `parts`: what each room holds."""

    async def erase(stores: Stores) -> None:
        await erasure.erase_due(stores, parts)

    return Job("users.erase", erase, cron=DAILY)
