"""Who is connected to one process: taken in, counted, and let go."""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from typing import Final
from uuid import UUID

from prometheus_client import Gauge

from gencharge.core.errors import ServerBusy, ServerRestarting
from gencharge.core.settings import Settings
from gencharge.core.values.recipient import Recipient
from gencharge.live.changes import Position
from gencharge.live.clients import Client
from gencharge.live.errors import TooManyLiveConnections
from gencharge.live.schemas import TokenTaken, message_of
from gencharge.sessions.errors import AccessTokenInvalid, SecondFactorRequired, SessionEnded
from gencharge.sessions.guards import Gate

# Clients of a server that stops come back spread over so many seconds.
_SPREAD_SECONDS: Final = 5.0
_TOO_MANY_SECONDS: Final = 60
CLIENTS: Final = Gauge("gencharge_live_clients", "Live connections of this process, signed in or not")


def too_many() -> TooManyLiveConnections:
    """The refusal of a person who has enough connections."""
    return TooManyLiveConnections(retry_after_seconds=_TOO_MANY_SECONDS)


class Connections(ABC):
    """The clients of one process, by person and by session."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        self._settings = settings
        self._gate = gate
        self._clients: dict[Recipient, set[Client]] = defaultdict(set)
        self._sessions: dict[UUID, set[Client]] = defaultdict(set)
        self._count = 0
        self._stopping = False
        gate.on_end.append(self._end_session)

    @abstractmethod
    def joined(self, client: Client) -> None:
        """A client was taken in: welcome it, and send what it missed."""

    @property
    def clients(self) -> list[Client]:
        """All that are connected."""
        return [client for clients in self._clients.values() for client in clients]

    @property
    def count(self) -> int:
        """How many connections there are, signed in or not."""
        return self._count

    def check_room(self) -> None:
        """Raises ServerRestarting, ServerBusy if this process takes no more clients."""
        if self._stopping:
            raise ServerRestarting("The server is restarting. Connect again.")
        if self._count >= self._settings.live_connections:
            raise ServerBusy

    def reserve(self) -> None:
        """Count a connection, signed in or not. Raises what `check_room` raises."""
        self.check_room()
        self._count += 1
        CLIENTS.inc()

    def release(self) -> None:
        """The connection is gone."""
        self._count -= 1
        CLIENTS.dec()

    def sign_in(self, authorization: bytes, last_id: str | None) -> Client:
        """Take a client in, to be caught up. Raises NotSignedIn, AccessTokenInvalid, AccessTokenExpired, SessionEnded,
        SecondFactorRequired, TooManyLiveConnections, ServerRestarting."""
        if self._stopping:
            raise ServerRestarting("The server is restarting. Connect again.")
        principal, _ = self._gate.admit(authorization)
        if principal.second_factor_due:
            raise SecondFactorRequired
        expires_at = time.monotonic() + self._gate.seconds_left(authorization)
        client = Client(principal, expires_at, Position.parse(last_id) if last_id else None)
        if len(self._clients.get(client.recipient, ())) >= self._settings.live_connections_per_account:
            raise too_many()
        self._clients[client.recipient].add(client)
        self._sessions[client.session_id].add(client)
        self.joined(client)
        return client

    def renew(self, client: Client, authorization: bytes) -> None:
        """Take a fresh token of the same person. Raises what the gate raises; AccessTokenInvalid for somebody else's."""
        principal, _ = self._gate.admit(authorization)
        if Recipient(principal.kind, principal.user_id) != client.recipient:
            raise AccessTokenInvalid("This token is somebody else's. Open a connection of its own for it.")
        if principal.second_factor_due:
            raise SecondFactorRequired
        self._leave_session(client)
        client.session_id = principal.session_id
        self._sessions[client.session_id].add(client)
        seconds = self._gate.seconds_left(authorization)
        client.expires_at = time.monotonic() + seconds
        client.send(message_of(TokenTaken(token_expires_in_seconds=int(seconds))))

    def leave(self, client: Client) -> None:
        """The client's connection is over."""
        client.end()
        clients = self._clients[client.recipient]
        clients.discard(client)
        if not clients:
            del self._clients[client.recipient]
        self._leave_session(client)

    def stop(self) -> None:
        """End all connections: the server stops."""
        self._stopping = True
        for client in self.clients:
            client.end(ServerRestarting("The server is restarting. Connect again."))

    def reconnect_after_seconds(self) -> float:
        """When a client of a server that stops comes back: not all at the same moment."""
        return round(random.uniform(0, _SPREAD_SECONDS), 2)  # noqa: S311 - no secret

    def _leave_session(self, client: Client) -> None:
        clients = self._sessions[client.session_id]
        clients.discard(client)
        if not clients:
            del self._sessions[client.session_id]

    def _end_session(self, session_id: UUID) -> None:
        for client in list(self._sessions.get(session_id, ())):
            client.end(SessionEnded())
