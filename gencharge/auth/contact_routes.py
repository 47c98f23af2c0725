"""Changing what one signs in with, after it was proved: `/users/me/email`, `/users/me/phone-number`, `/admins/me/email`."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Response

from gencharge.admins.errors import AdminBlocked, AdminNotFound
from gencharge.auth import contact_service as contacts
from gencharge.auth.challenges import Issued
from gencharge.auth.contact_schemas import (
    ChangeEmail,
    ChangePhoneNumber,
    ConfirmEmail,
    ConfirmPhoneNumber,
    ContactChangeOut,
)
from gencharge.auth.context import AuthContext
from gencharge.auth.errors import (
    ContactChangeLimitExceeded,
    ContactChangeNotFound,
    ContactCodeInvalid,
    MailUnavailable,
    OtpLimitExceeded,
    OtpTooSoon,
    PhoneNumberUnchanged,
    SignInUnavailable,
    SmsUnavailable,
)
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.web import errors, reply
from gencharge.directory.errors import EmailAlreadyExists, PhoneNumberAlreadyExists
from gencharge.sessions.errors import AdminsOnly, SecondFactorRequired, StepUpRequired
from gencharge.sessions.guards import SIGNED_IN_ERRORS, USER_ERRORS, SignedInUser, SteppedUpAdmin
from gencharge.users.errors import FreshSignInRequired, UserAlreadyArchived, UserNotActive, UserNotFound

of_users = web.router("users")
of_admins = web.router("admins")
CurrentContext = Annotated[AuthContext, Depends(AuthContext.get)]
_BODY: Final = (MalformedJson, ValidationFailed, DatabaseUnavailable, SignInUnavailable)
_SENDING: Final = (*_BODY, ContactChangeLimitExceeded, OtpTooSoon, OtpLimitExceeded)
_CONFIRMING: Final = (*_BODY, ContactChangeNotFound, ContactCodeInvalid)
_USER: Final = (UserNotFound, UserAlreadyArchived, UserNotActive)
_ADMIN: Final = (*SIGNED_IN_ERRORS, AdminsOnly, SecondFactorRequired, StepUpRequired)


@of_users.put(
    "/me/email",
    response_model=ContactChangeOut,
    responses=errors(*USER_ERRORS, *_SENDING, FreshSignInRequired, MailUnavailable),
)
async def change_my_email(principal: SignedInUser, context: CurrentContext, body: ChangeEmail) -> Response:
    """Change my e-mail address: sends a code to the new one. It counts, and the old one is free, once I confirm it.

    Needs a session that began with a code within the last STEP_UP_MINUTES. The answer is the same for an address that
    another account has.
    """
    return _message_sent(context, await contacts.begin_email(context, principal, body.email))


@of_users.post(
    "/me/email/confirm",
    status_code=204,
    responses=errors(*USER_ERRORS, *_CONFIRMING, *_USER, EmailAlreadyExists),
)
async def confirm_my_email(principal: SignedInUser, context: CurrentContext, body: ConfirmEmail) -> None:
    """Confirm my new e-mail address with the code sent to it. The old address is told."""
    await contacts.confirm_email(context, principal, body.otp)


@of_users.put(
    "/me/phone-number",
    response_model=ContactChangeOut,
    responses=errors(
        *USER_ERRORS, *_SENDING, FreshSignInRequired, SmsUnavailable, PhoneNumberUnchanged, UserNotFound
    ),
)
async def change_my_phone_number(
    principal: SignedInUser, context: CurrentContext, body: ChangePhoneNumber
) -> Response:
    """Change my phone number: sends a code to the present number and one to the new one.

    Needs a session that began with a code within the last STEP_UP_MINUTES. The answer is the same for a number that
    another account has. Without the present number, ask support.
    """
    return _message_sent(context, await contacts.begin_phone_number(context, principal, body.phone_number))


@of_users.post(
    "/me/phone-number/confirm",
    status_code=204,
    responses=errors(*USER_ERRORS, *_CONFIRMING, *_USER, PhoneNumberAlreadyExists),
)
async def confirm_my_phone_number(
    principal: SignedInUser, context: CurrentContext, body: ConfirmPhoneNumber
) -> None:
    """Confirm my new phone number with both codes. Signs me out everywhere: sign in with the new number.

    Wallet, plans and referral code stay mine. Both numbers are told.
    """
    await contacts.confirm_phone_number(context, principal, otp=body.otp, old_otp=body.old_otp)


@of_admins.put(
    "/me/email",
    response_model=ContactChangeOut,
    responses=errors(*_ADMIN, *_SENDING, MailUnavailable),
)
async def change_own_email(admin: SteppedUpAdmin, context: CurrentContext, body: ChangeEmail) -> Response:
    """Change my e-mail address as an admin: sends a code to the new one. Needs step-up."""
    return _message_sent(context, await contacts.begin_email(context, admin, body.email))


@of_admins.post(
    "/me/email/confirm",
    status_code=204,
    responses=errors(*_ADMIN, *_CONFIRMING, EmailAlreadyExists, AdminNotFound, AdminBlocked),
)
async def confirm_own_email(admin: SteppedUpAdmin, context: CurrentContext, body: ConfirmEmail) -> None:
    """Confirm my new e-mail address as an admin. The old address is told. Needs step-up."""
    await contacts.confirm_email(context, admin, body.otp)


def _message_sent(context: AuthContext, issued: Issued) -> Response:
    answer = ContactChangeOut(
        message="We have sent a message.",
        expires_in_seconds=round(context.settings.otp_expire_minutes * 60),
        resend_after_seconds=issued.resend_after_seconds,
    )
    return reply(answer, headers=issued.headers)
