"""Reports of the mail provider about e-mails and their addresses, and what we know an undeliverable address by."""

from __future__ import annotations

import hmac
from typing import Final, Literal
from uuid import UUID

from pydantic import Field, SecretStr

from gencharge.core.http.web import Body
from gencharge.core.settings import Settings

SIGNATURE: Final = "X-Bounce-Signature"
MAX_REPORTS: Final = 1_000


class BounceReport(Body):
    """What happened to an e-mail to this address."""

    kind: Literal["delivered", "hard_bounce", "soft_bounce", "complaint"] = Field(
        description="`hard_bounce`: no such mailbox. `complaint`: the recipient marked an e-mail as spam. After either we write there no more. "
        "`soft_bounce`: a full mailbox and the like. `delivered`: the mailbox has it."
    )
    email: str = Field(min_length=3, max_length=320, examples=["asha@example.com"])
    message_id: UUID | None = Field(
        default=None,
        description="What stands before the @ of the e-mail's `Message-ID`: then it is noted with the e-mail whether it arrived.",
    )


class ReportBounces(Body):
    """Reports of the mail provider."""

    events: list[BounceReport] = Field(max_length=MAX_REPORTS)


def is_signed(secret: SecretStr, signature: str, body: bytes) -> bool:
    """Whether the signature is the hexadecimal HMAC-SHA256 of the body under this secret. Never without a secret."""
    key = secret.get_secret_value()
    expected = hmac.digest(key.encode(), body, "sha256").hex()
    return bool(key) and hmac.compare_digest(expected.encode(), signature.strip().lower().encode())


def mark_of(settings: Settings, email: str) -> str:
    """What stands for an address: an HMAC, from which it can't be read. Another address has another mark."""
    key = settings.otp_secret.get_secret_value().encode()
    return hmac.digest(key, f"undeliverable|{email.strip().lower()}".encode(), "sha256").hex()[:32]
