"""No test calls what may be a running installation: the ports of `make run` are closed to the processes of the tests.

Not by an audit hook of Python, which would be called for each import and each opened file, too: a twentieth of the CPU of a run.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from gencharge.core.settings import Settings

# The ports of `make run`, which a developer often has running beside the tests.
PORTS = frozenset(Settings.model_fields[name].default for name in ("port", "sandbox_port"))
_HERE = {"127.0.0.1", "localhost", "::1"}


def install() -> None:
    """From now on, in this process: a connection to one of them raises AssertionError, which names the address."""
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _checked(getattr(socket.socket, name)))


def _checked(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    def checked(connection: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and address[1] in PORTS and address[0] in _HERE:
            raise AssertionError(
                f"a test calls {address[0]}:{address[1]}, where `make run` serves: give it a port of its own"
            )
        return connect(connection, address)

    return checked
