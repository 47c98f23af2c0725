"""The signature on messages between us and the operators, and the secrets that make it.

A signature is the hex HMAC-SHA256 of `timestamp.channel.METHOD path.body`, so it is good for one message of one channel. Each
channel has a secret for our requests and another one for its callbacks, derived from OPERATOR_API_SECRET: what one operator
knows is worth nothing to another one, nor in the other direction. During a rotation a message bears a signature by each secret.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gencharge.core.values import clock

TIMESTAMP: Final = "X-Timestamp"
SIGNATURE: Final = "X-Signature"
# A message older than this, or further in the future, counts as a replay.
FRESH_SECONDS: Final = 300
# Two versions under two master secrets.
_MOST_SIGNATURES: Final = 4
_CHARACTERS: Final = 64


class Direction(StrEnum):
    """Who sends a message."""

    REQUESTS = "requests"  # we do
    CALLBACKS = "callbacks"  # the operator does


@dataclass(frozen=True, slots=True)
class Message:
    """What is signed. `path` is what the receiver sees, with the query; it begins with a slash."""

    channel: str
    method: str
    path: str
    body: bytes


def secret_of(master: str, channel: str, direction: Direction, version: int) -> str:
    """The secret of a channel in one direction; another version is another secret."""
    name = f"gencharge:{channel}:{direction.value}:{version}"
    return hmac.new(master.encode(), name.encode(), hashlib.sha256).hexdigest()


def sign(secrets: Sequence[str], message: Message) -> dict[str, str]:
    """The two headers of a message, signed now with each of the secrets."""
    # The real time: the other side does not see our test clock.
    timestamp = str(int(clock.seconds()))
    signatures = (_digest(secret, timestamp, message) for secret in secrets)
    return {TIMESTAMP: timestamp, SIGNATURE: " ".join(signatures)}


def problem_with(secrets: Sequence[str], timestamp: str, signature: str, message: Message) -> str | None:
    """Why a signed message must be rejected; None if it is fresh, and one signature is by one of the secrets."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return "no timestamp"
    signatures = [each.encode("utf-8", "replace") for each in signature.split(" ")]
    if len(signatures) > _MOST_SIGNATURES or any(len(each) != _CHARACTERS for each in signatures):
        return "wrong signature"
    expected = [_digest(secret, timestamp, message).encode() for secret in secrets]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures):
        return "wrong signature"
    if abs(clock.seconds() - int(timestamp)) > FRESH_SECONDS:
        return "too old"
    return None


def _digest(secret: str, timestamp: str, message: Message) -> str:
    head = f"{timestamp}.{message.channel}.{message.method} {message.path}."
    return hmac.new(secret.encode(), head.encode() + message.body, hashlib.sha256).hexdigest()
