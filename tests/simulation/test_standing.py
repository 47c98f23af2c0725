"""Each due date of an autopay has one end, and nothing runs on another date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from simulation.standing import Attempt, Standing, StandingOrders

FIRST = datetime(2026, 8, 1, 6, tzinfo=UTC)
END = FIRST + timedelta(days=30)
AUTOPAY, OWNER = uuid4(), uuid4()


def attempt(days: int, outcome: str = "succeeded", autopay_id: UUID = AUTOPAY) -> Attempt:
    due_at = FIRST + timedelta(days=days)
    return Attempt(OWNER, autopay_id, due_at, outcome, uuid4(), "+919876543210", "JIO", 29_900, due_at)


def judge(*attempts: Attempt, gone: frozenset[int] = frozenset(), every_days: int = 10) -> list[str]:
    orders = StandingOrders({AUTOPAY: Standing(AUTOPAY, 1, FIRST, every_days)})
    return orders.judge(list(attempts), set(gone), END)


def test_what_ran_on_each_date_is_right() -> None:
    assert judge(attempt(0), attempt(10, "failed"), attempt(10, "abandoned"), attempt(20, "skipped")) == []
    assert judge(attempt(0), every_days=0) == []
    assert judge(*map(attempt, (0, 10, 20, 30))) == [], "the workers go on for some hours after the end"
    assert judge(attempt(0), attempt(10, "paused")) == [], "nothing is due once it is paused"
    assert judge(attempt(0), gone=frozenset({1})) == [], "nor once the account is closed"


@pytest.mark.parametrize(
    ("attempts", "problem"),
    [
        ([attempt(0), attempt(20)], "did nothing on 11 Aug 06:00"),
        ([attempt(0), attempt(10), attempt(20, "failed")], "did nothing on 21 Aug 06:00"),
        ([attempt(0), attempt(5), attempt(10), attempt(20)], "ran on 06 Aug 06:00, when it was not due"),
        ([attempt(0), attempt(0), attempt(10), attempt(20)], "ended twice for 01 Aug 06:00"),
        ([attempt(0), attempt(10), attempt(20), attempt(0, autopay_id=uuid4())], "nobody set it up"),
    ],
)
def test_anything_else_is_named(attempts: list[Attempt], problem: str) -> None:
    [text] = judge(*attempts)
    assert problem in text


def test_what_an_autopay_bought_goes_into_the_books_at_the_plans_price() -> None:
    sale = attempt(0).sale(7, over_api=True)
    assert sale is not None
    assert (sale.person, sale.paid, sale.from_wallet, sale.over_api) == (7, 29_900, 29_900, True)
    refused = Attempt(OWNER, AUTOPAY, FIRST, "failed", None, None, None, None, None)
    assert refused.sale(7, over_api=True) is None
