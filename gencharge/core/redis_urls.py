"""URLs of Redis: one server, or one that sentinels watch, whose address they tell.

    redis://user:password@host:6379/0        rediss:// with TLS, unix:///path for a socket
    redis+sentinel://user:password@host1:26379,host2:26379,host3:26379/NAME/0

NAME is what the sentinels call the master. User and password are Redis' own; those of the sentinels are `sentinel_username` and
`sentinel_password` behind a question mark. `rediss+sentinel://` speaks TLS with both; `ssl_ca_certs` names the file with the authority.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote

from gencharge.core import url_parts

_ONE_SERVER: Final = ("redis", "rediss", "unix")
_WATCHED: Final = ("redis+sentinel", "rediss+sentinel")
_SENTINEL_PORT: Final = 26379
_OPTIONS: Final = frozenset({"sentinel_username", "sentinel_password", "ssl_ca_certs"})
_FORM: Final = "redis+sentinel://host1:26379,host2:26379/NAME/0"


@dataclass(frozen=True, slots=True)
class Watched:
    """A Redis that sentinels watch: where they are, and what they call it."""

    sentinels: tuple[tuple[str, int], ...]
    name: str
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)
    tls: bool = False
    # The file with the authority's certificate; None: those that the system trusts.
    authority: str | None = None


def watched(url: str) -> Watched | None:
    """Who watches the Redis of this URL; None if it names the server itself. Raises ValueError with what would be right."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {*_ONE_SERVER, *_WATCHED}:
        raise ValueError(f"a URL that begins with redis://, rediss:// or unix://, or {_FORM}")
    if scheme in _ONE_SERVER:
        _check_one_server(scheme, rest)
        return None
    parts = url_parts.split(f"//{rest}")
    login, _, addresses = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    name, _, database = parts.path.strip("/").partition("/")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - _OPTIONS):
        raise ValueError(
            f"sentinels know no {unknown[0]}; {', '.join(sorted(_OPTIONS))} may follow the question mark"
        )
    if "ssl_ca_certs" in options and scheme == "redis+sentinel":
        raise ValueError("ssl_ca_certs belongs to rediss+sentinel://, which speaks TLS")
    if not name:
        raise ValueError(f"the name of the master is missing: {_FORM}")
    if database and not (database.isascii() and database.isdigit()):
        raise ValueError(f"the number of the database is not one: {_FORM}")
    return Watched(
        sentinels=tuple(_address(address) for address in addresses.split(",")),
        name=unquote(name),
        database=int(database or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        sentinel_username=options.get("sentinel_username") or None,
        sentinel_password=options.get("sentinel_password") or None,
        tls=scheme.startswith("rediss"),
        authority=options.get("ssl_ca_certs") or None,
    )


def _check_one_server(scheme: str, rest: str) -> None:
    if scheme == "unix":
        return
    address = url_parts.split(f"//{rest}").netloc.rpartition("@")[2]
    if "," in address:
        raise ValueError(f"one host; several are sentinels: {_FORM}. Redis Cluster is not supported")
    if address:
        _address(address)


def _address(address: str) -> tuple[str, int]:
    try:
        parts = url_parts.split(f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port == 0:
        raise ValueError(f"hosts with a port from 1 to 65535: {_FORM}")
    return host, port or _SENTINEL_PORT
