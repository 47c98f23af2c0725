"""The settings of one-time codes, and of the SMS and e-mails that carry them. `core.settings` puts them with the others."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from gencharge.core.setting_groups import IN_PRODUCTION


class Codes(BaseModel, defer_build=True):
    """One-time codes"""

    otp_expire_minutes: float = Field(default=5, gt=0, le=10, description="How long a code is valid.")
    otp_attempts: int = Field(
        default=5, ge=1, le=10, description="Wrong codes that lock who gave them out of a number."
    )
    otp_lock_minutes: float = Field(default=15, gt=0, description="For how long they are locked out.")
    otp_resend_seconds: int = Field(
        default=30,
        ge=0,
        description="The time between two codes; it doubles twice, such as 30, 60, 120 seconds.",
    )
    otp_sends_per_phone_hour: int = Field(
        default=5,
        ge=1,
        description="Codes for one number in an hour, asked for by strangers; known devices have as many of their own.",
    )
    otp_sends_per_address_hour: int = Field(
        default=20, ge=1, description="Codes for requests from one IP address in an hour."
    )
    otp_sends_per_prefix_hour: int = Field(
        default=500,
        ge=1,
        description="Codes for all numbers with the same first four digits in an hour, asked for by strangers.",
    )
    otp_sends_per_hour: int = Field(
        default=5_000,
        ge=1,
        description="Codes of the whole service in an hour, asked for by strangers. The staff are told at four fifths.",
    )
    otp_sends_per_day: int = Field(
        default=50_000,
        ge=1,
        description="The same in a day: with the price of an SMS it bounds what an attack can cost.",
    )
    otp_known_factor: int = Field(
        default=4,
        ge=1,
        le=1000,
        description="Devices and addresses that are known to be the owner's have budgets of their own, so many times as large as those of "
        "strangers: no stranger can use them up.",
    )
    dev_fixed_otp: str = Field(
        default="",
        description="Development only: the code of 9000000000 to 9000009999. `gencharge dev` sets 111111. Empty: random "
        "codes for everybody.",
    )
    otp_channel: Literal["console", "sms", "smtp"] = Field(
        default="console",
        description="How codes are sent. `console` prints them in the log, in development only.",
        json_schema_extra=IN_PRODUCTION,
    )


class Messages(BaseModel, defer_build=True):
    """SMS and e-mail"""

    message_inbox_url: str = Field(
        default="",
        description="Development only: where messages of `OTP_CHANNEL=console` are shown as well. `gencharge dev` "
        "names the sandbox's page.",
    )
    gencharge_sms_url: str = Field(
        default="",
        description="The SMS provider's address, which gets one HTTP POST a message; needed with `OTP_CHANNEL=sms`.",
    )
    sms_api_key: SecretStr = Field(default=SecretStr(""), description="The SMS provider's key.")
    sms_dlt_entity_id: str = Field(default="", description="The sender's id under TRAI's DLT rules.")
    sms_header: str = Field(
        default="GENCHG", description="The sender's name (header) under TRAI's DLT rules."
    )
    sms_otp_template_id: str = Field(
        default="", description="The id of the code's template under TRAI's DLT rules."
    )
    sms_notice_template_id: str = Field(
        default="",
        description="The id of the template of notices about a changed phone number under TRAI's DLT rules.",
    )
    smtp_host: str = Field(
        default="",
        description="The mail server; needed with `OTP_CHANNEL=smtp`. With `OTP_CHANNEL=sms` it lets customers and admins "
        "confirm e-mail addresses.",
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="The mail server's port.")
    smtp_username: str = Field(default="", description="Empty: no sign-in to the mail server.")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="The password of that name.")
    smtp_sender: str = Field(default="no-reply@gencharge.example", description="The sender of every e-mail.")
    smtp_starttls: bool = Field(default=True, description="Whether the connection is encrypted by STARTTLS.")
