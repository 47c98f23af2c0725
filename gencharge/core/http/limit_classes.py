"""Which limit counts for a request, and whose it is: the signed-in caller's, or that of the address."""

from __future__ import annotations

from collections.abc import Callable, Collection
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Final

from starlette.types import Scope

from gencharge.core.errors import Problem, RateLimited
from gencharge.core.http.limits import Buckets, Policy, headers_of
from gencharge.core.settings import Settings

# Who a request is from, by its Authorization header; None for nobody.
Identify = Callable[[Scope, bytes], str | None]
_HOUR_SECONDS: Final = 3_600
Headers = tuple[tuple[bytes, bytes], ...]
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SIGN_IN: Final = "/v1/auth/"
# Making a file costs a hundred times what reading a row does.
_FILES: Final = ("/export", "/import")
_RECEIPTS: Final = "/v1/receipts/"


class WrongGuesses:
    """How many wrong guesses of a secret a caller and an address have in an hour. What is right costs and counts nothing."""

    def __init__(self, buckets: Buckets, name: str, *, per_caller: int, per_address: int) -> None:
        self._buckets = buckets
        self._of_caller = Policy(name, per_caller, _HOUR_SECONDS)
        self._of_address = Policy(f"{name}-of-address", per_address, _HOUR_SECONDS)

    def wait_seconds(self, caller: str, address: str) -> int:
        """How long to wait until one more guess is looked at; 0: not at all."""
        own = self._buckets.wait_seconds(self._of_caller, caller)
        return ceil(max(own, self._buckets.wait_seconds(self._of_address, network_of(address))))

    def count(self, caller: str, address: str) -> None:
        """Count a wrong guess."""
        self._buckets.take(self._of_caller, caller)
        self._buckets.take(self._of_address, network_of(address))


class SentForms:
    """How many forms a sender and an address may send in an hour."""

    def __init__(self, buckets: Buckets, name: str, *, per_sender: int, per_address: int) -> None:
        self._buckets = buckets
        self._of_sender = Policy(name, per_sender, _HOUR_SECONDS)
        self._of_address = Policy(f"{name}-of-address", per_address, _HOUR_SECONDS)

    def take(self, sender: str, address: str) -> int:
        """Count a form: 0, or how many seconds to wait; then it is not counted."""
        network = network_of(address)
        own = self._buckets.wait_seconds(self._of_sender, sender)
        if wait_seconds := max(own, self._buckets.wait_seconds(self._of_address, network)):
            return ceil(wait_seconds)
        self._buckets.take(self._of_sender, sender)
        self._buckets.take(self._of_address, network)
        return 0


class LimitClasses:
    """The limits of all requests to one process."""

    def __init__(self, settings: Settings, *, identify: Identify, callbacks: Collection[str] = ()) -> None:
        self.buckets = Buckets()
        self._identify = identify
        # Paths on which the gateway and the operators call us, often and from few addresses.
        self._callbacks = tuple(callbacks)
        factor = settings.limit_factor or (1000.0 if settings.is_development else 1.0)
        self._reads, self._changes, self._files, self._sign_in, self._strangers, self._partners = (
            Policy(name, max(1, round(quota * factor)))
            for name, quota in (
                ("reads", settings.limit_reads_per_minute),
                ("changes", settings.limit_changes_per_minute),
                ("files", settings.limit_files_per_minute),
                ("sign-in", settings.limit_sign_in_per_minute),
                ("address", settings.limit_address_per_minute),
                ("callbacks", settings.limit_callbacks_per_minute),
            )
        )

        self.offer_codes = WrongGuesses(
            self.buckets,
            "wrong-offer-codes",
            per_caller=max(1, round(settings.limit_wrong_offer_codes_per_hour * factor)),
            per_address=max(1, round(settings.limit_wrong_offer_codes_of_address_per_hour * factor)),
        )
        self.contact_forms = SentForms(
            self.buckets,
            "contact-forms",
            per_sender=max(1, round(settings.limit_contact_forms_per_hour * factor)),
            per_address=max(1, round(settings.limit_contact_forms_of_address_per_hour * factor)),
        )

    def take(self, scope: Scope, authorization: bytes | None, address: str) -> tuple[Headers, Problem | None]:
        """Count a request, or the opening of a WebSocket: what the answer says about the limit, and the problem if there were too many."""
        caller = self._identify(scope, authorization) if authorization is not None else None
        policy = self._policy_of(scope.get("method", "GET"), scope["path"], signed_in=caller is not None)
        level, wait_seconds = self.buckets.take(policy, caller or network_of(address))
        headers = headers_of(policy, level)
        return headers, RateLimited(retry_after_seconds=ceil(wait_seconds)) if wait_seconds else None

    def _policy_of(self, method: str, path: str, *, signed_in: bool) -> Policy:
        if not signed_in:
            if path.startswith(self._callbacks):
                return self._partners
            return self._sign_in if path.startswith(_SIGN_IN) else self._strangers
        if path.endswith(_FILES) or path.startswith(_RECEIPTS):
            return self._files
        return self._reads if method in _READING else self._changes


def network_of(address: str) -> str:
    """The part of an address that one subscriber has: all of IPv4, the first 64 bits of IPv6."""
    if ":" not in address:
        return address
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))
