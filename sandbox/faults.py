"""How an HTTP answer goes wrong: late, never, cut off, or unreadable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from sandbox.clock import Clock
from sandbox.scripts import Family, Script

SEVER: Final = "gencharge.sever"  # the extension in the ASGI scope that drops the connection
_HUGE_BYTES: Final = 10_000_000
_JSON: Final = "application/json"

Act = Callable[[Script | None], Response]
Errors = Callable[[int, str], Mapping[str, Any]]


class Refusal(Exception):
    """The other side says no: a status and a body in its own style."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body

    @property
    def response(self) -> Response:
        """The refusal as an answer."""
        return JSONResponse(dict(self.body), self.status)


async def answer(request: Request, clock: Clock, script: Script | None, act: Act, errors: Errors) -> Response:
    """Do what was asked, and answer as the script says.

    `act` gets the script only if the script is about the outcome or the notices. `errors` words an error in the
    style of the side that speaks.
    """
    if script is None or script.kind.family is not Family.ANSWER:
        return _done(act, script)
    name = script.name
    if name == "slow":
        response = _done(act, None)
        await asyncio.sleep(clock.real_seconds(script.seconds))
        return response
    if name in _BEFORE:
        return await _refuse(request, name, script, errors)
    response = _done(act, None)
    if name == "time_out_after":
        return await until_gone(request)
    if name == "lost_connection_after_accept":
        return await sever(request)
    if name == "server_error_after":
        return JSONResponse(dict(errors(502, "The server had a problem on the way back.")), 502)
    if name == "garbage":
        return Response(b'{"id": "half an ans\xff\x00<html>', media_type=_JSON)
    if name == "huge_body":
        return Response(b'{"padding": "' + b"x" * _HUGE_BYTES + b'"}', media_type=_JSON)
    return _drip(response, clock.real_seconds(script.seconds))


_BEFORE: Final = frozenset(
    {"time_out_before", "lost_connection_before", "server_error_before", "too_many_requests", "redirect"}
)


async def _refuse(request: Request, name: str, script: Script, errors: Errors) -> Response:
    if name == "time_out_before":
        return await until_gone(request)
    if name == "lost_connection_before":
        return await sever(request)
    if name == "too_many_requests":
        wait = str(max(1, round(script.seconds)))
        return JSONResponse(dict(errors(429, "Request rate limit exceeded.")), 429, {"Retry-After": wait})
    if name == "redirect":
        return RedirectResponse("/sandbox/elsewhere", 302)
    return JSONResponse(dict(errors(503, "The server is not available.")), 503)


def _done(act: Act, script: Script | None) -> Response:
    try:
        return act(script)
    except Refusal as refusal:
        return refusal.response


async def until_gone(request: Request) -> Response:
    """Keep the connection, say nothing, until the client gives up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response()  # Nobody is there to read it.


async def sever(request: Request) -> Response:
    """Drop the TCP connection without a byte."""
    request.scope["extensions"][SEVER]()
    return await until_gone(request)


def _drip(response: Response, pause: float) -> Response:
    body = bytes(response.body)

    async def drops() -> AsyncIterator[bytes]:
        for index in range(len(body)):
            await asyncio.sleep(pause)
            yield body[index : index + 1]

    headers = {"content-length": str(len(body)), "content-type": response.headers.get("content-type", _JSON)}
    return StreamingResponse(drops(), response.status_code, headers)
