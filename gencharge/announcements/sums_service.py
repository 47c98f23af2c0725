"""What became of an announcement's messages, by channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from gencharge.messages.models import MessageChannel, MessageState, Receipt

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


_RECEIPTS: Final = {Receipt.DELIVERED: "delivered", Receipt.FAILED: "undelivered"}
NONE: Final = MappingProxyType({"waiting": 0, "sent": 0, "failed": 0, "delivered": 0, "undelivered": 0})


def sums_of(
    channels: Iterable[str],
    counts: Mapping[tuple[MessageChannel, MessageState], int],
    receipts: Mapping[tuple[MessageChannel, Receipt], int],
) -> dict[str, dict[str, int]]:
    """Waiting, sent and failed messages of each of these channels, and what their providers reported of those that were sent."""
    sums = {channel: dict(NONE) for channel in channels}
    for (channel, state), count in counts.items():
        sums[_CHANNELS[channel]][_FIGURES[state]] += count
    for (channel, receipt), count in receipts.items():
        sums[_CHANNELS[channel]][_RECEIPTS[receipt]] += count
    return sums
