"""The tally forgets what is taken, and takes back what could not be written."""

from __future__ import annotations

from gencharge.recharge import quote_tally


def test_what_is_put_back_adds_to_what_came_since() -> None:
    quote_tally.take()
    quote_tally.count("JIO")
    taken = quote_tally.take()
    assert quote_tally.take() == {}
    quote_tally.count("JIO")
    quote_tally.put_back(taken)
    assert list(quote_tally.take().values()) == [2]
