"""Alerts to the staff about channels."""

from __future__ import annotations

from typing import Final

from gencharge.channels.events import ChannelFloatLow, ChannelSuspended
from gencharge.notifications.alerts import Alert
from gencharge.notifications.kinds import INBOX, Kind, Values, label, money, number

FLOAT_LOW: Final = Kind(
    "channel_float_low",
    INBOX,
    {
        "channel": label("jio-direct", required=True),
        "operator": label("JIO", required=True),
        "balance": money(4_200_000, required=True),
        "bound": money(5_000_000, required=True),
    },
)
SUSPENDED: Final = Kind(
    "channel_suspended",
    INBOX,
    {
        "channel": label("jio-direct", required=True),
        "operator": label("JIO", required=True),
        "failures": number(5, required=True),
    },
)
KINDS: Final = (FLOAT_LOW, SUSPENDED)


def channel_float_low(event: ChannelFloatLow) -> Alert:
    """Recharges over the channel will soon be refused."""
    values: Values = {
        "channel": event.channel_id,
        "operator": event.operator,
        "balance": event.balance_paise,
        "bound": event.low_float_paise,
    }
    return Alert(FLOAT_LOW, values, {"channel": event.channel_id}, event.operator)


def channel_suspended(event: ChannelSuspended) -> Alert:
    """Recharges take another channel, or fail if there is none."""
    values: Values = {
        "channel": event.channel_id,
        "operator": event.operator,
        "failures": event.failures,
    }
    return Alert(SUSPENDED, values, {"channel": event.channel_id}, event.operator)
