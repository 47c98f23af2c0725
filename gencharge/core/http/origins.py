"""Which page sent a request: our own, one of a site that is allowed to, or another one."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers


def is_foreign(headers: Headers, *, allowed: Collection[str], with_cookie: bool = False) -> bool:
    """True if a page of another site sent this request. Programs send neither header, and are not asked.

    `allowed` (CORS_ORIGINS) are other sites that may, but for a request `with_cookie`: that comes from our own origin.
    """
    sites, origins = headers.getlist("sec-fetch-site"), headers.getlist("origin")
    if len(sites) > 1 or len(origins) > 1:
        return True
    site, origin = "".join(sites), "".join(origins)
    own = site in {"", "same-origin"} if with_cookie else site in {"", "same-origin", "none"}
    if own and origin:
        own = _host(origin) == _host(f"//{headers.get('host', '')}") != ""
    return not own and (with_cookie or origin not in allowed)


def _host(address: str) -> str:
    """The host without its port, which a proxy may leave out. The browser itself compares ports (`Sec-Fetch-Site`)."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
