"""What an offer gives is worked out from its terms alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from life.steps import Sold
from simulation.bargains import SAMPLE, Deal, best, limited

WEDNESDAY = datetime(2026, 11, 4, 12, tzinfo=UTC)
# Saturday in India already.
FRIDAY_EVENING = datetime(2026, 11, 6, 19, tzinfo=UTC)


def deal(
    rupees: int, operator: str = "VI", kind: str = "prepaid", method: str = "wallet", at: datetime = WEDNESDAY
) -> Deal:
    return Deal(Sold(operator, kind, rupees), method, "app", at)


@pytest.mark.parametrize(
    ("bought", "gives"),
    [
        (deal(199), None),
        (deal(199, "JIO"), (0, 1_000)),
        (deal(198, "JIO"), None),
        (deal(199, "JIO", method="card"), None),
        (deal(199, method="upi", at=FRIDAY_EVENING), (0, 995)),
        (deal(899, method="upi", at=FRIDAY_EVENING), (0, 2_500)),
        (deal(199, method="upi"), None),
        (deal(451, kind="postpaid"), (1_127, 500)),
    ],
)
def test_the_best_offer_without_a_code(bought: Deal, gives: tuple[int, int] | None) -> None:
    bargain = best(SAMPLE, bought)
    assert (None if bargain is None else bargain.gives(bought.paise)) == gives


def test_a_welcome_is_for_the_first_recharge_and_has_a_cap() -> None:
    welcome = SAMPLE[0]
    first = Deal(Sold("JIO", "prepaid", 899), "wallet", "app", WEDNESDAY, is_first=True)
    assert welcome.fits(first)
    assert not welcome.fits(deal(899))
    assert welcome.gives(first.paise) == (5_000, 0)
    assert welcome.gives(19_900) == (3_980, 0)


def test_an_offer_of_the_town_is_for_a_tenth_of_it() -> None:
    assert [limited(people).for_all for people in (5, 100)] == [2, 10]
