"""When a request is sent again, and after how long. Pure: nothing here sends or waits."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import httpx

# Sent twice, these have the same effect as sent once.
_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_REFUSED_FOR_NOW: Final = frozenset({429, 503})
# The same key is being worked on: its answer comes soon.
_IN_PROGRESS: Final = "idempotency_in_progress"


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is tried, and how long is waited in between, in seconds.

    A request is sent again after a failure of the network, 429 and 503, if sending it twice can do no harm: a read, a
    replacement, a deletion, or a POST with an `Idempotency-Key`, which goes again with the same key. Any other request is sent
    again only if it was refused with 429, or if no connection was made.
    """

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 30.0

    def wait(
        self, outcome: httpx.Response | httpx.TransportError, *, attempt: int, request: httpx.Request
    ) -> float | None:
        """Seconds until the next try; None if there is none. `attempt` counts from 1."""
        if attempt >= self.attempts or not self._may_repeat(outcome, request):
            return None
        if isinstance(outcome, httpx.Response):
            asked = _retry_after(outcome)
            if asked is not None:
                # Earlier than asked for, it would be refused again.
                return asked if asked <= self.longest_wait else None
        # Half of it is random, so that many clients don't come back at the same time.
        whole = min(self.first_wait * 2.0 ** (attempt - 1), self.longest_wait)
        return whole * (0.5 + random.random() / 2)  # noqa: S311

    def _may_repeat(self, outcome: httpx.Response | httpx.TransportError, request: httpx.Request) -> bool:
        harmless = request.method in _REPEATABLE or "idempotency-key" in request.headers
        if isinstance(outcome, httpx.TransportError):
            return harmless or isinstance(outcome, httpx.ConnectError | httpx.ConnectTimeout)
        if outcome.status_code == 409:
            return _code(outcome) == _IN_PROGRESS
        return outcome.status_code == 429 or (harmless and outcome.status_code in _REFUSED_FOR_NOW)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds; the API always sends a number, never a date."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None


def _code(response: httpx.Response) -> str | None:
    try:
        problem = response.json()
    except ValueError:
        return None
    return problem.get("code") if isinstance(problem, dict) else None
