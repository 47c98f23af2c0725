"""Signing in over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from gencharge.admins.errors import AdminBlocked
from gencharge.auth import device_marks, otp_service, service
from gencharge.auth.browser import HEADER, BrowserClient
from gencharge.auth.challenges import Purpose
from gencharge.auth.context import AuthContext
from gencharge.auth.errors import (
    AccountAlreadyExists,
    ForeignOrigin,
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
from gencharge.core.http.origins import is_foreign
from gencharge.core.http.web import errors, reply
from gencharge.core.postgres.database import Db
from gencharge.core.wording import worded
from gencharge.sessions.errors import RefreshTokenInvalid
from gencharge.sessions.guards import SIGNED_IN_ERRORS, USER_ERRORS, PartlySignedIn, SignedInUser
from gencharge.users.errors import (
    EmailAlreadyConfirmed,
    OwnReferralCode,
    ReferralCodeInvalid,
    UserAlreadyRegistered,
    UserBlocked,
    UserNotFound,
)

_SENDING: Final = (
    ForeignOrigin,
    MalformedJson,
    ValidationFailed,
    OtpTooSoon,
    OtpLimitExceeded,
    OtpLocked,
    SignInSuspended,
    SignInUnavailable,
    DatabaseUnavailable,
)
_REDEEMING: Final = (
    ForeignOrigin,
    MalformedJson,
    ValidationFailed,
    OtpInvalid,
    OtpLocked,
    SignInSuspended,
    SignInUnavailable,
    DatabaseUnavailable,
)
CurrentContext = Annotated[AuthContext, Depends(AuthContext.get)]


async def _browser(
    request: Request,
    context: CurrentContext,
    client: Annotated[
        BrowserClient | None,
        Header(
            alias=HEADER,
            description="For our own pages in a browser. The refresh token is then kept in a cookie, and in no answer.",
        ),
    ] = None,
) -> BrowserClient | None:
    """The page that asks; None for a program. Raises ForeignOrigin."""
    if is_foreign(request.headers, allowed=context.settings.cors_origins, with_cookie=client is not None):
        raise ForeignOrigin
    return client


Browser = Annotated[BrowserClient | None, Depends(_browser)]


async def _device_mark(
    request: Request,
    browser: Browser,
    mark: Annotated[
        str | None,
        Header(
            alias=device_marks.HEADER,
            min_length=device_marks.MIN_LENGTH,
            max_length=device_marks.MAX_LENGTH,
            pattern="^[!-~]+$",
            description="For apps: a random text, made at the first start and kept. How many customers pay from one device is limited.",
        ),
    ] = None,
) -> str | None:
    """What tells the device from others; None for a program that does not say."""
    return mark if browser is None else device_marks.mark_in(request)


DeviceMark = Annotated[str | None, Depends(_device_mark)]
Model = TypeVar("Model", bound=BaseModel)
router = web.router("auth")


@router.post("/signup", response_model=CodeSent, responses=errors(*_SENDING))
async def sign_up(body: SignUp, context: CurrentContext, browser: Browser) -> Response:
    """Send a code to a new customer's number. The answer is the same for a number that has an account."""
    return _code_sent(context, await otp_service.send_code(context, Purpose.SIGN_UP, body.phone_number))


@router.post(
    "/verify-otp-signup",
    status_code=201,
    response_model=TokensOut,
    responses=errors(*_REDEEMING, AccountAlreadyExists),
)
async def verify_otp_signup(
    body: VerifyOtp, request: Request, context: CurrentContext, browser: Browser, mark: DeviceMark
) -> Response:
    """Prove that the number is yours. Creates the account and its wallet, and signs you in."""
    tokens = await service.sign_up(
        context, body.phone_number, body.challenge_id, body.otp, device=_device(request), device_mark=mark
    )
    return _signed_in(context, browser, tokens, status=201, mark=mark)


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
        MalformedJson,
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
async def login(body: Login, request: Request, context: CurrentContext, browser: Browser) -> Response:
    """Send a code to the number of an account. The answer is the same for a number that has none."""
    token = _refresh_token(request, browser, body.refresh_token)
    sent = await otp_service.send_code(context, Purpose.SIGN_IN, body.phone_number, refresh_token=token)
    return _code_sent(context, sent)


class FormRoute(web.Route):
    """A route that takes forms only, and those in development only: any other body on its path is for the next route.

    A form has no place for a challenge's id, and any page on the web can send one.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Starlette asks each route in turn."""
        content_type = Headers(scope=scope).get("content-type", "") if scope["type"] == "http" else ""
        if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            return Match.NONE, {}
        if not AuthContext.of(scope["app"]).settings.is_development:
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
    form: Annotated[PasswordForm, Depends(_password_form)],
    request: Request,
    context: CurrentContext,
    browser: Browser,
) -> Response:
    """Sign in with the OAuth2 password form, as the Authorize button of `/docs` does, in development only: the user name is
    the number, the password the code that was last asked for from the same address."""
    tokens = await service.sign_in(context, form.username, None, form.password, device=_device(request))
    return _signed_in(context, None, tokens)  # a form never gets a cookie


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
    responses=errors(*_REDEEMING, UserBlocked, AdminBlocked),
)
async def verify_otp_login(
    body: VerifyOtp, request: Request, context: CurrentContext, browser: Browser, mark: DeviceMark
) -> Response:
    """Sign in with the code."""
    tokens = await service.sign_in(
        context, body.phone_number, body.challenge_id, body.otp, device=_device(request), device_mark=mark
    )
    return _signed_in(context, browser, tokens, mark=mark)


@router.post(
    "/refresh",
    summary="New tokens for a refresh token",
    response_model=TokensOut,
    responses=errors(
        ForeignOrigin,
        RefreshTokenInvalid,
        UserBlocked,
        AdminBlocked,
        MalformedJson,
        ValidationFailed,
        DatabaseUnavailable,
    ),
)
async def refresh(
    request: Request, context: CurrentContext, browser: Browser, body: Refresh | None = None
) -> Response:
    """New tokens for a refresh token: the body's, or the cookie's of the page that `X-GenCharge-Client` names. A refresh token is
    valid once; the one before it is valid as long as its successor was not used, for a client whose answer was lost."""
    token = _refresh_token(request, browser, body.refresh_token if body else None)
    if not token:
        raise RefreshTokenInvalid
    return _signed_in(context, browser, await service.refresh(context, token))


@router.post("/logout", status_code=204, responses=errors(*SIGNED_IN_ERRORS, ForeignOrigin, ValidationFailed))
async def logout(db: Db, principal: PartlySignedIn, browser: Browser) -> Response:
    """End this session: its tokens are refused everywhere within a second."""
    await service.sign_out(db, principal)
    response = Response(status_code=204)
    if browser is not None:
        browser.delete_cookie(response)
    return response


def _code_sent(context: AuthContext, sent: otp_service.Sent) -> Response:
    settings = context.settings
    answer = CodeSent(
        message="If this number can receive a code, we have sent one.",
        challenge_id=sent.challenge_id,
        expires_in_seconds=round(settings.otp_expire_minutes * 60),
        resend_after_seconds=sent.resend_after_seconds,
    )
    return reply(answer, headers={**sent.headers, "Cache-Control": "no-store"})


def _signed_in(
    context: AuthContext,
    browser: BrowserClient | None,
    tokens: service.Tokens,
    *,
    status: int = 200,
    mark: str | None = None,
) -> Response:
    answer = TokensOut(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token if browser is None else None,
        expires_in=context.gate.keys.lifetime_seconds,
        kind=tokens.principal.kind,
        user_id=tokens.principal.user_id,
    )
    response = reply(answer, status=status, headers={"Cache-Control": "no-store"})
    if browser is not None:
        # For as long as a session may live: a token that ran out still shows that the device is known.
        lifetime = timedelta(days=context.settings.session_lifetime_days)
        browser.set_cookie(response, tokens.refresh_token, max_age_seconds=round(lifetime.total_seconds()))
        if mark is not None and tokens.principal.kind == "user":
            device_marks.keep(response, mark)
    return response


def _refresh_token(request: Request, browser: BrowserClient | None, sent: str | None) -> str | None:
    """A program's refresh token is in the body, that of a page in its cookie. Raises ValidationFailed."""
    if browser is None:
        return sent
    if sent is not None:
        problem = field_problem(
            "body.refresh_token",
            worded("Leave it out: with {header} it is in the cookie", header=HEADER),
            "unexpected",
        )
        raise ValidationFailed(errors=[problem])
    return request.cookies.get(browser.cookie)


def _device(request: Request) -> str:
    return request.headers.get("user-agent", "")
