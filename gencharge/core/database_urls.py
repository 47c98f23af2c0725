"""One URL of PostgreSQL for all our drivers, whichever of the usual forms it was written in.

libpq writes several hosts as `//u@h1:5432,h2:5432/db` or `//u@/db?host=h1,h2&port=5432,5432`, SQLAlchemy as
`//u@/db?host=h1:5432&host=h2:5432`, of which asyncpg would take the last host only and say nothing. The one form that
asyncpg and psycopg read alike is the second.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from gencharge.core import url_parts

_SCHEMES: Final = frozenset({"postgresql", "postgres"})
_PORT: Final = "5432"
_ATTRIBUTES: Final = "target_session_attrs"


def normal(url: str, *, several: str = "primary") -> str:
    """The URL that each driver understands: `postgresql://...` without a driver suffix; empty stays empty.

    `several`: which of several hosts is meant if the URL does not say (`target_session_attrs` of libpq): where hosts
    fail over, "the first that answers" may be one that takes no writes. Raises ValueError with what would be right.
    """
    if not url:
        return ""
    scheme, separator, rest = url.partition("://")
    plain = scheme.partition("+")[0]
    if not separator or plain not in _SCHEMES:
        raise ValueError("a URL that begins with postgresql://")
    parts = url_parts.split(f"postgresql://{rest}")
    query = parse_qsl(parts.query, keep_blank_values=True)
    login, at, address = parts.netloc.rpartition("@")
    written = [value for name, value in query if name == "host"]
    if written and address:
        raise ValueError("hosts before the database's name or as host=, not both")
    hosts = _pairs(address.split(",")) if address else _named(written, [v for n, v in query if n == "port"])
    if len(hosts) < 2:
        return f"postgresql://{rest}" if not written else _write(parts.path, login + at, hosts, query)
    if not any(name == _ATTRIBUTES for name, _ in query):
        query.append((_ATTRIBUTES, several))
    return _write(parts.path, login + at, hosts, query)


def hosts_of(url: str) -> list[tuple[str, str]]:
    """Host and port of each server that a normal URL names; the port may be empty."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if "host" in query:
        return _named([query["host"]], [query["port"]] if "port" in query else [])
    return _pairs(parts.netloc.rpartition("@")[2].split(","))


def with_database(url: str, database: str) -> str:
    """The URL of another database on the same server, with the same login."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database, safe='')}"))


def _write(path: str, login: str, hosts: list[tuple[str, str]], query: list[tuple[str, str]]) -> str:
    places = [("host", ",".join(host for host, _ in hosts))]
    if len(hosts) > 1 or hosts[0][1]:
        places.append(("port", ",".join(port or _PORT for _, port in hosts)))
    parameters = [pair for pair in query if pair[0] not in {"host", "port"}]
    return f"postgresql://{login}{path}?{urlencode([*places, *parameters], safe=',')}"


def _named(hosts: list[str], ports: list[str]) -> list[tuple[str, str]]:
    """Hosts that are parameters: `host=h1,h2&port=p1,p2`, `host=h1:p1&host=h2:p2`, or the folder of a socket."""
    names = [name for host in hosts for name in host.split(",")]
    if not names:
        return []
    if any(not name for name in names):
        raise ValueError("a name in each place of host=")
    numbers = [number for port in ports for number in port.split(",")]
    if not numbers:
        return [(name, "") if name.startswith("/") else _pair(name) for name in names]
    if len(numbers) == 1:
        numbers *= len(names)
    if len(numbers) != len(names):
        raise ValueError(f"as many ports as hosts: {len(names)} hosts have {len(numbers)} ports")
    if any(":" in name and not name.startswith("/") and name.count(":") == 1 for name in names):
        raise ValueError("ports in host= or in port=, not in both")
    return [(name, _checked(number)) for name, number in zip(names, numbers, strict=True)]


def _pairs(addresses: list[str]) -> list[tuple[str, str]]:
    return [_pair(unquote(address)) for address in addresses if address or len(addresses) > 1]


def _pair(address: str) -> tuple[str, str]:
    """`host`, `host:5432`, `[::1]:5432` or `::1`."""
    if address.startswith("["):
        host, bracket, port = address[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise ValueError("an IPv6 address in square brackets, then the port: [::1]:5432")
        return host, _checked(port[1:])
    host, colon, port = address.rpartition(":")
    if not colon or ":" in host:
        host, port = address, ""
    if not host:
        raise ValueError("a host in each place")
    return host, _checked(port)


def _checked(port: str) -> str:
    if port and not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65_535):
        raise ValueError("ports from 1 to 65535")
    return port
