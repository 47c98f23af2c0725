"""Guards: `user: SignedInUser` in a route's signature admits users only, and says who asks.

A guard does no I/O. It is a security scheme of its own, so that the Authorize button of `/docs` works: user name
is the phone number, password the OTP.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.openapi.models import OAuth2, OAuthFlowPassword, OAuthFlows
from fastapi.security.base import SecurityBase

from gencharge.core import telemetry
from gencharge.core.errors import Problem
from gencharge.core.web import PREFIX
from gencharge.sessions.errors import (
    AccessTokenExpired,
    AccessTokenInvalid,
    AdminsOnly,
    NotSignedIn,
    PermissionMissing,
    SessionEnded,
    UsersOnly,
)
from gencharge.sessions.gate import Gate
from gencharge.sessions.permissions import ALL, Action, Resource, permission
from gencharge.sessions.tokens import Kind, Principal

__all__ = [
    "ADMIN_ERRORS",
    "ALL",
    "SIGNED_IN_ERRORS",
    "USER_ERRORS",
    "Action",
    "Gate",
    "Kind",
    "Principal",
    "Requires",
    "Resource",
    "SignedIn",
    "SignedInAdmin",
    "SignedInUser",
    "permission",
]

_HEADER: Final = b"authorization"
_NOTHING: Final[frozenset[str]] = frozenset()


class Guard(SecurityBase):
    """Admits whoever is signed in; with `kind`, users or admins only."""

    def __init__(self, kind: Kind | None = None) -> None:
        self._kind = kind
        self.scheme_name = "PhoneAndOtp"
        self.model = OAuth2(
            flows=OAuthFlows(
                password=OAuthFlowPassword(tokenUrl=f"{PREFIX}/auth/verify-otp-login", scopes={})
            ),
            description="Ask for a code with `POST /v1/auth/login`, then: username = phone number, password = OTP.",
        )

    async def __call__(self, request: Request) -> Principal:
        """Who asks. Raises NotSignedIn, AccessTokenInvalid, AccessTokenExpired, SessionEnded, UsersOnly, AdminsOnly."""
        scope = request.scope
        authorization = b""
        for header in scope["headers"]:
            if header[0] == _HEADER:
                authorization = header[1]
                break
        principal, actor_id = Gate.of(scope["app"]).admit(authorization)
        context = telemetry.context()
        context.actor_kind = principal.kind
        context.actor_id = actor_id
        if self._kind is not None and principal.kind != self._kind:
            raise UsersOnly if self._kind == "user" else AdminsOnly
        return principal


class Requires(Guard):
    """Admits admins whose role allows an action: `admin: Annotated[Principal, Depends(Requires(PLANS, EDIT))]`."""

    def __init__(self, resource: Resource, action: Action) -> None:
        super().__init__("admin")
        self.permission = permission(resource, action)

    async def __call__(self, request: Request) -> Principal:
        """Who asks. Raises what Guard raises, and PermissionMissing."""
        principal = await super().__call__(request)
        if self.permission not in Gate.of(request.scope["app"]).grants.get(principal.role, _NOTHING):
            raise PermissionMissing(f"Your role doesn't allow {self.permission}.")
        return principal


SignedIn = Annotated[Principal, Depends(Guard())]
SignedInUser = Annotated[Principal, Depends(Guard("user"))]
SignedInAdmin = Annotated[Principal, Depends(Guard("admin"))]

# What a guarded route lists: `responses=errors(*USER_ERRORS, InsufficientBalance)`.
SIGNED_IN_ERRORS: Final[tuple[type[Problem], ...]] = (
    NotSignedIn,
    AccessTokenInvalid,
    AccessTokenExpired,
    SessionEnded,
)
USER_ERRORS: Final = (*SIGNED_IN_ERRORS, UsersOnly)
ADMIN_ERRORS: Final = (*SIGNED_IN_ERRORS, AdminsOnly, PermissionMissing)
