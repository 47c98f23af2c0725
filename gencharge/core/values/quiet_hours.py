"""When promotional notices wait. TRAI, TCCCPR 2018: no promotional messages between 21:00 and 09:00 in India."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from gencharge.core.values.clock import IST
from gencharge.core.values.recipient import NotificationType


def earliest(type: NotificationType, instant: datetime, hours: tuple[time, time] | None) -> datetime:
    """The first instant (UTC) from `instant` on at which a notice of this type may be shown and sent.

    `hours` begin and end at times in India, also over midnight; their end does not belong to them. None: there are none.
    """
    if hours is None or type is not NotificationType.PROMOTIONAL:
        return instant
    begin, end = hours
    local = instant.astimezone(IST)
    is_over_midnight = begin > end
    is_quiet = (
        local.time() >= begin or local.time() < end if is_over_midnight else begin <= local.time() < end
    )
    if not is_quiet:
        return instant
    last_day = local.date() + timedelta(days=1 if is_over_midnight and local.time() >= begin else 0)
    return datetime.combine(last_day, end, IST).astimezone(UTC)
