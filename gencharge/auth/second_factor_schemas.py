"""An admin's own second factor on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from gencharge.auth.schemas import ChallengeId, Otp
from gencharge.core.http.changes import left_out
from gencharge.core.http.web import Body, Out

Totp = Annotated[
    str,
    Field(pattern=r"^[0-9]{6}$", description="The six digits of the authenticator app.", examples=["492039"]),
]


class ConfirmSecondFactor(Body):
    """The first code of a new second factor."""

    code: Totp


class VerifySecondFactor(Body):
    """A second factor: exactly one of the three."""

    model_config = ConfigDict(
        json_schema_extra={
            # Exactly one of the three, and a code by SMS with its challenge. In `oneOf` generators lose the fields.
            "minProperties": 1,
            "dependentSchemas": {name: {"maxProperties": 1} for name in ("code", "recovery_code")},
            "dependentRequired": {"otp": ["challenge_id"], "challenge_id": ["otp"]},
            "examples": [{"code": "492039"}],
        }
    )

    code: Totp = Field(default_factory=left_out)
    recovery_code: str = Field(
        default_factory=left_out,
        pattern=r"^[A-Za-z2-7]{4}([ -]?[A-Za-z2-7]{4}){3}$",
        description="One of the ten; hyphens may be left out.",
        examples=["k3vd-x5qa-77mt-bz2e"],
    )
    otp: Otp = Field(
        default_factory=left_out,
        description="The code that POST /v1/auth/second-factor/otp sent, if that is enough.",
    )
    challenge_id: ChallengeId = Field(
        default_factory=left_out, description="With `otp`: from the same answer."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set - {"challenge_id"}) != 1:
            raise ValueError("Give exactly one of code, recovery_code and otp")
        if ("otp" in self.model_fields_set) != ("challenge_id" in self.model_fields_set):
            raise ValueError("Give otp and challenge_id together")
        return self


class SecondFactorOut(Out):
    """My second factor."""

    enrolled: bool
    confirmed_at: datetime | None
    locked_until: datetime | None = Field(description="After too many wrong codes.")
    recovery_codes_left: int
    required: bool = Field(description="True if every admin needs one.")
    due: bool = Field(
        description="True if this session can do nothing else before it verifies or sets one up."
    )
    given_at: datetime | None = Field(description="When this session last verified it.")


class SecondFactorSetupOut(Out):
    """A secret for the authenticator app, shown once; active once its first code is confirmed."""

    secret: str = Field(description="To type in, base32.", examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])
    uri: str = Field(
        description="To show as a QR code.",
        examples=["otpauth://totp/GenCharge:ravi%40example.com?secret=..."],
    )


class StepUpOut(Out):
    """A new access token that says so. The refresh token stays the same."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Life of the access token in seconds.")
    second_factor_at: datetime
    recovery_codes_left: int


class SecondFactorConfirmed(StepUpOut):
    """The same, and the recovery codes, which are not shown again."""

    recovery_codes: list[str] = Field(examples=[["k3vd-x5qa-77mt-bz2e"]])


class RecoveryCodesOut(Out):
    """New recovery codes: they are not shown again. The old ones are no longer valid."""

    recovery_codes: list[str] = Field(examples=[["k3vd-x5qa-77mt-bz2e"]])
