"""Which embedded server there is for which platform, and what to do where there is none."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from typing import Final, Protocol

_SYSTEMS: Final = {"linux": "Linux", "darwin": "macOS"}
_MACHINES: Final = {"x86_64": "x86-64", "AMD64": "x86-64", "aarch64": "arm64"}
# The platforms that each server has a wheel for, in the versions that requirements-dev.txt pins.
_WHEELS: Final = {
    "postgres": {"Linux on x86-64", "Linux on arm64", "macOS on x86-64", "macOS on arm64"},
    "mongo": {"Linux on x86-64", "Linux on arm64"},
    "redis": {"Linux on x86-64"},
}


class Store(Protocol):
    """What is said about a server: its names, and the setting that leads to another one."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def program(self) -> str: ...
    @property
    def setting(self) -> str: ...


def here() -> str:
    """This platform, such as `Linux on x86-64`."""
    machine = platform.machine()
    return f"{_SYSTEMS.get(sys.platform, sys.platform)} on {_MACHINES.get(machine, machine)}"


def what_to_do_without(servers: Sequence[Store]) -> str:
    """The one line for a user on whose machine these servers' programs are missing."""
    labels = _joined([server.label for server in servers])
    programs = _joined([f"`{server.program}`" for server in servers])
    settings = _joined([server.setting for server in servers])
    one = len(servers) == 1
    if any(here() in _WHEELS[server.name] for server in servers):
        cause = f"the embedded server{'' if one else 's'} (gencharge[embedded]) {'is' if one else 'are'} not installed"
    else:
        cause = f"there is no embedded server for {here()}"
    return f"{labels}: {cause}; put {programs} on PATH, or set {settings}"


def _joined(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + " and " * (len(words) > 1) + words[-1]
