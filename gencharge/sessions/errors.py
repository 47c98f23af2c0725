"""What can be wrong with a token or a session."""

from __future__ import annotations

from typing import Any

from gencharge.core.errors import Forbidden, NotFound, Unauthorized


class NotSignedIn(Unauthorized):
    """Sign in first, and send the access token as `Authorization: Bearer ...`."""


class _WrongToken(Unauthorized):
    """The token was not accepted."""

    def __init__(self, detail: str | None = None, **overrides: Any) -> None:
        super().__init__(detail, **overrides)
        # RFC 6750 section 3.1: a token that was sent and refused is named as such.
        self.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'


class AccessTokenInvalid(_WrongToken):
    """The access token is not valid. Sign in again."""


class AccessTokenExpired(_WrongToken):
    """The access token has expired. Get a new one with the refresh token."""


class SessionEnded(_WrongToken):
    """This session has ended. Sign in again."""


class RefreshTokenInvalid(Unauthorized):
    """The refresh token is not valid, has expired or was already used. Sign in again."""


class UsersOnly(Forbidden):
    """This is only for customers. You are signed in as an admin."""


class AdminsOnly(Forbidden):
    """This is only for admins. You are signed in as a customer."""


class PermissionDenied(Forbidden):
    """Your role does not allow this."""


class OperatorScopeTooNarrow(Forbidden):
    """This needs access to all operators. Your role covers only some of them."""


class OperatorOutOfScope(Forbidden):
    """Your role does not cover this operator."""


class SecondFactorRequired(Forbidden):
    """Confirm your second factor with POST /v1/auth/second-factor/verify first, or set one up."""


class StepUpRequired(Forbidden):
    """Confirm your second factor again with POST /v1/auth/second-factor/verify, then repeat the request."""


class SessionNotFound(NotFound):
    """Session not found."""
