"""What can go wrong with signing up and in."""

from __future__ import annotations

from gencharge.core.errors import (
    Conflict,
    Forbidden,
    NotFound,
    SignInUnavailable,
    TooManyRequests,
    Unauthorized,
)

__all__ = [
    "OtpInvalid",
    "OtpLimit",
    "OtpLocked",
    "OtpNotEnough",
    "OtpTooSoon",
    "PhoneAlreadyRegistered",
    "SecondFactorInvalid",
    "SecondFactorLocked",
    "SecondFactorMandatory",
    "SecondFactorMissing",
    "SecondFactorUnknown",
    "SecondFactorUnreadable",
    "SetupMissing",
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


class SecondFactorInvalid(Forbidden):
    """The code is wrong, expired or was used before; wait for the next one."""


class SecondFactorLocked(TooManyRequests):
    """Too many wrong codes; wait, or ask another admin to take your second factor off."""


class SecondFactorMissing(Conflict):
    """There is no second factor to give; set one up with POST /v1/auth/second-factor/setup."""


class SecondFactorUnknown(NotFound):
    """This admin has no second factor."""


class SetupMissing(Conflict):
    """Nothing waits to be confirmed; begin with POST /v1/auth/second-factor/setup."""


class SecondFactorMandatory(Conflict):
    """Here every admin needs a second factor; set another one up in place of this one."""


class SecondFactorUnreadable(Conflict):
    """The secret was sealed with a key that is gone; use a recovery code, or ask another admin to take it off."""


class OtpNotEnough(Conflict):
    """A code by message is not enough here; give the code of your authenticator app."""
