"""What a reward must have come to follows from what the friend bought."""

from __future__ import annotations

from uuid import uuid4

import pytest

from simulation.invitations import Invitation, Reward, judge
from simulation.notebook import Notebook, Sale

FRIEND, REFERRER, NUMBER = 1, 2, "+919876500002"
OWN = Invitation(FRIEND, REFERRER, NUMBER, on_their_device=False)
SHARED = Invitation(FRIEND, REFERRER, NUMBER, on_their_device=True)


def notebook(*, bought: bool = True, refunded: bool = False, number: str = "+919876500001") -> Notebook:
    book = Notebook()
    for person in (FRIEND, REFERRER):
        book.join(person)
    if bought:
        book.sell(Sale(FRIEND, "a", number, 29_900, 29_900, over_api=False, sold_at=10))
    if refunded:
        book.refund(book.sales[0], 29_900)
    book.conclude([])
    return book


def reward(state: str, *reasons: str, is_held: bool = False, waits_for: str | None = None) -> Reward:
    return Reward(uuid4(), uuid4(), state, is_held, frozenset(reasons), waits_for, 5_000)


@pytest.mark.parametrize(
    ("book", "invitation", "shown"),
    [
        (notebook(bought=False), OWN, reward("pending")),
        (notebook(), OWN, reward("paid")),
        (notebook(refunded=True), OWN, reward("reversed")),
        (notebook(), OWN, reward("earned", waits_for="wallet_limit")),
        (notebook(), SHARED, reward("earned", "shared_device", is_held=True)),
        (notebook(), SHARED, reward("paid", "shared_device")),
        (notebook(number=NUMBER), OWN, reward("earned", "recharged_referrer", is_held=True)),
    ],
)
def test_a_reward_as_it_should_be(book: Notebook, invitation: Invitation, shown: Reward) -> None:
    assert judge(book, invitation, REFERRER, shown) is None


@pytest.mark.parametrize(
    ("book", "invitation", "shown", "problem"),
    [
        (notebook(bought=False), OWN, reward("paid"), "is paid, and should be pending"),
        (notebook(), OWN, reward("pending"), "is pending, and should be paid"),
        (notebook(refunded=True), OWN, reward("paid"), "is paid, and should be reversed"),
        (notebook(), OWN, reward("earned", "ring", is_held=True), "is held for ring"),
        (notebook(), SHARED, reward("paid"), "was never held"),
    ],
)
def test_a_reward_that_is_wrong_is_named(
    book: Notebook, invitation: Invitation, shown: Reward, problem: str
) -> None:
    assert problem in (judge(book, invitation, REFERRER, shown) or "")


def test_who_has_left_may_have_been_paid_or_not() -> None:
    book = notebook()
    book.leave(REFERRER)
    for state in ("paid", "cancelled"):
        assert judge(book, OWN, REFERRER, reward(state)) is None
