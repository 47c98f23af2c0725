"""The sandbox as a process: uvicorn, with a protocol that lets the application drop a connection."""

from __future__ import annotations

import os
from contextlib import suppress

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gencharge.core import telemetry
from gencharge.core.settings import Settings
from sandbox.app import create_app
from sandbox.config import Config
from sandbox.faults import SEVER


class Severable(HttpToolsProtocol):
    """Offers the application, as an extension of the scope, a function that closes the TCP connection at once."""

    def on_message_begin(self) -> None:
        """Called for each request."""
        super().on_message_begin()
        self.scope["extensions"] = {SEVER: self.transport.abort}  # type: ignore[dict-item]


def run(settings: Settings, *, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    telemetry.configure_logging(settings)
    # In life the gateway and the operators have machines of their own.
    os.nice(15)
    with suppress(KeyboardInterrupt):
        server(Config.of(settings), host=host, port=port).run()


def server(config: Config, *, host: str, port: int) -> uvicorn.Server:
    """A server that is ready to run."""
    return uvicorn.Server(
        uvicorn.Config(
            create_app(config),
            host=host,
            port=port,
            loop="uvloop",
            http=Severable,
            lifespan="on",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            log_config=None,
            # Clients that wait for an answer that never comes must not hold up the end.
            timeout_graceful_shutdown=1,
        )
    )
