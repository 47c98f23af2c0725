"""What can go wrong with signing up and in."""

from __future__ import annotations

from gencharge.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    SignInUnavailable,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    field_problem,
)

__all__ = [
    "AccountAlreadyExists",
    "AuthenticatorCodeRequired",
    "ContactChangeLimitExceeded",
    "ContactChangeNotFound",
    "ContactCodeInvalid",
    "ForeignOrigin",
    "MailUnavailable",
    "OtpInvalid",
    "OtpLimitExceeded",
    "OtpLocked",
    "OtpTooSoon",
    "PhoneNumberUnchanged",
    "SecondFactorInvalid",
    "SecondFactorLocked",
    "SecondFactorNotFound",
    "SecondFactorNotRemovable",
    "SecondFactorNotSetUp",
    "SecondFactorNotUsable",
    "SecondFactorSetupNotStarted",
    "SendingSuspended",
    "SignInNotLocked",
    "SignInSuspended",
    "SignInUnavailable",
    "SmsUnavailable",
]


class ForeignOrigin(Forbidden):
    """This request comes from a page of another site. Sign in on GenCharge's own pages."""


class OtpInvalid(Unauthorized):
    """The code is wrong or has expired. Request a new one."""


class OtpLocked(TooManyRequests):
    """Too many wrong codes."""


class OtpTooSoon(TooManyRequests):
    """A code was sent a moment ago."""


class OtpLimitExceeded(TooManyRequests):
    """You have requested too many codes."""


class SendingSuspended(Unavailable):
    """We can't send a code right now. Try again later, or use a device that has signed in before."""


class SignInSuspended(Forbidden):
    """Sign-in with this number is suspended after too many wrong codes. Use a device that has signed in before, or contact support."""


class SignInNotLocked(Conflict):
    """Nobody has given a wrong code for this number since the last sign-in. There is nothing to open."""


class AccountAlreadyExists(Conflict):
    """An account with this number already exists. Sign in instead."""


class ContactCodeInvalid(Invalid):
    """The code is wrong or has expired. Request a new one."""

    def __init__(self, *fields: str) -> None:
        super().__init__(
            errors=[field_problem(field, self.title(), "contact_code_invalid") for field in fields]
        )


class ContactChangeNotFound(NotFound):
    """There is no change to confirm, or its time is over. Start it again."""


class ContactChangeLimitExceeded(TooManyRequests):
    """You have started too many changes today."""


class PhoneNumberUnchanged(Conflict):
    """This is your phone number already."""


class MailUnavailable(Unavailable):
    """Sending e-mails is temporarily unavailable, so no e-mail address can be confirmed."""


class SmsUnavailable(Unavailable):
    """Sending text messages is temporarily unavailable. Contact support to change your number."""


class SecondFactorInvalid(Forbidden):
    """The code is wrong, has expired or was already used. Wait for the next one."""


class SecondFactorLocked(TooManyRequests):
    """Too many wrong codes. Another admin can remove your second factor."""


class SecondFactorNotSetUp(Conflict):
    """You have no second factor. Set one up with POST /v1/auth/second-factor/setup."""


class SecondFactorNotFound(NotFound):
    """This admin has no second factor."""


class SecondFactorSetupNotStarted(Conflict):
    """There is no setup to confirm. Start one with POST /v1/auth/second-factor/setup."""


class SecondFactorNotRemovable(Conflict):
    """Every admin needs a second factor. Set up a new one to replace it."""


class SecondFactorNotUsable(Conflict):
    """Your second factor can no longer be checked. Use a recovery code, or ask another admin to remove it."""


class AuthenticatorCodeRequired(Conflict):
    """A code sent by message is not enough here. Enter the code from your authenticator app."""
