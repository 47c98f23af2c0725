"""The settings of the queue of messages: rates, tries, prices. `core.settings` puts them with the others."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class Sending(BaseModel, defer_build=True):
    """Sending messages"""

    sms_per_second: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="SMS of all workers together; what the provider's contract allows.",
    )
    sms_per_recipient_day: int = Field(
        default=50,
        ge=1,
        le=10_000,
        description="SMS about what happens to one customer in 24 hours, codes not counted; the rest is in their inbox only. Who makes much "
        "happen can't run up the bill.",
    )
    emails_per_second: int = Field(
        default=20, ge=1, le=10_000, description="E-mails of all workers together."
    )
    web_pushes_per_second: int = Field(
        default=100, ge=1, le=10_000, description="Messages to browsers of all workers together."
    )
    mobile_pushes_per_second: int = Field(
        default=200, ge=1, le=10_000, description="Messages to mobile devices of all workers together."
    )
    message_attempts: int = Field(
        default=8,
        ge=1,
        le=20,
        description="After so many failed attempts a message is parked for an admin to see. With 8 that takes about a day.",
    )
    message_retention_days: int = Field(
        default=30, ge=1, le=365, description="How long it is kept what became of a message."
    )
    sms_price_paise: float = Field(
        default=15.0, ge=0, description="What a segment of an SMS costs, for `GET /messages/costs`."
    )
    email_price_paise: float = Field(default=1.0, ge=0, description="What an e-mail costs.")
    push_price_paise: float = Field(default=0.0, ge=0, description="What a push message costs.")
    public_api_url: str = Field(
        default="",
        description="Where customers reach the API, such as `https://api.example.in`: the link that ends e-mails leads there. Empty: "
        "e-mails that are no transactional ones carry no such link.",
    )
    bounce_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Signs the mail provider's reports of bounces (`POST /messages/bounces`). Empty: none are taken.",
    )
    sms_receipt_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Signs the SMS provider's delivery receipts (`POST /messages/receipts`). Empty: none are taken.",
    )
