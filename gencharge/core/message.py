"""A message to a person, and why a channel did not take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

SEND_SECONDS: Final = 8.0
_REASON_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Message:
    """A message and its recipient. `phone_number` is E.164; `template_id` is the DLT template that `text` follows.

    `message_id` is what the provider's reports name it by, the same for every copy; of an e-mail it is the left part of `Message-ID`. For e-mails
    only: `html` says the same as `text`; `headers` are further ones.
    """

    text: str
    phone_number: str = ""
    email: str = ""
    subject: str = ""
    template_id: str = ""
    html: str = ""
    message_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class NotSent(Exception):
    """The channel did not take the message. Trying again may help."""


class ChannelDown(NotSent):
    """The channel takes nothing now, whatever the message: it is away, overloaded, or refuses our key."""


class MessageRefused(NotSent):
    """The channel refuses this message, however often it is tried."""


class RecipientRefused(NotSent):
    """The channel knows no such recipient."""


def cause(error: Exception) -> str:
    """What an operator needs to mend it, such as a name that is not known or a certificate that is not trusted."""
    return f"{type(error).__name__}: {error}".rstrip(": ")[:_REASON_CHARACTERS]
