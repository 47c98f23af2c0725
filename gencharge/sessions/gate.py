"""The gate: what one API process remembers about tokens, so that a guarded request asks no store.

Three things: the tokens that it has already verified, the sessions that ended while their access tokens may still be
valid, and the instant before which no token counts. Verified tokens are bounded by number; an ended session is kept for as long as any token can live.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Final
from uuid import UUID

from fastapi import FastAPI

from gencharge.core.rooms.process import OnePerApp
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.sessions.errors import AccessTokenExpired, AccessTokenInvalid, NotSignedIn, SessionEnded
from gencharge.sessions.tokens import LEEWAY_SECONDS, MAX_LIFETIME_SECONDS, Keyring, Principal

MAX_VERIFIED: Final = 8_192
_SCHEME: Final = b"bearer "


class Gate(OnePerApp):
    """One per application."""

    def __init__(self, settings: Settings) -> None:
        self.keys = Keyring(settings)
        # A second factor that is older must be verified again.
        self.step_up_seconds = settings.step_up_minutes * 60
        # Principal, when it runs out by the wall clock, the same by the monotonic one, and the id as text.
        self._verified: dict[bytes, tuple[Principal, float, float, str]] = {}
        self._ended: dict[UUID, float] = {}
        # Called with each session that ends, at once: what outlives a request asks no gate again.
        self.on_end: list[Callable[[UUID], None]] = []
        # Role name -> what it allows. The admins' watcher fills it; until then nothing is allowed.
        self.grants: Mapping[str, frozenset[str]] = {}
        # Set when the watcher has read which sessions ended.
        self.informed = asyncio.Event()
        # Tokens that were issued before this instant (seconds since 1970) are refused: a restore in place ended all sessions.
        self._issued_from = 0.0

    @classmethod
    def open(cls, app: FastAPI) -> Gate:
        """A gate with the application's keys."""
        return cls(app.state.settings)

    def replace_keys(self, settings: Settings) -> None:
        """Take new keys; what was verified with the old ones is verified again."""
        self.keys = Keyring(settings)
        self._verified.clear()

    def admit(self, authorization: bytes) -> tuple[Principal, str]:
        """The principal of this Authorization header, and its id as text.

        Raises NotSignedIn, AccessTokenInvalid, AccessTokenExpired, SessionEnded.
        """
        entry = self._verified.get(authorization) or self._verify(authorization)
        principal, expires, ends, actor_id = entry
        pinned = clock.pinned()
        # The monotonic clock: a wall clock that is set back does not let a known token live longer.
        if ends <= time.monotonic() if pinned is None else expires <= pinned.timestamp():
            self._verified.pop(authorization, None)
            raise AccessTokenExpired
        if principal.session_id in self._ended or principal.issued_at < self._issued_from:
            raise SessionEnded
        return principal, actor_id

    def seconds_left(self, authorization: bytes) -> float:
        """How long this header, which was admitted a moment ago, will be."""
        entry = self._verified.get(authorization)
        return entry[2] - time.monotonic() if entry is not None else 0.0

    def _verify(self, authorization: bytes) -> tuple[Principal, float, float, str]:
        if authorization[:7].lower() != _SCHEME:
            raise NotSignedIn
        try:
            token = authorization[7:].strip().decode("ascii")
        except UnicodeDecodeError:
            raise AccessTokenInvalid from None
        principal, expires = self.keys.verify(token)
        if len(self._verified) >= MAX_VERIFIED:
            # Drop the oldest half at once; a token that is still in use is verified again.
            for oldest in list(islice(self._verified, MAX_VERIFIED // 2)):
                del self._verified[oldest]
        ends = time.monotonic() + expires - clock.now().timestamp()
        entry = self._verified[authorization] = (principal, expires, ends, str(principal.user_id))
        return entry

    def end(self, session_ids: Iterable[UUID]) -> None:
        """Refuse these sessions' access tokens from now on."""
        until = time.monotonic() + self.memory_seconds
        for session_id in session_ids:
            if session_id not in self._ended:
                self._ended[session_id] = until
                for callback in self.on_end:
                    callback(session_id)

    def end_issued_before(self, instant: float) -> None:
        """Refuse all access tokens that were issued before then (seconds since 1970)."""
        self._issued_from = max(self._issued_from, instant)

    def forget_expired(self) -> None:
        """Drop the ended sessions whose last access token has run out by itself."""
        now = time.monotonic()
        for session_id in [ended_id for ended_id, until in self._ended.items() if until < now]:
            del self._ended[session_id]

    @property
    def memory_seconds(self) -> int:
        """How long an ended session is remembered: the longest life of a token, and some for skewed clocks.

        Not the life that is configured here: another process, or this one before a restart, may have signed tokens
        that live longer.
        """
        return MAX_LIFETIME_SECONDS + 2 * LEEWAY_SECONDS
