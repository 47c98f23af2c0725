"""Signing in, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Body, Out
from gencharge.core.values.person_name import Email, PersonName
from gencharge.core.values.phone import MobileNumber
from gencharge.users.models import UserType

Otp = Annotated[
    str, Field(pattern=r"^[0-9]{6}$", description="The six digits that were sent.", examples=["111111"])
]
ChallengeId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{22}$",
        description="From the answer to the request that sent the code.",
        examples=["wV3xq0J8yT5mZr2KcPn7Lg"],
    ),
]
RefreshTokenText = Annotated[str, Field(max_length=200, description="The refresh token of the last answer.")]


class SignUp(Body):
    """A new customer's number."""

    phone_number: MobileNumber


class Login(Body):
    """The number of an account."""

    phone_number: MobileNumber
    refresh_token: RefreshTokenText | None = Field(
        default=None,
        description="The last refresh token of this device, also an expired one. It shows that the device is known here: "
        "wrong codes that others give for the number then don't keep it out.",
    )


class VerifyOtp(Body):
    """A number, and the code that was sent to it."""

    phone_number: MobileNumber
    challenge_id: ChallengeId
    otp: Otp


class PasswordForm(Body):
    """The OAuth2 password form (RFC 6749 section 4.3), as `/docs` sends it."""

    username: MobileNumber
    password: Otp
    grant_type: Literal["password"] = "password"
    scope: str = Field(default="", max_length=200)
    client_id: str = Field(default="", max_length=200)
    client_secret: str = Field(default="", max_length=200)


class Refresh(Body):
    """A refresh token. Without a body it is the cookie's, for a page that names itself in `X-GenCharge-Client`."""

    refresh_token: RefreshTokenText | None = None


class Register(Body):
    """Who the new customer is."""

    name: PersonName
    email: Email
    user_type: UserType = Field(examples=["prepaid"])
    referral_code: str | None = Field(
        default=None, max_length=16, description="Of the customer who referred you.", examples=["7KMQ2XWD"]
    )


class Registered(Out):
    """What is known about the new customer now."""

    user_id: UUID
    name: str
    email: str
    email_confirmed: bool = Field(
        description="false: confirm the address with `PUT /v1/users/me/email` and the code that it sends."
    )
    user_type: UserType
    referral_code: str = Field(description="Yours, for those whom you refer.", examples=["7KMQ2XWD"])
    registered_at: datetime


class CodeSent(Out):
    """The same answer for every number, known or not."""

    message: str
    challenge_id: str = Field(
        description="Send it back with the code. Only who has it can use the code.",
        examples=["wV3xq0J8yT5mZr2KcPn7Lg"],
    )
    expires_in_seconds: int
    resend_after_seconds: int


class TokensOut(Out):
    """Both tokens. For a page that names itself in `X-GenCharge-Client` the refresh token is a cookie that scripts can't read."""

    access_token: str
    refresh_token: str | None = Field(description="Null if it is in a cookie.")
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Life of the access token in seconds.")
    kind: Literal["user", "admin"]
    user_id: UUID


class SessionOut(Out):
    """A sign-in."""

    session_id: UUID
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


class SessionsEnded(Out):
    """How many sessions ended."""

    ended: int
