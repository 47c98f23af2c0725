"""What can go wrong with signing up and in."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Forbidden, SignInUnavailable, TooManyRequests, Unauthorized

__all__ = [
    "OtpInvalid",
    "OtpLimit",
    "OtpLocked",
    "OtpTooSoon",
    "PhoneAlreadyRegistered",
    "SignInSuspended",
    "SignInUnavailable",
]


class OtpInvalid(Unauthorized):
    """The code is wrong, used up or expired; ask for a new one."""


class OtpLocked(TooManyRequests):
    """Too many wrong codes; wait, and ask for a new one then."""


class OtpTooSoon(TooManyRequests):
    """A code was sent a moment ago; wait before you ask for another."""


class OtpLimit(TooManyRequests):
    """Too many codes were asked for; wait and try again."""


class SignInSuspended(Forbidden):
    """Too many wrong codes were given for this number; ask support to open it again."""


class PhoneAlreadyRegistered(Conflict):
    """There is an account for this number already; sign in instead."""
