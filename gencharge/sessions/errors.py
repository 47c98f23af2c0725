"""What can be wrong with a token or a session."""

from __future__ import annotations

from typing import Any

from gencharge.core.errors import Forbidden, NotFound, Unauthorized


class NotSignedIn(Unauthorized):
    """Sign in first, and send the access token as `Authorization: Bearer ...`."""


class _WrongToken(Unauthorized):
    """The token was not accepted."""

    def __init__(self, detail: str | None = None, **but: Any) -> None:
        super().__init__(detail, **but)
        # RFC 6750 section 3.1: a token that was sent and refused is named as such.
        self.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'


class AccessTokenInvalid(_WrongToken):
    """This is not an access token of this service."""


class AccessTokenExpired(_WrongToken):
    """The access token has expired; get a new one with the refresh token."""


class SessionEnded(_WrongToken):
    """This session has ended; sign in again."""


class RefreshTokenInvalid(Unauthorized):
    """This refresh token is unknown, used up or expired; sign in again."""


class UsersOnly(Forbidden):
    """This is for users; you are signed in as an admin."""


class AdminsOnly(Forbidden):
    """This is for admins; you are signed in as a user."""


class PermissionMissing(Forbidden):
    """Your role doesn't allow this."""


class OperatorScopeTooNarrow(Forbidden):
    """This is about all operators; your role is limited to some."""


class OperatorOutOfScope(Forbidden):
    """Your role does not reach to this operator."""


class SecondFactorRequired(Forbidden):
    """Give your second factor first, with POST /v1/auth/second-factor/verify; set one up if you have none."""


class StepUpRequired(Forbidden):
    """This needs a second factor given just now: POST /v1/auth/second-factor/verify, and try again."""


class SessionUnknown(NotFound):
    """You have no such session."""
