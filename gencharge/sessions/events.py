"""What happens to sessions. `user_id` is the owner: a user or an admin, as `kind` says."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRevoked(Event):
    """A session was ended before its time, for `reason`."""

    session_id: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenReused(Event):
    """A used-up refresh token came back: it may have been copied, so its session was ended. The owner is notified."""

    session_id: str
    kind: str
