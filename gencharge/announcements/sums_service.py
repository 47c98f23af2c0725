"""What became of an announcement's messages, by channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gencharge.messages.models import MessageChannel, MessageState

# A push message is one to the browsers and one to the devices; it counts as sent or failed by each.
_CHANNELS: Final = {
    MessageChannel.SMS: "sms",
    MessageChannel.EMAIL: "email",
    MessageChannel.WEB_PUSH: "push",
    MessageChannel.MOBILE_PUSH: "push",
}
_FIGURES: Final = {
    MessageState.WAITING: "waiting",
    MessageState.SENDING: "waiting",
    MessageState.SENT: "sent",
    MessageState.PARKED: "failed",
    MessageState.DROPPED: "failed",
    MessageState.NO_PROVIDER: "failed",
}


def sums_of(
    channels: Iterable[str], counts: Mapping[tuple[MessageChannel, MessageState], int]
) -> dict[str, dict[str, int]]:
    """Waiting, sent and failed messages of each of these channels."""
    sums = {channel: {"waiting": 0, "sent": 0, "failed": 0} for channel in channels}
    for (channel, state), count in counts.items():
        sums[_CHANNELS[channel]][_FIGURES[state]] += count
    return sums
