"""The tally forgets what is taken, and takes back what could not be written."""

from __future__ import annotations

from gencharge.recharge import quote_tally


def test_what_is_put_back_adds_to_what_came_since() -> None:
    quote_tally.OPERATORS.take()
    quote_tally.OPERATORS.count("JIO")
    taken = quote_tally.OPERATORS.take()
    assert quote_tally.OPERATORS.take() == {}
    quote_tally.OPERATORS.count("JIO")
    quote_tally.OPERATORS.put_back(taken)
    assert list(quote_tally.OPERATORS.take().values()) == [2]
