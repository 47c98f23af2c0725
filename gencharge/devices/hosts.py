"""Where the push services of browsers are. A subscription comes from a stranger, so nothing else is ever called."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from gencharge.core.http.addresses import Reach, check_url
from gencharge.core.settings import Settings
from gencharge.devices.errors import PushEndpointInvalid

# Chrome and its kin, Firefox, Safari, Edge.
_SERVICES: Final = (
    "fcm.googleapis.com",
    "push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
)


def reach_of(settings: Settings) -> Reach:
    """Public addresses; in development this machine, too, for the sandbox."""
    return Reach.of(settings, None)


def check_endpoint(settings: Settings, endpoint: str) -> None:
    """Raises PushEndpointInvalid for an address that is not one of a known push service."""
    reach = reach_of(settings)
    try:
        check_url(endpoint, reach)
    except ValueError as problem:
        raise PushEndpointInvalid(str(problem)) from None
    host = (urlsplit(endpoint).hostname or "").rstrip(".")
    known = any(host == service or host.endswith(f".{service}") for service in _SERVICES)
    if not known and not (reach.loopback and host in {"127.0.0.1", "localhost"}):
        raise PushEndpointInvalid("The address must be that of a browser's push service")
