"""The signature that we and the operators put on what we send: HMAC-SHA256 of `timestamp.body`, in hex."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Final

TIMESTAMP: Final = "X-Timestamp"
SIGNATURE: Final = "X-Signature"
# Older, or further in the future, is a replay.
FRESH_SECONDS: Final = 300


def sign(secret: str, body: bytes) -> dict[str, str]:
    """The two headers for `body`, signed now."""
    # The real time: the other side knows no other.
    timestamp = str(int(time.time()))
    return {TIMESTAMP: timestamp, SIGNATURE: _digest(secret, timestamp, body)}


def problem_with(secret: str, timestamp: str, signature: str, body: bytes) -> str | None:
    """Why a signed message is not to be believed; None where it is genuine and fresh."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return "no timestamp"
    expected = _digest(secret, timestamp, body)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        return "wrong signature"
    if abs(time.time() - int(timestamp)) > FRESH_SECONDS:
        return "too old"
    return None


def _digest(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
