"""What is wrong with a request whatever its route: repeated headers and parameters, NUL characters, a foreign host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Scope

from gencharge.core.errors import BadRequest, HostNotAllowed, Problem, ValidationFailed, field_problem
from gencharge.core.settings import Environment, Settings
from gencharge.core.values.text import NO_CONTROL_CHARACTERS, TEXT_INVALID, holds_nul

# Of two such headers one would be ignored, and proxies differ in which.
_ONCE: Final = {
    b"authorization": "Authorization",
    b"content-type": "Content-Type",
    b"host": "Host",
    b"idempotency-key": "Idempotency-Key",
    b"x-gencharge-client": "X-GenCharge-Client",
    b"x-gencharge-device": "X-GenCharge-Device",
}
# Probes and Prometheus call a process by its address, and neither answer is a page.
_HEALTH: Final = "/health/"
_METRICS: Final = "/metrics"


class Hosts:
    """The hosts that requests may be for. Anything else comes from a page that had its own name point here (DNS rebinding)."""

    def __init__(self, settings: Settings) -> None:
        self._names = frozenset(name.lower() for name in settings.allowed_hosts)
        # Nobody can make a browser take an address, or `localhost`, for the name of another site.
        self._local = not self._names and settings.environment is Environment.DEVELOPMENT
        self._any = "*" in self._names or not (self._names or self._local)
        self._own = settings.host.lower()
        # In development the metrics take no token, so a page of another site could read them.
        self._any_for = (_HEALTH,) if settings.is_development else (_HEALTH, _METRICS)
        self._known: set[bytes] = set()

    def admit(self, host: bytes, path: str) -> bool:
        """Whether a request with this Host header is answered at this path."""
        if self._any or host in self._known or path.startswith(self._any_for):
            return True
        name = _name_of(host.decode("latin-1").lower())
        fits = name in self._names or (self._local and (name == self._own or _is_local(name)))
        if fits and len(self._known) < 64:
            self._known.add(host)
        return fits


def _name_of(host: str) -> str:
    """The host without its port: `[::1]:8000` is `::1`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removesuffix(".")


def _is_local(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def problem_of(scope: Scope, headers: Mapping[bytes, bytes], hosts: Hosts) -> Problem | None:
    """The problem of this request; None if there is none. `headers` holds the last of each name."""
    if len(headers) != len(scope["headers"]):
        problem = _repeated_headers(scope["headers"])
        if problem is not None:
            return problem
    path: str = scope["path"]
    if not hosts.admit(headers.get(b"host", b""), path):
        return HostNotAllowed()
    if holds_nul(path):
        return ValidationFailed(errors=[field_problem("path", NO_CONTROL_CHARACTERS, TEXT_INVALID)])
    query: bytes = scope["query_string"]
    return _problem_of_query(query) if b"&" in query or b"%00" in query else None


def _repeated_headers(headers: Sequence[tuple[bytes, bytes]]) -> Problem | None:
    times = Counter(name for name, _ in headers)
    repeated = [title for name, title in _ONCE.items() if times[name] > 1]
    if not repeated:
        return None
    return BadRequest(
        "A header that may be given only once is there twice.",
        errors=[field_problem(f"header.{title}", "May be given only once", "repeated") for title in repeated],
    )


def _problem_of_query(query: bytes) -> Problem | None:
    parameters = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    errors = [
        field_problem(f"query.{name}", NO_CONTROL_CHARACTERS, TEXT_INVALID)
        for name in dict.fromkeys(
            name.replace("\0", "") for name, value in parameters if holds_nul(name + value)
        )
    ]
    times = Counter(name for name, _ in parameters)
    errors += [
        field_problem(f"query.{name}", "May be given only once", "repeated")
        for name, count in times.items()
        if count > 1
    ]
    return ValidationFailed(errors=errors) if errors else None
