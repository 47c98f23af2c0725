"""What a development installation must not show to a network: secrets that its data folder made, and a fixed code."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Final

from gencharge.core.secret_strength import weakness, weakness_of_partners
from gencharge.core.settings import Settings

_OPEN_FILES: Final = Path("/dev/fd")
_OURS: Final = frozenset({"secret_key", "otp_secret", "data_key"})


def problems(settings: Settings) -> list[str]:
    """What keeps a process with these settings on this machine: a line for each, as "VARIABLE: what would be right".

    Empty in production, whose settings were checked more strictly already.
    """
    if not settings.is_development:
        return []
    lines = []
    for name, secret in settings.needed_secrets.items():
        if name in settings.development_secrets:
            lines.append(f"{name.upper()}: set a secret of your own instead of the data folder's")
            continue
        value = secret.get_secret_value()
        problem = weakness(value) if name in _OURS else weakness_of_partners(value)
        if problem:
            lines.append(f"{name.upper()}: {problem}")
    if settings.dev_fixed_otp:
        lines.append("DEV_FIXED_OTP: empty; anybody who reaches the API could sign in with it")
    return lines


@lru_cache(maxsize=64)
def is_network(address: str) -> bool:
    """Whether an IP address that something listens on can be reached from other machines."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False  # a Unix socket, or the name that a test client gives
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return not ip.is_loopback


def is_loopback(host: str) -> bool:
    """Whether a host to listen on, by address or by name, is this machine only."""
    try:
        records = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return not any(is_network(str(record[4][0])) for record in records)


def listening_beyond_loopback() -> Iterator[str]:
    """The addresses, as `host:port`, that this process listens on for other machines."""
    names = [path.name for path in _OPEN_FILES.iterdir()] if _OPEN_FILES.exists() else []
    for name in names:
        # Some are closed by now, such as the one that listed the folder.
        with suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as opened:
                if opened.family not in {socket.AF_INET, socket.AF_INET6}:
                    continue
                if opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    host, port = opened.getsockname()[:2]
                    if is_network(host):
                        yield f"{host}:{port}"
