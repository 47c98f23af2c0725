"""Changing what one signs in with, on the wire."""

from __future__ import annotations

from pydantic import Field

from gencharge.auth.schemas import Otp
from gencharge.core.http.web import Body, Out
from gencharge.core.values.person_name import Email
from gencharge.core.values.phone import MobileNumber


class ChangeEmail(Body):
    """The new address."""

    email: Email


class ConfirmEmail(Body):
    """The code that was sent to the new address."""

    otp: Otp


class ChangePhoneNumber(Body):
    """The new number."""

    phone_number: MobileNumber


class ConfirmPhoneNumber(Body):
    """The codes that were sent to both numbers."""

    otp: Otp = Field(description="The six digits that were sent to the new number.")
    old_otp: Otp = Field(description="The six digits that were sent to the present number.")


class ContactChangeOut(Out):
    """The same answer for what is free and for what another account has."""

    message: str
    expires_in_seconds: int
    resend_after_seconds: int
