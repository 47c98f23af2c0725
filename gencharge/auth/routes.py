"""Signing in over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import Cookie, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from gencharge.admins.errors import AdminBlocked
from gencharge.auth import otp_service, service
from gencharge.auth.challenges import Purpose
from gencharge.auth.context import AuthContext
from gencharge.auth.errors import (
    AccountAlreadyExists,
    OtpInvalid,
    OtpLimitExceeded,
    OtpLocked,
    OtpTooSoon,
    SignInSuspended,
)
from gencharge.auth.schemas import (
    CodeSent,
    Login,
    PasswordForm,
    Refresh,
    Register,
    Registered,
    SessionOut,
    SessionsEnded,
    SignUp,
    TokensOut,
    VerifyOtp,
)
from gencharge.core.errors import (
    DatabaseUnavailable,
    MalformedJson,
    SignInUnavailable,
    ValidationFailed,
    field_problem,
)
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, Page, Paging
from gencharge.core.http.web import PREFIX, errors, reply
from gencharge.core.postgres.database import Db
from gencharge.sessions import service as sessions
from gencharge.sessions.errors import RefreshTokenInvalid, SessionNotFound
from gencharge.sessions.guards import SIGNED_IN_ERRORS, USER_ERRORS, PartlySignedIn, SignedIn, SignedInUser
from gencharge.users.errors import (
    EmailAlreadyConfirmed,
    OwnReferralCode,
    ReferralCodeInvalid,
    UserAlreadyRegistered,
    UserBlocked,
    UserNotFound,
)

COOKIE: Final = "refresh_token"
COOKIE_PATH: Final = f"{PREFIX}/auth"
_SENDING: Final = (
    ValidationFailed,
    OtpTooSoon,
    OtpLimitExceeded,
    OtpLocked,
    SignInSuspended,
    SignInUnavailable,
    DatabaseUnavailable,
)
_REDEEMING: Final = (
    ValidationFailed,
    OtpInvalid,
    OtpLocked,
    SignInSuspended,
    SignInUnavailable,
    DatabaseUnavailable,
)
CurrentContext = Annotated[AuthContext, Depends(AuthContext.get)]
Model = TypeVar("Model", bound=BaseModel)
router = web.router("auth")


@router.post("/signup", response_model=CodeSent, responses=errors(*_SENDING))
async def sign_up(body: SignUp, context: CurrentContext) -> Response:
    """Send a code to a new customer's number. The answer is the same for a number that has an account."""
    return _code_sent(context, await otp_service.send_code(context, Purpose.SIGN_UP, body.phone_number))


@router.post(
    "/verify-otp-signup",
    status_code=201,
    response_model=TokensOut,
    responses=errors(*_REDEEMING, AccountAlreadyExists),
)
async def verify_otp_signup(body: VerifyOtp, request: Request, context: CurrentContext) -> Response:
    """Prove that the number is yours. Creates the account and its wallet, and signs you in."""
    tokens = await service.sign_up(
        context, body.phone_number, body.challenge_id, body.otp, device=_device(request)
    )
    return _signed_in(context, tokens, status=201)


@router.post(
    "/register",
    response_model=Registered,
    responses=errors(
        *USER_ERRORS,
        UserAlreadyRegistered,
        EmailAlreadyConfirmed,
        ReferralCodeInvalid,
        OwnReferralCode,
        UserNotFound,
        ValidationFailed,
    ),
)
async def register(body: Register, db: Db, principal: SignedInUser) -> Registered:
    """Tell who you are, once."""
    user = await service.register(
        db,
        principal.user_id,
        name=body.name,
        email=body.email,
        user_type=body.user_type,
        referral_code=body.referral_code.upper() if body.referral_code else None,
    )
    return Registered.model_validate(user)


@router.post("/login", response_model=CodeSent, responses=errors(*_SENDING))
async def login(body: Login, context: CurrentContext) -> Response:
    """Send a code to the number of an account. The answer is the same for a number that has none."""
    sent = await otp_service.send_code(
        context, Purpose.SIGN_IN, body.phone_number, refresh_token=body.refresh_token
    )
    return _code_sent(context, sent)


class FormRoute(web.Route):
    """A route that takes forms only, and those in development only: any other body on its path is for the next route.

    A form has no place for a challenge's id, and any page on the web can send one.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Starlette asks each route in turn."""
        if scope["type"] != "http" or not AuthContext.of(scope["app"]).settings.is_development:
            return Match.NONE, {}
        content_type = Headers(scope=scope).get("content-type", "")
        if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            return Match.NONE, {}
        return super().matches(scope)


async def _password_form(request: Request) -> PasswordForm:
    fields = (await request.form()).multi_items()
    if len(dict(fields)) != len(fields):
        raise ValidationFailed(
            errors=[field_problem("body", "Each field may be given only once", "repeated")]
        )
    return _parse(PasswordForm, dict(fields))


def _parse(model: type[Model], raw: object) -> Model:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        problems: list[Any] = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError(
            [{**entry, "loc": ("body", *entry["loc"])} for entry in problems]
        ) from None


async def verify_otp_login_form(
    form: Annotated[PasswordForm, Depends(_password_form)], request: Request, context: CurrentContext
) -> Response:
    """Sign in with the OAuth2 password form, as the Authorize button of `/docs` does, in development only: the user name is
    the number, the password the code that was last asked for from the same address."""
    tokens = await service.sign_in(context, form.username, None, form.password, device=_device(request))
    return _signed_in(context, tokens)


# The form comes before the JSON on the same path, and not in the document: a generated client has one way to sign in.
router.add_api_route(
    "/verify-otp-login",
    verify_otp_login_form,
    methods=["POST"],
    route_class_override=FormRoute,
    include_in_schema=False,
)


@router.post(
    "/verify-otp-login",
    response_model=TokensOut,
    responses=errors(*_REDEEMING, MalformedJson, UserBlocked, AdminBlocked),
)
async def verify_otp_login(body: VerifyOtp, request: Request, context: CurrentContext) -> Response:
    """Sign in with the code."""
    tokens = await service.sign_in(
        context, body.phone_number, body.challenge_id, body.otp, device=_device(request)
    )
    return _signed_in(context, tokens)


@router.post(
    "/refresh",
    summary="New tokens for a refresh token",
    response_model=TokensOut,
    responses=errors(RefreshTokenInvalid, UserBlocked, AdminBlocked, ValidationFailed, DatabaseUnavailable),
)
async def refresh(
    context: CurrentContext,
    body: Refresh | None = None,
    cookie: Annotated[str | None, Cookie(alias=COOKIE, max_length=200)] = None,
) -> Response:
    """New tokens for a refresh token, from the body or else the cookie. A refresh token is valid once."""
    token = (body and body.refresh_token) or cookie
    if not token:
        raise RefreshTokenInvalid
    return _signed_in(context, await service.refresh(context, token))


@router.post("/logout", status_code=204, responses=errors(*SIGNED_IN_ERRORS))
async def logout(db: Db, principal: PartlySignedIn) -> Response:
    """End this session: its tokens are refused everywhere within a second."""
    await service.sign_out(db, principal)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path=COOKIE_PATH, secure=True, httponly=True, samesite="lax")
    return response


@router.get(
    "/sessions",
    response_model=Page[SessionOut],
    responses=errors(*SIGNED_IN_ERRORS, CursorInvalid, ValidationFailed),
)
async def list_sessions(db: Db, principal: SignedIn, page: Paging) -> Page[SessionOut]:
    """Where I am signed in, the newest first."""
    rows, cursor, total = await sessions.list_live(db, principal.user_id, page)
    items = [
        SessionOut(
            session_id=row.session_id,
            device=row.device,
            address=row.address,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=min(row.expires_at, row.absolute_expires_at),
            current=row.session_id == principal.session_id,
        )
        for row in rows
    ]
    return Page(items=items, next_cursor=cursor, total=total)


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    responses=errors(*SIGNED_IN_ERRORS, SessionNotFound, ValidationFailed),
)
async def end_session(session_id: UUID, db: Db, principal: SignedIn) -> None:
    """End one of my sessions."""
    await sessions.end_one(db, principal.user_id, session_id, reason="ended_by_owner")


@router.delete("/sessions", response_model=SessionsEnded, responses=errors(*SIGNED_IN_ERRORS))
async def end_other_sessions(db: Db, principal: SignedIn) -> SessionsEnded:
    """End all of my sessions but this one."""
    ended = await sessions.revoke(
        db, principal.user_id, reason="ended_by_owner", except_session_id=principal.session_id
    )
    return SessionsEnded(ended=ended)


def _code_sent(context: AuthContext, sent: otp_service.Sent) -> Response:
    settings = context.settings
    answer = CodeSent(
        message="If this number can receive a code, we have sent one.",
        challenge_id=sent.challenge_id,
        expires_in_seconds=round(settings.otp_expire_minutes * 60),
        resend_after_seconds=settings.otp_resend_seconds,
    )
    return reply(answer, headers={**sent.headers, "Cache-Control": "no-store"})


def _signed_in(context: AuthContext, tokens: service.Tokens, *, status: int = 200) -> Response:
    answer = TokensOut(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_in=context.gate.keys.lifetime_seconds,
        kind=tokens.principal.kind,
        user_id=tokens.principal.user_id,
    )
    response = reply(answer, status=status, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        COOKIE,
        tokens.refresh_token,
        max_age=round(context.settings.refresh_token_expire_days * 86_400),
        path=COOKIE_PATH,
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return response


def _device(request: Request) -> str:
    return request.headers.get("user-agent", "")
