"""The phones and mailboxes of development: what GenCharge would have sent, newest first.

In memory only and limited in number, because these are codes that open accounts: they go when the sandbox does.
"""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

LIMIT: Final = 500
_MAX_CHARACTERS: Final = 2_000
_CODE: Final = re.compile(r"(?<!\d)\d{6}(?!\d)")


@dataclass(frozen=True, slots=True)
class SentMessage:
    """An SMS or an e-mail; `to` is a phone number or an address, `sent_at` seconds since 1970."""

    to: str
    subject: str
    text: str
    sent_at: float

    @property
    def code(self) -> str:
        """The one-time password in the text; empty if there is none."""
        match = _CODE.search(self.text)
        return match.group() if match else ""


class Messages:
    """The last messages. The oldest make room for new ones."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._sent: deque[SentMessage] = deque(maxlen=limit)

    def __len__(self) -> int:
        return len(self._sent)

    def add(self, to: str, text: str, *, subject: str = "") -> None:
        """Keep a message; overlong parts are cut."""
        to, subject, text = (part[:_MAX_CHARACTERS] for part in (to, subject, text))
        self._sent.appendleft(SentMessage(to, subject, text, sent_at=time.time()))

    def to(self, recipient: str = "") -> list[SentMessage]:
        """The messages whose number or address contains `recipient`, newest first."""
        pattern = recipient.replace(" ", "").lower()
        return [message for message in self._sent if pattern in message.to.lower()]

    def clear(self) -> None:
        """Forget all."""
        self._sent.clear()
