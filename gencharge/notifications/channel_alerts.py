"""Alerts to the staff about channels."""

from __future__ import annotations

from typing import Final

from gencharge.channels.events import ChannelFloatLow
from gencharge.notifications.alerts import Alert
from gencharge.notifications.kinds import INBOX, Kind, Values, label, money

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
KINDS: Final = (FLOAT_LOW,)


def channel_float_low(event: ChannelFloatLow) -> Alert:
    """Recharges over the channel will soon be refused."""
    values: Values = {
        "channel": event.channel_id,
        "operator": event.operator,
        "balance": event.balance_paise,
        "bound": event.low_float_paise,
    }
    return Alert(FLOAT_LOW, values, {"channel": event.channel_id}, event.operator)
