"""Keeps a development installation off the network, whichever server runs the application.

`gencharge serve` refuses such an address before it listens. Another server (`uvicorn --host`) chooses its address without
asking, so the application looks for itself: at the address that each request came in on, and, as long as it starts, at
the sockets of its process.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gencharge.core import exposure
from gencharge.core.errors import DevelopmentOnly
from gencharge.core.http.web import problem_response

_BAD_SETTING: Final = 78  # EX_CONFIG of sysexits.h
# A server listens a moment after its application has started, or long before.
_LOOKS_SECONDS: Final = (0.0, *(0.05,) * 20, *(1.0,) * 9)


class LoopbackOnly:
    """Refuses requests that came in on an address of the network."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = scope.get("server")
        if scope["type"] in {"http", "websocket"} and server and exposure.is_network(str(server[0])):
            await problem_response(DevelopmentOnly())(scope, receive, send)
            return
        await self._app(scope, receive, send)


async def end_if_exposed(problems: Sequence[str]) -> None:
    """End this process with exit code 78 if it listens for other machines. Returns when it has had time to."""
    for pause in _LOOKS_SECONDS:
        await asyncio.sleep(pause)
        if places := sorted(exposure.listening_beyond_loopback()):
            sys.stderr.write("\n".join((exposed(", ".join(places)), *problems, "")))
            sys.stderr.flush()
            # Nothing has been served, and a server would take any exception for one of the application's.
            os._exit(_BAD_SETTING)


def exposed(place: str) -> str:
    """The sentence before the list of problems."""
    return f"HOST: {place} is open to other machines, and this is development. Listen on 127.0.0.1, or mend this:"
