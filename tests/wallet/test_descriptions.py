"""The words that a customer reads about each transaction."""

from __future__ import annotations

from typing import Any

import pytest

from gencharge.wallet.descriptions import describe
from gencharge.wallet.history import Legs, event_of
from tests.wallet.test_history import transfer

NAMES = {"JIO": "Jio"}
JIO = {"phone_number": "+919876543210", "operator": "JIO"}


def words(*kinds: str, first: int = 0, about: dict[str, Any] | None = None, **overrides: Any) -> str:
    """What the customer reads of an event of Rs 299."""
    rows = [transfer(kind, 29_900, **(JIO if about is None else about)) for kind in kinds]
    for name, value in overrides.items():
        setattr(rows[first], name, value)
    return describe(event_of(rows[first], Legs(rows)), NAMES)


@pytest.mark.parametrize(
    ("kinds", "first", "expected"),
    [
        (["bought"], 0, "Recharge of 98765 43210 with Jio"),
        (["hold"], 0, "Recharge of 98765 43210 with Jio"),
        (["hold", "capture"], 0, "Recharge of 98765 43210 with Jio"),
        (["hold", "release"], 0, "Recharge of 98765 43210 with Jio failed"),
        (["payment", "release"], 1, "Your payment for the recharge of 98765 43210 with Jio, which failed"),
        (["refund"], 0, "Refund of the recharge of 98765 43210 with Jio"),
        (["refund", "hold back", "not paid back"], 0, "Refund of the recharge of 98765 43210 with Jio"),
        (
            ["refund", "hold back"],
            0,
            "Refund of the recharge of 98765 43210 with Jio, on its way to where you paid from",
        ),
        (
            ["refund", "hold back", "paid back"],
            0,
            "Refund of the recharge of 98765 43210 with Jio to where you paid from",
        ),
        (["hold back"], 0, "Money sent back to where you paid from"),
        (["hold back", "paid back"], 0, "Money sent back to where you paid from"),
        (
            ["hold back", "not paid back"],
            0,
            "Money could not be sent back to where you paid from; it is in your wallet",
        ),
        (["cashback"], 0, "Cashback for the recharge of 98765 43210"),
        (["opening"], 0, "Opening balance"),
        (["reward"], 0, "Referral reward"),
        (["more"], 0, "Correction by customer care: money added"),
        (["less"], 0, "Correction by customer care: money taken"),
        (["payout"], 0, "Balance paid out when the account was closed"),
    ],
)
def test_each_event_has_its_words(kinds: list[str], first: int, expected: str) -> None:
    assert words(*kinds, first=first) == expected


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("upi", "Money added by UPI"),
        ("card", "Money added by card"),
        ("netbanking", "Money added by net banking"),
        (None, "Money added"),
    ],
)
def test_money_that_was_added_tells_how(method: str | None, expected: str) -> None:
    assert words("topup", payment_method=method) == expected


def test_what_is_not_known_is_left_out() -> None:
    assert words("payment", about={}) == "Recharge"
    assert words("bought", about={"operator": "NEWTEL"}) == "Recharge with NEWTEL"
    assert words("cashback", about={}) == "Cashback"


def test_a_referral_reward_that_was_taken_back_says_so() -> None:
    assert words("reward", debit="user:main", credit="referral") == "Referral reward taken back"
