"""Who is in a target group, and who of them is left out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gencharge.campaigns.staff_schemas import Target


@dataclass(frozen=True, slots=True)
class Profile:
    """What a target group is chosen by. `spend`: paise, of the days that the target names."""

    user_type: str
    operator: str | None
    circle: str | None
    registered_at: datetime
    last_recharge_at: datetime | None
    spend: int
    # By recency, frequency and money; None: never recharged.
    segment: str | None


def matches(target: Target, profile: Profile, now: datetime) -> bool:
    """Whether all filters hold. A number whose operator or circle is unknown meets no filter on it."""
    last = profile.last_recharge_at
    return all(
        (
            not target.user_types or profile.user_type in target.user_types,
            not target.operators or profile.operator in target.operators,
            not target.circles or profile.circle in target.circles,
            _since(target.registered_within_days, profile.registered_at, now),
            target.recharged is None or target.recharged == (last is not None),
            _since(target.last_recharge_within_days, last, now),
            target.last_recharge_before_days is None
            or (last is not None and last <= now - timedelta(days=target.last_recharge_before_days)),
            not target.segments or profile.segment in target.segments,
            target.min_spend is None or profile.spend >= target.min_spend.paise,
            target.max_spend is None or profile.spend <= target.max_spend.paise,
        )
    )


def _since(days: int | None, instant: datetime | None, now: datetime) -> bool:
    return days is None or (instant is not None and instant >= now - timedelta(days=days))


def is_control(campaign_id: UUID, user_id: UUID, percent: int) -> bool:
    """Whether the customer is left out: always the same answer, and in each campaign another draw."""
    digest = hashlib.sha256(campaign_id.bytes + user_id.bytes).digest()
    return int.from_bytes(digest[:8], "big") % 100 < percent
