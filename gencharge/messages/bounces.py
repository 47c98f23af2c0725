"""Reports of the mail provider about addresses, and what we know an undeliverable address by."""

from __future__ import annotations

import hmac
from typing import Final, Literal

from pydantic import Field

from gencharge.core.http.web import Body
from gencharge.core.settings import Settings

SIGNATURE: Final = "X-Bounce-Signature"
MAX_REPORTS: Final = 1_000


class BounceReport(Body):
    """What happened to an e-mail to this address."""

    kind: Literal["hard_bounce", "soft_bounce", "complaint"] = Field(
        description="`hard_bounce`: no such mailbox. `complaint`: the recipient marked an e-mail as spam. After either we write there no more. "
        "`soft_bounce`: a full mailbox and the like; nothing follows."
    )
    email: str = Field(min_length=3, max_length=320, examples=["asha@example.com"])


class ReportBounces(Body):
    """Reports of the mail provider."""

    events: list[BounceReport] = Field(max_length=MAX_REPORTS)


def is_signed(settings: Settings, signature: str, body: bytes) -> bool:
    """Whether the signature is the hexadecimal HMAC-SHA256 of the body under BOUNCE_SECRET. Never without a secret."""
    secret = settings.bounce_secret.get_secret_value()
    expected = hmac.digest(secret.encode(), body, "sha256").hex()
    return bool(secret) and hmac.compare_digest(expected.encode(), signature.strip().lower().encode())


def mark_of(settings: Settings, email: str) -> str:
    """What stands for an address: an HMAC, from which it can't be read. Another address has another mark."""
    key = settings.otp_secret.get_secret_value().encode()
    return hmac.digest(key, f"undeliverable|{email.strip().lower()}".encode(), "sha256").hex()[:32]
