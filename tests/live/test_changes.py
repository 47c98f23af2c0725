"""Positions are ordered and survive the way over the wire; anything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.live.changes import Kind, Placed, Position, address_of, parse, recipient_of

NUMBERS = st.integers(0, 10**15 - 1)


@given(NUMBERS, NUMBERS)
def test_a_position_is_read_back_from_its_id(milliseconds: int, number: int) -> None:
    position = Position(milliseconds, number)
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize(
    "text", ["", "1", "1-", "-1", "1-1-1", "1-x", "1.0-1", " 1-1", "1-1\n", "9" * 16 + "-1", "٣-1"]
)
def test_what_is_no_id_is_no_position(text: str) -> None:
    assert Position.parse(text) is None


def test_a_later_number_of_the_same_instant_is_later() -> None:
    assert Position(5, 1) < Position(5, 2) < Position(6, 1)


@pytest.mark.parametrize("kind", ["user", "admin"])
def test_a_change_is_read_back_as_it_was_passed_on(kind: str) -> None:
    recipient = Recipient("admin" if kind == "admin" else "user", new_id())
    assert recipient_of(address_of(recipient)) == recipient
    notice_id = str(new_id())
    line = f"7-9 {address_of(recipient)} notification {notice_id}"
    assert parse(line) == Placed(Position(7, 9), recipient, Kind.NOTIFICATION, notice_id)
    assert parse(f"7-9 {address_of(recipient)} balance ").object_id == ""


@pytest.mark.parametrize("line", ["", "1-1", "x user:1 balance ", "1-1 user:none balance ", "1-1 a b c d"])
def test_a_line_that_is_no_change_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(line)
