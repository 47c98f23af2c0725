"""What the product needs of the machine: an address and ports to listen on."""

from __future__ import annotations

import errno
import socket

from gencharge.run.embedded import ServerFailed


def problem_of_host(host: str) -> str:
    """What is wrong with a host to listen on, as a sentence without the name of the setting; empty if nothing is."""
    advice = "127.0.0.1 is this machine only, 0.0.0.0 all of its addresses"
    try:
        records = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as problem:
        return f"{host} is no address, and no name that leads to one ({problem.strerror}): {advice}"
    family, kind, protocol, _, address = records[0]
    with socket.socket(family, kind, protocol) as listener:
        try:
            listener.bind(address)
        except OSError as problem:
            return f"{host} is no address of this machine ({problem.strerror}): {advice}"
    return ""


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
