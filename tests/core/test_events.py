"""Events: names, and rows that another version wrote."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gencharge.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LampLit(Event):
    """An event of these tests."""

    colour: str = "white"


def test_a_row_of_an_older_sender_takes_the_defaults() -> None:
    assert Event.decode("LampLit", {"user_id": "u"}) == LampLit(user_id="u", colour="white")


def test_a_field_of_a_newer_sender_is_left_out() -> None:
    assert Event.decode("LampLit", {"user_id": "u", "colour": "red", "watts": 5}) == LampLit(
        user_id="u", colour="red"
    )


def test_a_field_without_a_default_that_is_missing_is_an_error() -> None:
    with pytest.raises(TypeError):
        Event.decode("LampLit", {"colour": "red"})


def test_two_events_of_one_name_are_refused_because_they_would_share_rows() -> None:
    with pytest.raises(TypeError, match="both have an event LampLit"):
        type("LampLit", (Event,), {"__module__": "another.room"})
    assert Event.registry["LampLit"] is LampLit


def test_what_is_registered_is_the_class_that_senders_use() -> None:
    assert Event.registry[LampLit.topic()] is LampLit
