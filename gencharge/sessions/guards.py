"""Guards: `user: SignedInUser` in a route's signature admits users only, and is the principal.

A guard does no I/O. An admin's role may be limited to some operators: a guard refuses such an admin unless the route
says with `scoped=True` that its query stays `within` that scope. It is a security scheme of its own, so that the Authorize button of `/docs` works: user name
is the phone number, password the OTP.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.openapi.models import OAuth2, OAuthFlowPassword, OAuthFlows
from fastapi.security.base import SecurityBase
from sqlalchemy import ColumnElement, true

from gencharge.core import telemetry
from gencharge.core.errors import Problem
from gencharge.core.http import language
from gencharge.core.http.web import PREFIX
from gencharge.core.values import clock
from gencharge.core.wording import worded
from gencharge.sessions.errors import (
    AccessTokenExpired,
    AccessTokenInvalid,
    AdminsOnly,
    NotSignedIn,
    OperatorOutOfScope,
    OperatorScopeTooNarrow,
    PermissionDenied,
    SecondFactorRequired,
    SessionEnded,
    StepUpRequired,
    UsersOnly,
)
from gencharge.sessions.gate import Gate
from gencharge.sessions.permissions import ALL, Action, Resource, describe, permission
from gencharge.sessions.tokens import Kind, Principal

__all__ = [
    "ADMIN_ERRORS",
    "ALL",
    "SCOPED_ERRORS",
    "SIGNED_IN_ERRORS",
    "STEP_UP_ERRORS",
    "USER_ERRORS",
    "Action",
    "Gate",
    "Kind",
    "PartlySignedIn",
    "PartlySignedInAdmin",
    "Principal",
    "Requires",
    "Resource",
    "SignedIn",
    "SignedInAdmin",
    "SignedInUser",
    "SteppedUpAdmin",
    "check_scope",
    "describe",
    "permission",
    "within",
]

_HEADER: Final = b"authorization"
_NOTHING: Final[frozenset[str]] = frozenset()
# Without it, an admin sees customers' numbers and addresses masked.
_WHOLE_CONTACTS: Final = permission(Resource.PERSONAL_DATA, Action.READ)


class Guard(SecurityBase):
    """Admits users and admins who are signed in; with `kind`, only one of them.

    An admin whose second factor is still due is partly signed in, and admitted with `allow_partly` only: by the routes
    that verify a second factor or set one up.
    """

    def __init__(self, kind: Kind | None = None, *, allow_partly: bool = False) -> None:
        self._kind = kind
        self._allow_partly = allow_partly
        self.scheme_name = "PhoneAndOtp"
        self.model = OAuth2(
            flows=OAuthFlows(
                password=OAuthFlowPassword(tokenUrl=f"{PREFIX}/auth/verify-otp-login", scopes={})
            ),
            description="Ask for a code with `POST /v1/auth/login`, then: username = phone number, password = OTP. In development only.",
        )

    async def __call__(self, request: Request) -> Principal:
        """The principal. Raises what ADMIN_ERRORS lists but PermissionDenied, and UsersOnly."""
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
        if principal.language:
            language.know(principal.language)
        if self._kind is not None and principal.kind != self._kind:
            raise UsersOnly if self._kind == "user" else AdminsOnly
        if principal.second_factor_due and not self._allow_partly:
            raise SecondFactorRequired
        return principal


class Requires(Guard):
    """Admits admins whose role allows an action: `admin: Annotated[Principal, Depends(Requires(PLANS, EDIT))]`.

    `scoped`: the route keeps to the admin's operators by itself (`within`); without it an admin who is limited to
    some operators is refused. `step_up`: the second factor must have been given within STEP_UP_MINUTES.
    """

    def __init__(
        self, resource: Resource, action: Action, *, scoped: bool = False, step_up: bool = False
    ) -> None:
        super().__init__("admin")
        self.permission = permission(resource, action)
        self.scoped = scoped
        self.step_up = step_up

    async def __call__(self, request: Request) -> Principal:
        """The principal. Raises what Guard raises, PermissionDenied, OperatorScopeTooNarrow, StepUpRequired."""
        principal = await super().__call__(request)
        gate = Gate.of(request.scope["app"])
        granted = gate.grants.get(principal.role, _NOTHING)
        if self.permission not in granted:
            raise PermissionDenied(
                worded("Your role does not allow {permission}.", permission=self.permission)
            )
        telemetry.context().masks_contacts = _WHOLE_CONTACTS not in granted
        if principal.operator_scope and not self.scoped:
            raise OperatorScopeTooNarrow
        if self.step_up:
            _check_step_up(principal, gate)
        return principal


def allows(request: Request, admin: Principal, resource: Resource, action: Action) -> bool:
    """True if the admin's role allows this, too: for the parts of an answer that a role may lack."""
    granted = Gate.of(request.scope["app"]).grants.get(admin.role, _NOTHING)
    return permission(resource, action) in granted


class SteppedUp(Guard):
    """Admits every admin whose second factor was given within STEP_UP_MINUTES: for changes to their own account."""

    step_up = True

    def __init__(self) -> None:
        super().__init__("admin")

    async def __call__(self, request: Request) -> Principal:
        """The principal. Raises what Guard raises, StepUpRequired."""
        principal = await super().__call__(request)
        _check_step_up(principal, Gate.of(request.scope["app"]))
        return principal


def _check_step_up(principal: Principal, gate: Gate) -> None:
    if clock.now().timestamp() - principal.second_factor_at > gate.step_up_seconds:
        raise StepUpRequired


def within(admin: Principal, operator: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that keeps a query inside an admin's operators; true for an admin who has all.

    Part of the first statement of a list, a detail or a change, so that what is out of scope is not found (404)
    rather than refused.
    """
    return operator.in_(admin.operator_scope) if admin.operator_scope else true()


def check_scope(admin: Principal, operator: str) -> None:
    """Raises OperatorOutOfScope if a change concerns an operator outside the admin's scope."""
    if not admin.sees(operator):
        raise OperatorOutOfScope(
            worded("Your role covers only {operators}.", operators=list(admin.operator_scope))
        )


SignedIn = Annotated[Principal, Depends(Guard())]
SignedInUser = Annotated[Principal, Depends(Guard("user"))]
SignedInAdmin = Annotated[Principal, Depends(Guard("admin"))]
# A user or an admin, also an admin whose second factor is still due.
PartlySignedIn = Annotated[Principal, Depends(Guard(allow_partly=True))]
PartlySignedInAdmin = Annotated[Principal, Depends(Guard("admin", allow_partly=True))]
SteppedUpAdmin = Annotated[Principal, Depends(SteppedUp())]

# What a guarded route lists: `responses=errors(*USER_ERRORS, InsufficientBalance)`.
SIGNED_IN_ERRORS: Final[tuple[type[Problem], ...]] = (
    NotSignedIn,
    AccessTokenInvalid,
    AccessTokenExpired,
    SessionEnded,
)
USER_ERRORS: Final = (*SIGNED_IN_ERRORS, UsersOnly)
SCOPED_ERRORS: Final = (*SIGNED_IN_ERRORS, AdminsOnly, SecondFactorRequired, PermissionDenied)
ADMIN_ERRORS: Final = (*SCOPED_ERRORS, OperatorScopeTooNarrow)
STEP_UP_ERRORS: Final = (*ADMIN_ERRORS, StepUpRequired)
