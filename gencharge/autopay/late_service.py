"""What ran late because no worker ran: counted while it is caught up with, and said once, to the log and to the staff."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay.events import AutopaysLate
from gencharge.autopay.models import RunOutcome
from gencharge.autopay.settling_service import Run
from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.postgres.database import Database
from gencharge.core.values.ids import SYSTEM_USER_ID

# From when on a run counts as late. A retry is not late for its due date, but for when it was to be made.
LATE: Final = timedelta(hours=1)
log = telemetry.get_logger(__name__)


@dataclass(slots=True)
class LateRuns:
    """The late ones of some runs. `longest_seconds`: how late the latest was; `amount` in paise, of those that succeeded."""

    longest_seconds: int = 0
    amount: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many there are."""
        return self.outcomes.total()

    def add(self, run: Run) -> None:
        """Count a run, if it was late and this worker's own."""
        if run.overdue_seconds < LATE.total_seconds() or run.outcome is RunOutcome.SUPERSEDED:
            return
        self.longest_seconds = max(self.longest_seconds, run.overdue_seconds)
        self.outcomes[run.outcome.value] += 1
        self.amount += run.amount


async def report(database: Database, late: LateRuns) -> None:
    """Say it: a line of the log, and an event that becomes an alert. Nothing if nothing was late. Raises DatabaseUnavailable."""
    if not late.count:
        return
    log.warning(
        "autopays_late",
        count=late.count,
        longest_seconds=late.longest_seconds,
        outcomes=dict(late.outcomes),
    )
    event = AutopaysLate(
        user_id=str(SYSTEM_USER_ID),
        count=late.count,
        longest_seconds=late.longest_seconds,
        amount_paise=late.amount,
        outcomes=dict(late.outcomes),
    )

    async def unit(db: AsyncSession) -> None:
        await emit(db, event)

    await database.run(unit)
