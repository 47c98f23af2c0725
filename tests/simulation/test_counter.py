"""A limit that was passed, and a refusal of an offer that has uses left, are named."""

from __future__ import annotations

import pytest

from gencharge.core.values import clock
from simulation.bargains import SAMPLE, Bargain, Deal
from simulation.counter import Counter, talktime_of
from simulation.notebook import Notebook, Sale
from simulation.people import BASE, population

TOWN = Bargain("Forty off", "TOWN40", off=40, min_rupees=149, for_each=1, for_all=2)
[PERSON] = population(1, 30, 1)


def counter(*buyers: int, offer: str = TOWN.name) -> Counter:
    """Recharges with an offer, by these people."""
    book = Notebook()
    for position, person in enumerate(buyers):
        book.sell(
            Sale(person, str(position), "+919876543210", 29_900, 25_900, False, position, 4_000, 0, offer)
        )
    book.conclude([])
    return Counter(book, [], [*SAMPLE, TOWN])


def test_uses_within_the_limits_are_right() -> None:
    assert counter(1, 2).judge() == []
    assert counter(*[1] * 12, offer="Jio from the wallet").judge() == []


def test_a_limit_that_was_passed_is_named() -> None:
    assert counter(1, 2, 3).judge() == ["Forty off was used 3 times, and 2 were allowed"]
    assert counter(1, 1).judge() == ["customer 1 used Forty off more than 1 times"]


@pytest.mark.parametrize(("rupees", "paise"), [(10, 7_47), (37, 28_36), (50, 39_37), (500, 420_73)])
def test_the_town_knows_by_itself_what_an_amount_credits(rupees: int, paise: int) -> None:
    assert talktime_of(rupees) == paise


def test_a_refund_frees_a_use() -> None:
    place = counter(1, 1)
    place.notebook.refund(place.notebook.sales[0], 25_900)
    assert place.judge() == []


def test_a_refusal_is_right_only_without_uses_left() -> None:
    place = counter(PERSON.number)
    place.refuse(TOWN, PERSON)
    assert place.strange == []
    place = counter(1)
    place.refuse(TOWN, PERSON)
    assert "was refused Forty off, which has uses left" in place.strange[0]


def test_an_autopay_with_another_gain_than_its_offers_is_named() -> None:
    place = counter()
    right = Sale(1, "autopay 1", "+919876543210", 29_900, 29_900, False, 0, 0, 1_000, "Jio from the wallet")
    place.has_given(right)
    place.has_given(Sale(1, "autopay 2", "+919876543210", 29_900, 29_900, False, 0))
    assert place.strange == []
    place.has_given(
        Sale(1, "autopay 3", "+919876543210", 29_900, 29_900, False, 0, 0, 2_000, "Jio from the wallet")
    )
    place.has_given(Sale(1, "autopay 4", "+919876543210", 29_900, 25_900, False, 0, 4_000, 0, TOWN.name))
    assert len(place.strange) == 2


def test_a_code_that_somebody_had_is_often_typed_again() -> None:
    chosen: dict[bool, int] = {}
    plan = next(offer.plan for offer in BASE["AIRTEL", "prepaid"] if offer.plan.rupees >= 149)
    deal = Deal(plan, "wallet", "app", clock.now())
    for has_had in (False, True):
        person = population(1, 30, 1)[0]
        place = counter(*[person.number] * has_had)
        typed = [place.code_for(person, deal) for _ in range(200)]
        chosen[has_had] = sum(each is not None and each.name == TOWN.name for each in typed)
    assert chosen[True] > 90
    assert chosen[True] > 2 * chosen[False]
