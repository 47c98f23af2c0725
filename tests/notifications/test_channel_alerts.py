"""Alerts about channels name the channel and both amounts."""

from __future__ import annotations

from gencharge.channels.events import ChannelFloatLow, ChannelSuspended
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.notifications.channel_alerts import channel_float_low, channel_suspended
from tests.make.notifications import english


def test_a_low_balance_says_where_how_much_and_what_follows() -> None:
    event = ChannelFloatLow(
        user_id=str(SYSTEM_USER_ID),
        channel_id="jio-direct",
        operator="JIO",
        balance_paise=4_200_000,
        low_float_paise=5_000_000,
    )
    alert = channel_float_low(event)
    assert alert.operator == "JIO", "who is limited to another operator is not told"
    body = english(alert).body
    assert "jio-direct (JIO)" in body
    assert "42,000" in body
    assert "50,000" in body


def test_a_suspended_channel_says_how_often_it_failed_and_what_follows() -> None:
    alert = channel_suspended(
        ChannelSuspended(user_id=str(SYSTEM_USER_ID), channel_id="jio-direct", operator="JIO", failures=5)
    )
    assert alert.operator == "JIO", "who is limited to another operator is not told"
    body = english(alert).body
    assert "jio-direct (JIO) failed 5 times" in body
