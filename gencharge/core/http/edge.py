"""The outermost layer around the application.

`Edge` gives every request its id, measures and logs it, limits its body, refuses what is malformed for any route, turns
what escaped into a problem document and puts the seeds' paths (`/auth/login`) under the canonical prefix
(`/v1/auth/login`). What it sends is not stored by anybody unless the route says otherwise, and compressed if it is large.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from uuid_utils import uuid7
from uvicorn.protocols.utils import ClientDisconnected

from gencharge.core import telemetry
from gencharge.core.errors import InternalError, Maintenance, NotFound, Problem, ServerRestarting, TooLarge
from gencharge.core.http import language, request_spans
from gencharge.core.http.answering import Answering
from gencharge.core.http.compression import STREAM, Compressing, coding_of
from gencharge.core.http.limit_classes import LimitClasses
from gencharge.core.http.malformed import Hosts
from gencharge.core.http.malformed import problem_of as problem_of_request
from gencharge.core.http.web import PREFIX, problem_response
from gencharge.core.postgres import maintenance
from gencharge.core.postgres.database import problem_of
from gencharge.core.settings import Settings
from gencharge.core.tracing import spans

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
# What nginx logs for it.
_CLIENT_GONE: Final = 499
# The status of a WebSocket's opening.
_SWITCHING: Final = 101
_PREFIX_SLASH: Final = PREFIX + "/"
# Answered during maintenance, too: whether the process lives, and what is measured of it.
_ALWAYS_OPEN: Final = frozenset({"/health/live", "/metrics"})
NOT_WATCHED: Final = maintenance.Maintenance()
NO_PATHS: Final[Mapping[str, int]] = MappingProxyType({})
log = telemetry.get_logger(__name__)


class Edge:
    """The outermost layer. Pure ASGI: it adds microseconds, not a task."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        rooms: frozenset[str],
        large: Mapping[str, int] = NO_PATHS,
        limits: LimitClasses | None = None,
        maintenance: maintenance.Maintenance | None = None,
        answering: Answering | None = None,
    ) -> None:
        self._app = app
        self._rooms = rooms
        self._max_body = settings.max_body_bytes
        # Paths that take files, and how many bytes each of them takes at most.
        self._large = large
        self._trusted_proxies = settings.trusted_proxies
        self._told_of_proxy = False
        self._access_log = telemetry.access_log(settings)
        self._headers = fixed_headers(settings)
        self._hosts = Hosts(settings)
        self._limits = limits
        self._maintenance = maintenance or NOT_WATCHED
        self._answering = answering or Answering()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        context = telemetry.RequestContext(
            request_id=_request_id(headers.get(b"x-request-id")), address=self._address(scope, headers)
        )
        telemetry.set_context(context)
        language.begin(headers.get(b"accept-language", b""))
        if spans.tracer is not None:
            request_spans.begin(spans.tracer, scope, context)
        self._canonical_path(scope)
        if scope["type"] == "websocket":
            await self._open(scope, receive, send, context, headers)
            return
        limit = self._large.get(scope["path"], self._max_body)
        if scope["method"] == "HEAD":
            send = _without_body(send)
        coding = coding_of(headers.get(b"accept-encoding", b"").decode("latin-1"))
        if coding is not None:
            send = Compressing(send, coding)
        await self._answer(scope, self._limited(receive, headers, limit), send, context, headers, limit)

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        context: telemetry.RequestContext,
        headers: dict[bytes, bytes],
        limit: int,
    ) -> None:
        started = time.perf_counter()
        status, recorded = 0, False
        common, excess = self._common_headers(scope, context, headers)
        inner = _read_as_get(scope)

        async def answer(message: Message) -> None:
            nonlocal status, recorded
            if message["type"] == "http.response.start":
                status = message["status"]
                # The log wants the route.
                scope["route"] = inner.get("route")
                message["headers"] = [*_own_headers(scope, message), *common]
                if _is_stream(message["headers"]):
                    # It takes as long as its client stays, which says nothing about how fast we answer.
                    recorded = True
                    self._answering.end()
                    self._record(scope, status, started, context)
            await send(message)

        self._answering.begin()
        try:
            length = headers.get(b"content-length")
            if length is not None and (not length.isdigit() or int(length) > limit):
                await problem_response(TooLarge())(scope, receive, answer)
                return
            refusal = excess or problem_of_request(scope, headers, self._hosts)
            if refusal is not None:
                await problem_response(refusal)(scope, receive, answer)
                return
            await self._app(inner, receive, answer)
        except asyncio.CancelledError:
            # Only a server that stops cancels a request (`run.serving`). The task ends with this answer.
            if status:
                raise
            await problem_response(ServerRestarting())(scope, receive, answer)
        except ClientDisconnect:
            # Nobody is there to read an answer; what was begun is rolled back.
            status = status or _CLIENT_GONE
        except Exception as error:
            problem = _problem_of_failure(error, scope)
            if status:
                raise
            await problem_response(problem)(scope, receive, answer)
        finally:
            if not recorded:
                self._answering.end()
                self._record(scope, status, started, context)

    async def _open(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        context: telemetry.RequestContext,
        headers: dict[bytes, bytes],
    ) -> None:
        """A WebSocket: refused as a request is, and recorded when it is open or refused."""
        started = time.perf_counter()
        status = 0
        common, excess = self._common_headers(scope, context, headers)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "websocket.close" and not status:
                # No route has this path, or it refused without saying why.
                await problem_response(NotFound())(scope, receive, answer)
                return
            if message["type"] in {"websocket.accept", "websocket.http.response.start"}:
                status = message.get("status", _SWITCHING)
                message["headers"] = [*message.get("headers", ()), *common]
                self._record(scope, status, started, context)
            await send(message)

        try:
            refusal = excess or problem_of_request(scope, headers, self._hosts)
            if refusal is not None:
                await problem_response(refusal)(scope, receive, answer)
                return
            await self._app(scope, receive, answer)
        except asyncio.CancelledError:
            if status:
                raise
            await problem_response(ServerRestarting())(scope, receive, answer)
        except Exception as error:
            if is_disconnect(error):
                return
            problem = _problem_of_failure(error, scope)
            if not status:
                await problem_response(problem)(scope, receive, answer)

    def _common_headers(
        self, scope: Scope, context: telemetry.RequestContext, headers: dict[bytes, bytes]
    ) -> tuple[list[tuple[bytes, bytes]], Problem | None]:
        """What every answer to this request carries, and the problem if its limit is used up, or nothing is served."""
        common = [(b"x-request-id", context.request_id.encode()), *self._headers]
        if self._maintenance.is_closed and scope["path"] not in _ALWAYS_OPEN:
            return common, Maintenance()
        if self._limits is None:
            return common, None
        limit_headers, excess = self._limits.take(scope, headers.get(b"authorization"), context.address)
        return [*common, *limit_headers], excess

    def _record(self, scope: Scope, status: int, started: float, context: telemetry.RequestContext) -> None:
        seconds = time.perf_counter() - started
        # The route's template and a known method: few values, so fit for a metric.
        route = getattr(scope.get("route"), "path", "(none)")
        method = scope.get("method", "GET")
        method = method if method in _METHODS else "OTHER"
        telemetry.count_request(method, route, status, seconds)
        if spans.tracer is not None:
            request_spans.end(method, route, status, context)
        if self._access_log is not None:
            self._access_log(context, method=method, route=route, status=status, seconds=seconds)

    def _canonical_path(self, scope: Scope) -> None:
        path: str = scope["path"]
        if not path.startswith(_PREFIX_SLASH) and path[1:].partition("/")[0] in self._rooms:
            scope["path"] = PREFIX + path
            scope["raw_path"] = PREFIX.encode() + scope.get("raw_path", path.encode())

    def _address(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """The client's address: the peer's, or what the outermost trusted proxy saw (never what a client claims)."""
        if self._trusted_proxies:
            hops = [
                hop.strip()
                for hop in headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
                if hop.strip()
            ]
            if len(hops) >= self._trusted_proxies:
                return hops[-self._trusted_proxies][:45]
        elif b"x-forwarded-for" in headers and not self._told_of_proxy:
            # Behind a proxy all customers would share its address, and the limits of one.
            self._told_of_proxy = True
            log.warning(
                "forwarded_for_not_trusted",
                cure="behind a proxy set TRUSTED_PROXIES to how many there are; nobody else sends X-Forwarded-For",
            )
        client = scope.get("client")
        return str(client[0]) if client else ""

    def _limited(self, receive: Receive, headers: dict[bytes, bytes], limit: int) -> Receive:
        """A body without a length is counted while it comes."""
        if b"content-length" in headers or b"transfer-encoding" not in headers:
            return receive
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise TooLarge
            return message

        return counted


def _is_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether it is an event stream; Starlette names its charset, too."""
    return any(name == b"content-type" and value.startswith(STREAM) for name, value in headers)


def _read_as_get(scope: Scope) -> Scope:
    """What the application sees of a request: HEAD as GET. The server and the log go on seeing HEAD."""
    return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope


def _without_body(send: Send) -> Send:
    """HEAD is GET without the body (RFC 9110, section 9.3.2). The first part is the last one: a stream would never end."""
    ended = False

    async def send_head(message: Message) -> None:
        nonlocal ended
        if message["type"] == "http.response.start":
            await send(message)
        elif not ended:
            ended = True
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return send_head


def _problem_of_failure(error: Exception, scope: Scope) -> Problem:
    """What is answered where the application failed; what nobody foresaw is logged."""
    problem = problem_of(error)
    if problem is None:
        log.exception("unexpected_error", path=scope["path"])
        return InternalError()
    return problem


def is_disconnect(error: BaseException) -> bool:
    """True if something was sent to a WebSocket whose client has gone."""
    return isinstance(error, WebSocketDisconnect | ClientDisconnected | ClientDisconnect)


def _own_headers(scope: Scope, start: Message) -> list[tuple[bytes, bytes]]:
    """The route's headers. Nobody stores an answer of the API (RFC 9111) unless they say how."""
    headers = list(start.get("headers", ()))
    says_how = False
    for position, (name, value) in enumerate(headers):
        if name == b"cache-control":
            says_how = True
        elif name == b"location" and b"://" in value:
            host = dict(scope["headers"]).get(b"host", b"")
            headers[position] = name, _relative(value, host)
    if not says_how and scope["path"].startswith(_PREFIX_SLASH):
        headers.append((b"cache-control", b"no-store"))
    return headers


def _relative(location: bytes, host: bytes) -> bytes:
    """An address at the host that the client named, without that host: the client may have been told to name it."""
    _, scheme, rest = location.partition(b"://")
    named, slash, path = rest.partition(b"/")
    return slash + path if scheme and slash and named == host else location


def _request_id(header: bytes | None) -> str:
    text = header.decode("latin-1") if header else ""
    return text if _REQUEST_ID.fullmatch(text) else str(uuid7())


def fixed_headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    """What every answer carries, whatever it is about."""
    headers = [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-frame-options", b"DENY"),
    ]
    if settings.is_development:
        headers.append((b"x-gencharge-mode", settings.environment.value.encode()))
    else:
        headers.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
    return headers
