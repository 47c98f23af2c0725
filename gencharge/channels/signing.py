"""The signature on messages between us and the operators: HMAC-SHA256 of `timestamp.body`, in hex."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Final

TIMESTAMP: Final = "X-Timestamp"
SIGNATURE: Final = "X-Signature"
# A message older than this, or further in the future, counts as a replay.
FRESH_SECONDS: Final = 300


def sign(secret: str, body: bytes) -> dict[str, str]:
    """The two headers for `body`, signed now."""
    # The real time: the other side does not see our test clock.
    timestamp = str(int(time.time()))
    return {TIMESTAMP: timestamp, SIGNATURE: _digest(secret, timestamp, body)}


def problem_with(secret: str, timestamp: str, signature: str, body: bytes) -> str | None:
    """Why a signed message must be rejected; None if it is genuine and fresh."""
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
