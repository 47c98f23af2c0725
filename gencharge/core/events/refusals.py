"""What a listener did not take, and how that is reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from redis import exceptions as redis_errors

from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.events.events import Listener
from gencharge.core.events.outbox import Row
from gencharge.core.stores import mongo

log = telemetry.get_logger(__name__)
# Redis' errors that say "not now". Its other ones (a wrong type, bad data) are about what was sent.
_REDIS_AWAY: Final = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.ReadOnlyError,
    redis_errors.OutOfMemoryError,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Rows that a listener did not take, and why."""

    rows: list[Row]
    error: Exception

    @property
    def away(self) -> bool:
        """True if a store was away: waiting helps, and nothing is wrong with what was sent."""
        return mongo.is_away(self.error) or isinstance(
            self.error, (*_REDIS_AWAY, Unavailable, ConnectionError, TimeoutError)
        )

    @property
    def reason(self) -> str:
        """For the staff and the log, personal data masked."""
        # PostgreSQL's text takes no NUL.
        return telemetry.scrub(f"{type(self.error).__name__}: {self.error}").replace("\x00", "")[:500]


class NotYet(Exception):
    """Not handed out yet."""


def report(listener: Listener, refusal: Refusal) -> None:
    """Count and log what was not taken."""
    telemetry.EVENTS_FAILED.labels(listener.name).inc(len(refusal.rows))
    log.warning(
        "delivery_failed",
        listener=listener.name,
        event_ids=[str(row.id) for row in refusal.rows[:5]],
        events=len(refusal.rows),
        error=refusal.reason,
    )


def report_parked(listener: Listener, refusal: Refusal, count: int) -> None:
    """Count and log what the staff have to look at: it is not tried again by itself."""
    telemetry.EVENTS_PARKED.labels(listener.name).inc(count)
    log.error("delivery_parked", listener=listener.name, events=count, error=refusal.reason)
