"""Where webhooks and submissions to operators may go (OWASP API7, server-side request forgery): never to ourselves, our network or a cloud's metadata.

An admin enters a URL, and the owner of its host name decides at each look-up which address that is. So the rules on the
text only give the admin a clear answer; the protection is that the clients check the looked-up addresses and connect to
one of them (`pinned`). In production that is https to public addresses only.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, Self

import httpx

from gencharge.core.settings import Settings
from gencharge.core.wording import worded

MAX_URL: Final = 500
_PLAIN: Final = re.compile(r"https?://[!-~]+", re.ASCII)
_AUTHORITY: Final = re.compile(r"//([^/?#]*)")
_PRIVATE: Final = tuple(
    ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
# Addresses that Python calls global and that we must not reach: metadata services of clouds, and old ways to embed an
# IPv4 address in another one.
_NEVER: Final = tuple(
    ip_network(net)
    for net in (
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "fd00:ec2::/32",
        "fd20:ce::/32",
        "2001::/23",
        "2002::/16",
    )
)
_GLOBAL_IPV6: Final = ip_network("2000::/3")
_NAT64: Final = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far calls may go besides public addresses."""

    private: bool  # the networks of RFC 1918 and RFC 4193
    loopback: bool  # this machine, also without TLS

    @classmethod
    def of(cls, settings: Settings, allow_private: bool | None) -> Self:
        """What the settings allow: this machine never in production. `allow_private`: the setting for this kind of calls."""
        private = settings.is_development if allow_private is None else allow_private
        return cls(private=private, loopback=private and settings.is_development)

    def allows(self, address: str) -> bool:
        """Whether a looked-up address may be connected to."""
        try:
            ip = _unwrapped(ip_address(address))
        except ValueError:
            return False  # with a zone (`fe80::1%eth0`), or not an address at all
        if any(ip in net for net in _NEVER) or ip.is_multicast or ip.is_link_local:
            return False
        if ip.is_loopback:
            return self.loopback
        if any(ip in net for net in _PRIVATE):
            return self.private
        return ip.is_global and (ip.version == 4 or ip in _GLOBAL_IPV6)


@lru_cache(maxsize=256)
def check_url(url: str, reach: Reach) -> None:
    """Raises ValueError, with what would be right, for a URL that is never called, whatever its host resolves to."""
    if len(url) > MAX_URL or not _PLAIN.fullmatch(url) or set(url) & set('\\"<>`{}|^'):
        raise ValueError(
            worded(
                "Must be an https address of at most {max_url} plain characters, such as https://example.com/hooks",
                max_url=MAX_URL,
            )
        )
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError("Must be a complete address, such as https://example.com/hooks") from None
    if "@" in _AUTHORITY.findall(url)[0]:
        raise ValueError("The address must not contain a user name or password")
    if "#" in url:
        raise ValueError("The address must not contain a fragment (#)")
    host = parsed.raw_host.decode("ascii").rstrip(".").lower()
    if not host or not 0 < (443 if parsed.port is None else parsed.port) < 65_536:
        raise ValueError("The address must have a host and a valid port")
    address = _literal(host)
    local = host == "localhost" or host.endswith(".localhost")
    if (address is not None and not reach.allows(address)) or (local and not reach.loopback):
        raise ValueError("The address must be reachable from the internet")
    if parsed.scheme != "https":
        own = local or (address is not None and ip_address(address).is_loopback)
        if not (own and reach.loopback):
            raise ValueError("Must be an https address: what is sent contains personal data")


def _literal(host: str) -> str | None:
    """The address that a host names without a look-up, however it is written (`127.1`, `0x7f000001`)."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        return str(IPv4Address(socket.inet_aton(host)))
    except (OSError, ValueError):
        return None


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside a mapped or translated (NAT64) one."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
