"""Builders for the tests of live connections: a real server on this loop, and clients that speak to it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gencharge.api.main import create_app
from gencharge.core.events.events import Event, emit
from gencharge.core.events.relay import Relay
from gencharge.core.http.protocol import Connection, Limits
from gencharge.core.http.websocket import MAX_MESSAGE_BYTES, WebSocketConnection
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.recipient import Recipient
from gencharge.live.listeners import PASS_ON
from gencharge.live.service import Hub
from gencharge.notifications.listeners import NOTICES, STAFF_ALERTS
from tests.make.factories import token_for
from tests.make.notifications import recharged
from tests.make.sessions import DEAD_REDIS

PATH = "/v1/notifications/ws"
STREAM = "/v1/notifications/stream"


@dataclass
class Served:
    """An application behind a real server."""

    app: FastAPI
    settings: Settings
    port: int

    @property
    def stores(self) -> Stores:
        """Its own stores."""
        stores: Stores = self.app.state.stores
        return stores

    @property
    def hub(self) -> Hub:
        """Its clients."""
        return Hub.of(self.app)

    def token(self, user_id: UUID, **claims: Any) -> str:
        """An access token."""
        return token_for(self.settings, user_id, **claims)

    async def open(self, path: str = PATH, **options: Any) -> ClientConnection:
        """A WebSocket, not signed in yet."""
        return await connect(
            f"ws://127.0.0.1:{self.port}{path}", compression=None, proxy=None, open_timeout=10, **options
        )

    async def join(self, user_id: UUID, last_id: str | None = None, **claims: Any) -> Live:
        """A signed-in client that has read its welcome."""
        websocket = await self.open()
        frame = {"token": self.token(user_id, **claims)} | ({"last_id": last_id} if last_id else {})
        await websocket.send(json.dumps(frame))
        live = Live(websocket)
        live.welcome = await live.next("welcome")
        return live

    @asynccontextmanager
    async def stream(
        self, user_id: UUID, path: str = STREAM, claims: Mapping[str, Any] | None = None, **headers: str
    ) -> AsyncIterator[Events]:
        """Server-sent events of a signed-in client."""
        url = f"http://127.0.0.1:{self.port}{path}"
        authorization = {"Authorization": f"Bearer {self.token(user_id, **(claims or {}))}"}
        async with (
            httpx.AsyncClient(trust_env=False, timeout=20) as client,
            client.stream("GET", url, headers=authorization | headers) as answer,
        ):
            assert answer.status_code == 200, await answer.aread()
            yield Events(answer)

    async def announce(self, *happened: Event) -> None:
        """Emit these events, write their notices and pass them on."""
        await self.stores.database.run(lambda db: emit(db, *happened))
        await Relay(self.stores, [NOTICES, STAFF_ALERTS, PASS_ON]).drain()

    async def recharge(self, user_id: UUID, name: str) -> None:
        """Announce a recharge with a plan of this name: it is in the notice."""
        await self.announce(recharged(user_id=str(user_id), plan_name=name))


class Live:
    """A WebSocket client that is signed in."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.welcome: dict[str, Any] = {}

    async def next(self, *kinds: str) -> dict[str, Any]:
        """The next message of one of these types, or of any."""
        async with asyncio.timeout(10):
            while True:
                message: dict[str, Any] = json.loads(await self.websocket.recv())
                if not kinds or message["type"] in kinds:
                    return message

    async def end(self) -> tuple[dict[str, Any] | None, int, str]:
        """The `end` message, if one comes, and the code and reason of the close frame."""
        message = None
        async with asyncio.timeout(20):
            while True:
                try:
                    latest = json.loads(await self.websocket.recv())
                    message = latest if latest["type"] == "end" else message
                except ConnectionClosed as closed:
                    frame = closed.rcvd
                    return message, frame.code if frame else 1006, frame.reason if frame else ""

    async def close(self) -> None:
        """Go."""
        await self.websocket.close()


class Events:
    """The events of a stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def next(self, *kinds: str) -> dict[str, Any]:
        """The data of the next event of one of these types, or of any, with its id as `event_id`."""
        async with asyncio.timeout(10):
            fields: dict[str, str] = {}
            async for line in self._lines:
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                    continue
                if "data" in fields and (not kinds or fields["event"] in kinds):
                    return {**json.loads(fields["data"]), "event_id": fields.get("id")}
                fields = {}
        raise EOFError("the stream has ended")


@asynccontextmanager
async def serving(settings: Settings, **overrides: Any) -> AsyncIterator[Served]:
    """The application on a port of its own, on this loop, with the protocols that `gencharge serve` uses."""
    settings = settings.model_copy(update=overrides)
    app = create_app(settings)
    limits = Limits.of(settings)
    http: Any = partial(Connection, limits=limits)
    websocket: Any = partial(WebSocketConnection, limits=limits)
    config = uvicorn.Config(
        app,
        http=http,
        ws=websocket,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            served = Served(app, settings, listener.getsockname()[1])
            await in_time(lambda: served.hub.ready or settings.redis_url == DEAD_REDIS)
            yield served
        finally:
            served.hub.stop()
            server.should_exit = True
            await task


async def in_time(done: Any, seconds: float = 10) -> None:
    """Return when it is true; fails after some seconds."""
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.01)


def user(user_id: UUID) -> Recipient:
    """A customer as a recipient."""
    return Recipient("user", user_id)
