"""Which switch stops what, row by row."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from gencharge.core.values.recipient import NotificationType
from gencharge.notifications.consent import SWITCHES, allows, channels_of, table
from gencharge.notifications.kinds import EVERYWHERE, Kind, NoticeChannel
from gencharge.users.models import DEFAULT_PREFERENCES
from tests.law.house import ROOT

ALL_ON = dict.fromkeys(DEFAULT_PREFERENCES, True)
ALL_OFF = dict.fromkeys(DEFAULT_PREFERENCES, False)
# Written a second time, by hand: what each switch stops when all others are on.
STOPS: dict[str, set[tuple[str, str]]] = {
    "email_notification": {(type.value, "email") for type in NotificationType},
    "sms_notification": {(type.value, "sms") for type in NotificationType},
    "transactional_alerts": {("transactional", "sms"), ("transactional", "email"), ("transactional", "push")},
    "recharge_reminders": {("reminder", channel.value) for channel in NoticeChannel},
    "marketing_communication": {
        ("announcement", "sms"),
        ("announcement", "email"),
        ("announcement", "push"),
    },
    "promotional_offers": {("promotional", channel.value) for channel in NoticeChannel},
    "data_analytics": set(),
    "third_party_integrations": set(),
}


@pytest.mark.parametrize("switch", DEFAULT_PREFERENCES)
def test_each_switch_stops_what_the_table_says_and_nothing_else(switch: str) -> None:
    preferences = ALL_ON | {switch: False}
    stopped = {
        (type.value, channel.value)
        for type, channel in product(NotificationType, NoticeChannel)
        if not allows(preferences, type, channel)
    }
    assert stopped == STOPS[switch]


def test_every_type_and_channel_has_a_row() -> None:
    assert set(SWITCHES) == set(product(NotificationType, NoticeChannel))
    assert {name for names in SWITCHES.values() for name in names} <= set(DEFAULT_PREFERENCES)


@pytest.mark.parametrize("type", NotificationType)
def test_a_kind_goes_out_over_those_of_its_channels_that_are_allowed(type: NotificationType) -> None:
    kind = Kind("example", frozenset({NoticeChannel.IN_APP, NoticeChannel.SMS}), type=type)
    assert channels_of(kind, ALL_ON) == kind.channels
    is_always_in_the_inbox = type in {NotificationType.TRANSACTIONAL, NotificationType.ANNOUNCEMENT}
    assert channels_of(kind, ALL_OFF) == ({NoticeChannel.IN_APP} if is_always_in_the_inbox else set())


def test_nothing_stops_a_mandatory_notice_and_the_staff_read_alerts_in_their_inbox() -> None:
    assert channels_of(Kind("security", EVERYWHERE, is_mandatory=True), ALL_OFF) == EVERYWHERE
    assert channels_of(Kind("security", EVERYWHERE, is_mandatory=True), None) == EVERYWHERE
    assert channels_of(Kind("alert", EVERYWHERE), None) == {NoticeChannel.IN_APP}


def test_consent_is_needed_by_default() -> None:
    assert not allows(DEFAULT_PREFERENCES, NotificationType.PROMOTIONAL, NoticeChannel.IN_APP)
    assert not allows(DEFAULT_PREFERENCES, NotificationType.ANNOUNCEMENT, NoticeChannel.SMS)
    assert allows(DEFAULT_PREFERENCES, NotificationType.REMINDER, NoticeChannel.SMS)


def test_the_page_shows_this_table() -> None:
    page = Path(ROOT / "docs" / "explanation" / "notices.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- consent -->\n")[2].partition("\n<!-- /consent -->")[0]
    assert shown == table()
