"""`/notifications/ws` and `/notifications/stream`: what happens to me, as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Header, Request, WebSocket
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from gencharge.auth.errors import ForeignOrigin
from gencharge.core import telemetry
from gencharge.core.errors import Problem, ServerBusy, ServerRestarting, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.edge import is_disconnect
from gencharge.core.http.origins import is_foreign
from gencharge.core.http.query_rules import unknown
from gencharge.core.http.websocket import WRITE_FRAME
from gencharge.live.changes import ID
from gencharge.live.clients import Client, Message
from gencharge.live.connections_service import Connections
from gencharge.live.errors import (
    BinaryFrame,
    ClientTooSlow,
    FrameInvalid,
    SignInTooLate,
    TooManyLiveConnections,
)
from gencharge.live.schemas import end_of, frame_of
from gencharge.live.service import Hub
from gencharge.sessions.errors import SecondFactorRequired
from gencharge.sessions.guards import SIGNED_IN_ERRORS, SignedIn

router = web.router("notifications")
SIGN_IN_SECONDS: Final = 10.0
# A client that takes nothing for so long is dropped.
_STALLED_SECONDS: Final = 15.0
_GOODBYE_SECONDS: Final = 1.0
# RFC 6455, section 7.4.1, where one fits; otherwise 4000 and the status of the problem.
_CLOSE_CODES: Final[dict[type[Problem], int]] = {
    ServerRestarting: 1001,
    BinaryFrame: 1003,
    FrameInvalid: 1008,
    ClientTooSlow: 1013,
    ServerBusy: 1013,
}
_SSE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events, `welcome` first.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
log = telemetry.get_logger(__name__)


def check_request(hub: Connections, headers: Headers, query: bytes, allowed: list[str]) -> None:
    """Raises ValidationFailed, ForeignOrigin, ServerBusy, ServerRestarting."""
    parameters = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    if parameters:
        raise ValidationFailed(errors=[unknown(name) for name, _ in parameters])
    if is_foreign(headers, allowed=allowed):
        raise ForeignOrigin
    hub.check_room()


@router.websocket("/ws")
async def live_websocket(websocket: WebSocket) -> None:
    """New notices, my balance and my recharges over a WebSocket. `docs/how-to/live-updates.md` describes it."""
    app = websocket.scope["app"]
    hub = Hub.of(app)
    authorization = websocket.headers.get("authorization", "").encode("latin-1")
    client: Client | None = None
    try:
        check_request(
            hub, websocket.headers, websocket.scope["query_string"], app.state.settings.cors_origins
        )
        hub.reserve()
    except Problem as problem:
        await websocket.send_denial_response(web.problem_response(problem))
        return
    try:
        if authorization:
            try:
                client = hub.sign_in(authorization, None)
            except Problem as problem:
                await websocket.send_denial_response(web.problem_response(problem))
                return
        await websocket.accept()
        problem_of_end = await _WebSocketSession(hub, websocket, client).run()
        log.debug("live_ended", code=problem_of_end.code() if problem_of_end else "client_gone")
    finally:
        hub.release()


class _WebSocketSession:
    """One WebSocket from its opening to its end."""

    def __init__(self, hub: Hub, websocket: WebSocket, client: Client | None) -> None:
        self._hub = hub
        self._websocket = websocket
        self._client = client

    async def run(self) -> Problem | None:
        """Serve it; why it ended, None if the client went."""
        receiving: asyncio.Task[None] | None = None
        problem: Problem | None = None
        try:
            if self._client is None:
                self._client = await self._sign_in()
            if self._client is None:
                return None
            receiving = asyncio.create_task(self._receive(self._client))
            self._client.write_frame = self._websocket.scope.get("extensions", {}).get(WRITE_FRAME)
            problem = await _send_all(self._client, self._send)
        except Problem as refusal:
            problem = refusal
        finally:
            if self._client is not None:
                self._hub.leave(self._client)
            if receiving is not None:
                receiving.cancel()
        if problem is not None:
            await self._end(problem)
        return problem

    async def _sign_in(self) -> Client | None:
        """The client of the first frame; None if it has gone. Raises the problem of the frame or the token."""
        try:
            async with asyncio.timeout(SIGN_IN_SECONDS):
                text = await self._text()
        except TimeoutError:
            raise SignInTooLate from None
        if text is None:
            return None
        frame = frame_of(text)
        return self._hub.sign_in(f"Bearer {frame.token}".encode(), frame.last_id)

    async def _receive(self, client: Client) -> None:
        """Fresh tokens; anything else ends the connection."""
        try:
            while True:
                text = await self._text()
                if text is None:
                    client.end()
                    return
                frame = frame_of(text)
                if frame.last_id is not None:
                    raise FrameInvalid("`last_id` belongs into the first frame.")
                self._hub.renew(client, f"Bearer {frame.token}".encode())
        except Problem as problem:
            client.end(problem)

    async def _text(self) -> str | None:
        """The next frame; None if the client has gone. Raises BinaryFrame."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        if text is None:
            raise BinaryFrame
        return text

    async def _send(self, message: Message) -> None:
        await self._websocket.send_text(message.text)

    async def _end(self, problem: Problem) -> None:
        code = _CLOSE_CODES.get(type(problem), 4000 + problem.status)
        try:
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._send(end_of(problem, _reconnect_after(self._hub, problem)))
                await self._websocket.close(code, problem.code())
        except TimeoutError:
            return
        except Exception as error:
            if not is_disconnect(error) and not isinstance(error, RuntimeError):
                raise


async def _send_all(client: Client, send: Callable[[Message], Awaitable[None]]) -> Problem | None:
    """Send what comes until the connection ends; why it does, None if the client has gone."""
    try:
        while messages := await client.take():
            for message in messages:
                async with asyncio.timeout(_STALLED_SECONDS):
                    await send(message)
    except TimeoutError:
        client.give_up()
    except Exception as error:
        if not is_disconnect(error):
            raise
        client.end()
    return client.problem


def _reconnect_after(hub: Connections, problem: Problem) -> float | None:
    """In how many seconds a client may come back; None: it would be refused again."""
    if isinstance(problem, ServerRestarting):
        return hub.reconnect_after_seconds()
    seconds = problem.headers.get("Retry-After")
    return float(seconds) if seconds else None


class EventStream(Response):
    """Server-sent events (HTML, section 9.2) until the client goes or its token runs out."""

    media_type = "text/event-stream"

    def __init__(self, hub: Connections, client: Client) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end."""
        watching: asyncio.Task[None] | None = None
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            watching = asyncio.create_task(self._watch(receive))

            async def write(message: Message) -> None:
                await send({"type": "http.response.body", "body": _event_of(message), "more_body": True})

            problem = await _send_all(self._client, write)
            if problem is not None:
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await write(end_of(problem, _reconnect_after(self._hub, problem)))
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            return
        finally:
            if watching is not None:
                watching.cancel()
            self._hub.leave(self._client)
            self._hub.release()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._client.end()


def _event_of(message: Message) -> bytes:
    lines = [] if message.position is None else [f"id: {message.position}"]
    if message.type != "heartbeat":
        lines += [f"event: {message.type}", f"data: {message.text}"]
    elif not lines:
        lines = [":"]
    return ("\n".join(lines) + "\n\n").encode()


async def _open(request: Request) -> Hub:
    hub = Hub.of(request.app)
    check_request(
        hub, request.headers, request.scope["query_string"], request.app.state.settings.cors_origins
    )
    return hub


@router.get(
    "/stream",
    summary="Live updates as server-sent events",
    status_code=200,
    response_class=EventStream,
    responses=_SSE
    | web.errors(
        *SIGNED_IN_ERRORS,
        SecondFactorRequired,
        ForeignOrigin,
        ValidationFailed,
        TooManyLiveConnections,
        ServerBusy,
        ServerRestarting,
    ),
)
async def live_notifications(
    request: Request,
    hub: Annotated[Hub, Depends(_open)],
    principal: SignedIn,
    last_event_id: Annotated[
        str | None,
        Header(
            pattern=ID.pattern, description="The `id` of the last event: what came after it is sent first."
        ),
    ] = None,
) -> Response:
    """New notices, my balance and my recharges as server-sent events.

    Each event is a JSON object: `notification` has the notice and the unread count, `balance` my wallet, `recharge` the recharge. `reset`: read
    the lists again. `end` says why it ends and when to come back; it ends with the access token, too. `/v1/notifications/ws`, a WebSocket,
    sends the same and takes fresh tokens: send `{"token": "...", "last_id": "..."}` first.
    """
    del principal
    hub.reserve()
    try:
        client = hub.sign_in(request.headers["authorization"].encode("latin-1"), last_event_id)
    except BaseException:
        hub.release()
        raise
    return EventStream(hub, client)
