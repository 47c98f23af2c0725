"""The staff who watch today's figures: one look a second for all of them, whatever they may see of it."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import service as analytics
from gencharge.core import stopping, telemetry
from gencharge.core.errors import Problem, Unavailable
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.settings import Settings
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.wording import worded
from gencharge.live.clients import Client, Message
from gencharge.live.connections_service import Connections
from gencharge.live.schemas import HEARTBEAT_SECONDS, Heartbeat, Welcome, message_of
from gencharge.live.today import Others, Today
from gencharge.sessions.errors import AccessTokenExpired, PermissionDenied
from gencharge.sessions.guards import Action, Gate, Principal, Requires, Resource

LOOK_SECONDS: Final = 1.0
_OTHERS_SECONDS: Final = 10.0
_NEEDED: Final = Requires(Resource.ANALYTICS, Action.READ, scoped=True).permission
log = telemetry.get_logger(__name__)


class Watchers(Connections, OnePerApp):
    """One per application."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        super().__init__(settings, gate)
        self._today = Today()
        self._others: Others | None = None
        self._others_at = -_OTHERS_SECONDS
        self._admins: dict[Client, Principal] = {}
        # What each client was sent last, and when.
        self._sent: dict[Client, tuple[str, float]] = {}
        # How often the figures were read, for tests.
        self.looks = 0

    @classmethod
    def open(cls, app: FastAPI) -> Watchers:
        """Without clients."""
        return cls(app.state.settings, Gate.of(app))

    def joined(self, client: Client) -> None:
        """Welcome the client; the next look brings the figures."""
        seconds = max(0, int(client.expires_at - time.monotonic()))
        client.catching_up = False
        client.send(message_of(Welcome(id=None, token_expires_in_seconds=seconds)))

    def watch(self, admin: Principal, authorization: bytes) -> Client:
        """Take an admin in who may read analytics. Raises what `sign_in` raises."""
        client = self.sign_in(authorization, None)
        self._admins[client] = admin
        return client

    def leave(self, client: Client) -> None:
        """The client's connection is over."""
        super().leave(client)
        self._admins.pop(client, None)
        self._sent.pop(client, None)

    async def run(self, stores: Stores) -> None:
        """Look once a second while somebody watches, until cancelled."""
        forget = stopping.on_stop(self.stop)
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                try:
                    await self.look(stores)
                except Exception as error:
                    raise_if_cancelled()
                    if not isinstance(error, Unavailable):
                        log.exception("live_figures_failed")
        finally:
            forget()
            self.stop()

    async def look(self, stores: Stores) -> None:
        """One look, and what it shows to each client. Raises DatabaseUnavailable; then the clients keep what they have."""
        for client, admin in list(self._admins.items()):
            if (problem := self._reason_to_end(client, admin)) is not None:
                client.end(problem)
        watching = [client for client in self._admins if not client.ended]
        if not watching:
            self._today.forget()
            return
        await self._read(stores)
        now, at = time.monotonic(), clock.now()
        texts: dict[tuple[str, ...], tuple[Message, str]] = {}
        for client in watching:
            scope = tuple(sorted(self._admins[client].operator_scope)) if client in self._admins else None
            if scope is None:
                continue
            if scope not in texts:
                out = self._today.message(at, scope, self._others)
                # An instant alone is no news.
                texts[scope] = message_of(out), out.model_dump_json(exclude={"counted_at"})
            self._tell(client, *texts[scope], now)

    def _tell(self, client: Client, message: Message, content: str, now: float) -> None:
        last, sent_at = self._sent.get(client, ("", now))
        if content != last:
            client.send(message)
        elif now - sent_at >= HEARTBEAT_SECONDS:
            client.send(message_of(Heartbeat(id=None)))
        else:
            return
        self._sent[client] = content, now

    def _reason_to_end(self, client: Client, admin: Principal) -> Problem | None:
        if client.expired:
            return AccessTokenExpired()
        if _NEEDED not in self._gate.grants.get(admin.role, frozenset()):
            return PermissionDenied(
                worded("Your role does not allow {permission} any more.", permission=_NEEDED)
            )
        return None

    async def _read(self, stores: Stores) -> None:
        day = clock.now().astimezone(clock.IST).date()
        began = time.monotonic()
        with_others = began - self._others_at >= _OTHERS_SECONDS

        async def unit(db: AsyncSession) -> None:
            self._today.add(time.monotonic(), day, await analytics.counted_on(db, day))
            if with_others:
                self._others = Others(*await analytics.others_on(db, day))

        await stores.database.run(unit)
        self.looks += 1
        if with_others:
            self._others_at = began


async def watch(app: FastAPI, stores: Stores) -> None:
    """Keep those who watch the figures up to date for as long as the process runs."""
    await Watchers.of(app).run(stores)
