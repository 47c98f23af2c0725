"""Which channel a recharge takes, and when a failing channel is suspended for a while.

Channels are tried by priority; those of one priority share by weight and recent success. A channel that keeps failing
is suspended (a circuit breaker, as in Nygard's Release It!): after a pause one recharge is let through as a probe. Each
process keeps its own view of a channel's health: an estimate is enough, so they need not agree. What changes is told to the
staff (`breaker_service`).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from prometheus_client import Gauge

from gencharge.channels.answers import Verdict
from gencharge.core.values import clock

REMEMBERED: Final = 50
FAILURES_TO_OPEN: Final = 5
PAUSE_SECONDS: Final = 15.0
MAX_PAUSE_SECONDS: Final = 240.0
# A channel that failed lately keeps a share, so that its recovery is noticed.
MIN_SHARE: Final = 0.05
OPEN: Final = Gauge(
    "gencharge_channel_suspended", "1 while this worker sends a channel nothing, or only a probe", ["channel"]
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as the worker knows it. Amounts in paise, the commission in basis points."""

    code: str
    operator: str
    url: str
    priority: int
    weight: int
    min_amount: int
    max_amount: int
    commission_bp: int
    is_active: bool
    secret_version: int = 1
    previous_secret_until: datetime | None = None

    def takes(self, operator: str, amount_paise: int) -> bool:
        """True if a recharge of this operator and amount may take this channel."""
        return (
            self.is_active
            and self.operator == operator
            and self.min_amount <= amount_paise <= self.max_amount
        )

    def commission_of(self, amount_paise: int) -> int:
        """Our commission on an amount, in paise, rounded down."""
        return amount_paise * self.commission_bp // 10_000


@dataclass(frozen=True, slots=True)
class BreakerChange:
    """A circuit that opened, whose probe failed, or that closed, in this process."""

    channel: str
    failures: int
    # When a probe may go out next; None: the channel works again.
    open_until: datetime | None


@dataclass(slots=True)
class _Health:
    outcomes: deque[bool] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    failures_in_a_row: int = 0
    open_until: float = 0.0
    pause: float = PAUSE_SECONDS
    probing: bool = False


class Health:
    """The health of each channel, as this process sees it."""

    def __init__(self) -> None:
        self._channels: dict[str, _Health] = {}

    def _of(self, code: str) -> _Health:
        return self._channels.setdefault(code, _Health())

    def success_rate(self, code: str) -> float:
        """The share of the last calls that were answered; 1.0 if there were none."""
        outcomes = self._of(code).outcomes
        return sum(outcomes) / len(outcomes) if outcomes else 1.0

    def is_open(self, code: str) -> bool:
        """True while the circuit is open: the channel gets no recharges."""
        health = self._of(code)
        if health.failures_in_a_row < FAILURES_TO_OPEN:
            return False
        return health.probing or clock.now().timestamp() < health.open_until

    def begin(self, code: str) -> None:
        """Record that a submission starts. After a pause it is the probe, and the channel stays open until its outcome."""
        health = self._of(code)
        if health.failures_in_a_row >= FAILURES_TO_OPEN:
            health.probing = True

    def record(self, code: str, verdict: Verdict) -> BreakerChange | None:
        """Record the outcome of a call, and say what it changed. A refusal is an answer: the channel works."""
        health = self._of(code)
        health.probing = False
        answered = verdict not in {Verdict.UNKNOWN, Verdict.NOT_SENT}
        health.outcomes.append(answered)
        if answered:
            was_open = health.failures_in_a_row >= FAILURES_TO_OPEN
            health.failures_in_a_row = 0
            health.pause = PAUSE_SECONDS
            OPEN.labels(code).set(0)
            return BreakerChange(code, 0, None) if was_open else None
        health.failures_in_a_row += 1
        if health.failures_in_a_row < FAILURES_TO_OPEN:
            return None
        OPEN.labels(code).set(1)
        health.open_until = clock.now().timestamp() + health.pause
        health.pause = min(2 * health.pause, MAX_PAUSE_SECONDS)
        return BreakerChange(
            code, health.failures_in_a_row, datetime.fromtimestamp(health.open_until, tz=UTC)
        )


def choose(
    channels: Iterable[Channel],
    health: Health,
    *,
    operator: str,
    amount_paise: int,
    tried: Collection[str] = (),
    dice: random.Random | None = None,
) -> Channel | None:
    """Choose the channel for a recharge, none of those `tried`; None if no channel may take it now."""
    usable = [
        channel
        for channel in channels
        if channel.takes(operator, amount_paise)
        and channel.code not in tried
        and not health.is_open(channel.code)
    ]
    if not usable:
        return None
    first = min(channel.priority for channel in usable)
    equals = [channel for channel in usable if channel.priority == first]
    shares = [channel.weight * max(MIN_SHARE, health.success_rate(channel.code)) for channel in equals]
    return (dice or _DICE).choices(equals, weights=shares)[0]


_DICE: Final = random.Random()  # noqa: S311 - divides traffic, guards nothing
