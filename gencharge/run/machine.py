"""What the product needs of the machine: ports to listen on."""

from __future__ import annotations

import errno
import socket

from gencharge.run.embedded import ServerFailed


def is_free(host: str, port: int) -> bool:
    """Whether this process can listen there. Raises ServerFailed if something else than a taken port prevents that."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                return False
            hint = " (ports below 1024 take root)" if problem.errno == errno.EACCES else ""
            raise ServerFailed(f"cannot listen on {host}:{port}: {problem.strerror}{hint}") from None
    return True


def require_free(host: str, port: int) -> None:
    """Raise ServerFailed if another program has the port."""
    if not is_free(host, port):
        raise ServerFailed(f"port {port} on {host} is taken: stop what uses it, or give another with --port")
