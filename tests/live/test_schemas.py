"""Frames of a client are strict, and messages say their type."""

from __future__ import annotations

import json

import pytest

from gencharge.live.changes import Position
from gencharge.live.errors import FrameInvalid, TooManyLiveConnections
from gencharge.live.schemas import Heartbeat, end_of, frame_of, message_of


def test_a_frame_has_a_token_and_perhaps_the_last_id() -> None:
    assert frame_of('{"token": "t"}').last_id is None
    assert frame_of('{"token": "t", "last_id": "5-6"}').last_id == "5-6"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"token": ""}',
        '{"token": "t", "last_id": "none"}',
        '{"token": "t", "x": 1}',
        '{"token": "a\\u0000"}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(FrameInvalid):
        frame_of(text)


def test_a_message_is_json_that_names_its_type() -> None:
    message = message_of(Heartbeat(id="1-2"), Position(1, 2))
    assert json.loads(message.text) == {"type": "heartbeat", "id": "1-2"}
    assert (message.type, message.position) == ("heartbeat", Position(1, 2))


def test_the_end_says_why_and_when_to_come_back() -> None:
    end = json.loads(end_of(TooManyLiveConnections(retry_after_seconds=60), 60.0).text)
    assert end["code"] == "too_many_live_connections"
    assert end["reconnect_after_seconds"] == 60
    assert "Close one of them" in end["detail"]
