"""`gencharge serve`: uvicorn, with an end that answers what was taken and that is bounded as a whole.

On SIGTERM the process first says for SHUTDOWN_DELAY_SECONDS that it is not ready, and serves: a proxy that looks has time to leave it
out. Then the listener closes, after what had connected by then was taken. Connections that are kept open end with
their next answer, or once they have been idle for a moment; live connections are closed at once and told to come back. Requests get some seconds to finish; those that do not
are cancelled and answered 503 (`core.http.edge`). Then the stores are closed. Whatever holds that up, such as a
store that hangs, the process ends after STOP_SECONDS.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from gencharge.core import loading, stopping, telemetry
from gencharge.core.http.edge import fixed_headers
from gencharge.core.http.protocol import Connection, Limits
from gencharge.core.http.websocket import MAX_MESSAGE_BYTES, PING_SECONDS, WebSocketConnection
from gencharge.core.settings import get_settings
from gencharge.run.processes import end_with_parent

_APPLICATION: Final = "gencharge.api.main:create_app"
# Service managers wait 10 to 30 s before they kill.
STOP_SECONDS: Final = 13.5
_GRACE_SECONDS: Final = 7.0
# Clients that send one request after another learn in this time, from an answer, that the connection ends.
_LAST_CALL_SECONDS: Final = 1.0
# A cancelled request rolls back and answers. The driver gives a connection that does not answer 2 s.
_CANCELLED_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.02
_RESTART_SECONDS: Final = 1.0
_START_SECONDS: Final = 20.0
_ENDS: Final = (signal.SIGTERM, signal.SIGINT)
# The exit code of uvicorn if the application does not start.
_DID_NOT_START: Final = 3
# Files and connections to the stores, beside the clients' connections.
_OTHER_FILES: Final = 200
log = telemetry.get_logger(__name__)


def serve(*, host: str, port: int, workers: int) -> int:
    """Serve until SIGTERM or SIGINT; the exit code: 0, or 3 if the application does not start."""
    settings = get_settings()
    _allow_files(settings.max_connections + _OTHER_FILES)
    limits = Limits.of(settings, tuple(fixed_headers(settings)))
    protocol: Any = partial(Connection, limits=limits)
    websocket: Any = partial(WebSocketConnection, limits=limits)
    config = uvicorn.Config(
        _APPLICATION,
        factory=True,
        host=host,
        port=port,
        loop="uvloop",
        http=protocol,
        ws=websocket,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        # A window for each client would take more memory than all else of it.
        ws_per_message_deflate=False,
        lifespan="on",
        # The application logs requests itself, with the route and the request id, and reads X-Forwarded-For itself.
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_config=None,
        # By then no request should be left: Server has waited for them. With 0 uvicorn would log an error at each stop.
        timeout_graceful_shutdown=1,
    )
    listener = config.bind_socket()
    if workers == 1:
        # In development it serves sooner, and makes what it needs later.
        if not settings.is_development:
            _load()
        server = Server(config)
        server.run([listener])
        return 0 if server.started else _DID_NOT_START
    return _Workers(config, listener, workers).run()


def _allow_files(count: int) -> None:
    """Let this process, and those that it starts, open so many files; many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= count:
        return
    limit = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    if limit < count:
        log.warning("few_open_files", limit=limit, needed=count)


class Server(uvicorn.Server):
    """One process that serves."""

    # A second signal means: do not wait.
    _is_urged = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM and SIGINT. Nothing raises the signal again at the end, so the exit code is 0."""
        if self.should_exit:
            self._is_urged = True
        else:
            _end_after(get_settings().shutdown_delay_seconds + STOP_SECONDS)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that we are not ready, take what has connected, let requests end, cancel those that do not, then close the application."""
        stopping.draining.is_on = True
        await _until(lambda: self._is_urged, get_settings().shutdown_delay_seconds)
        state = self.server_state
        grace_ends = time.monotonic() + _GRACE_SECONDS
        stopping.begin()
        # New requests on open connections are answered, and then their connection closes.
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        for connection in _connections(state):
            if not _is_idle(connection):
                connection.shutdown()
        await self._stop_listening(sockets or [])
        await _until(lambda: not any(map(_is_idle, _connections(state))), _LAST_CALL_SECONDS)
        for connection in _connections(state):
            if not _has_input(connection):
                connection.shutdown()
        await _until(self._is_done, grace_ends - time.monotonic())
        if unfinished := list(state.tasks):
            log.warning("requests_cancelled", count=len(unfinished))
            for task in unfinished:
                task.cancel()
            await _until(self._is_done, _CANCELLED_SECONDS)
        await super().shutdown(sockets)

    def _is_done(self) -> bool:
        return not self.server_state.connections and not self.server_state.tasks

    async def _stop_listening(self, sockets: list[socket.socket]) -> None:
        """Close the listener, after taking the clients whose connection the kernel has made: they would be reset."""
        # Without a turn of the loop: under load new clients would connect as fast as they are accepted.
        clients = [client for listener in sockets for client in _accept_all(listener)]
        for server in self.servers:
            server.close()
        for client in clients:
            await asyncio.get_running_loop().connect_accepted_socket(self._new_connection, client)

    def _new_connection(self) -> asyncio.Protocol:
        make: Any = self.config.http_protocol_class
        connection: asyncio.Protocol = make(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return connection


def _accept_all(listener: socket.socket) -> Iterator[socket.socket]:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:  # nobody waits
            return
        client.setblocking(False)
        yield client


def _connections(state: ServerState) -> list[HttpToolsProtocol]:
    return [connection for connection in state.connections if isinstance(connection, HttpToolsProtocol)]


def _is_idle(connection: HttpToolsProtocol) -> bool:
    return connection.cycle is None or connection.cycle.response_complete


def _has_input(connection: HttpToolsProtocol) -> bool:
    """Whether something has come that was not read yet: a request, or the client's end."""
    poll = select.poll()
    poll.register(connection.transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))


async def _until(done: Callable[[], bool], seconds: float) -> None:
    """Return when it is done, or after `seconds`."""
    end = time.monotonic() + seconds
    # uvicorn keeps sets of connections and tasks, and tells nobody when they change.
    while not done() and time.monotonic() < end:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_SECONDS)


def _end_after(seconds: float) -> None:
    """End this process by force if it has not ended in time. What is not committed by then is rolled back."""

    def end() -> None:
        log.warning("stopped_by_force", seconds=seconds)
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _load() -> None:
    """Load the application with all that requests need, so that no customer waits for it."""
    importlib.import_module(_APPLICATION.partition(":")[0]).make_whole()


def _family() -> BaseContext:
    """How the processes of the API are made: on Linux forked from one that has loaded it.

    So it is loaded once, whatever their number, and what they only read is in memory once. A new one serves within a tenth of
    the time. Elsewhere libraries of the system may not be forked.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    loading.begin()
    _load()
    loading.end()
    return multiprocessing.get_context("fork")


class _Workers:
    """Several processes that share the listener: one that ends is replaced, and all end with this one."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, count: int) -> None:
        self._config = config
        self._listener = listener
        self._count = count
        self._wake_up, self._waker = os.pipe()
        self._stopping = False
        self._started: dict[int, float] = {}
        self._family = _family()

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; the exit code."""
        for number in _ENDS:
            signal.signal(number, self._stop)
        children = [self._start() for _ in range(self._count)]
        code = 0
        while not self._stopping:
            wait([self._wake_up, *(child.sentinel for child in children)])
            for child in [child for child in children if child.exitcode is not None]:
                children.remove(child)
                if self._stopping:
                    continue
                log.error("api_process_ended", pid=child.pid, code=child.exitcode)
                if self._did_not_start(child):
                    code, self._stopping = _DID_NOT_START, True
                    continue
                wait([self._wake_up], _RESTART_SECONDS)
                children.append(self._start())
        self._end(children)
        return code

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        os.write(self._waker, b"x")

    def _start(self) -> BaseProcess:
        child: BaseProcess = self._family.Process(  # type: ignore[attr-defined]
            target=_serve_shared, args=(self._config, self._listener, os.getpid())
        )
        # A signal that comes to the child before it has handlers of its own would be handled by ours.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
        try:
            child.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
        self._started[child.sentinel] = time.monotonic()
        return child

    def _did_not_start(self, child: BaseProcess) -> bool:
        """Whether it ended of itself at once: another one would end the same way."""
        seconds = time.monotonic() - self._started.pop(child.sentinel)
        return (child.exitcode or 0) > 0 and seconds < _START_SECONDS

    def _end(self, children: list[BaseProcess]) -> None:
        # First, so that the last of the children to close it takes the clients that have connected.
        self._listener.close()
        for child in children:
            child.terminate()
        end = time.monotonic() + get_settings().shutdown_delay_seconds + STOP_SECONDS + 0.5
        for child in children:
            child.join(max(end - time.monotonic(), 0))
            if child.exitcode is None:
                child.kill()
                child.join()


def _serve_shared(config: uvicorn.Config, listener: socket.socket, parent: int) -> None:
    """What a child of `_Workers` does."""
    # Ctrl-C in a terminal reaches all of them; the parent's SIGTERM is enough.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
    end_with_parent(parent)
    loading.begin()
    server = Server(config)
    server.run([listener])
    raise SystemExit(0 if server.started else _DID_NOT_START)
