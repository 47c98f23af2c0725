"""The texts of alerts to the staff."""

from __future__ import annotations

from gencharge.notifications.listeners import ALERTS
from tests.make.notifications import events


def test_every_alert_has_words() -> None:
    alerts = events()
    assert {type(event) for event in alerts} == set(ALERTS)
    for event in alerts:
        write, needed = ALERTS[type(event)]
        alert = write(event)
        assert alert.title
        assert alert.body.endswith(".")
        assert needed.endswith(":edit")
