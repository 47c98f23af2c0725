"""The texts of alerts to the staff."""

from __future__ import annotations

from gencharge.core.values.language import Language
from gencharge.notifications.listeners import ALERTS
from tests.make.notifications import events, spoken


def test_every_alert_has_words() -> None:
    alerts = events()
    assert {type(event) for event in alerts} == set(ALERTS)
    for event in alerts:
        write, needed = ALERTS[type(event)]
        alert = write(event)
        for language in Language:
            rendered = spoken(alert, language)
            assert rendered.title
            assert rendered.body.endswith((".", "।"))
        assert needed.endswith(":edit")
