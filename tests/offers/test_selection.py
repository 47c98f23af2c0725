"""Which offers a sale tries, by what is in memory."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from gencharge.core.values.money import Money
from gencharge.offers.errors import OfferCodeNotFound, OfferNotApplicable, OfferNotFound
from gencharge.offers.selection import MAX_CANDIDATES, Selection, Wish, select
from gencharge.offers.snapshot import OfferSnapshot, OffersSnapshot
from tests.make.offers import FRIDAY, flat, offer, situation

UNKNOWN = {"user_type": None, "is_new_user": None, "circle": None}


def choose(
    *offers: OfferSnapshot, wish: Wish | None = None, expected: Money | None = None, **overrides: Any
) -> Selection | None:
    """What a sale from the wallet tries of these."""
    return select(
        OffersSnapshot(1, offers).active(FRIDAY),
        wish or Wish(),
        situation(**(UNKNOWN | overrides)),
        expected=expected,
        at_least=Money(0),
    )


def names(selection: Selection | None) -> list[str]:
    return [each.offer.name for each in selection.candidates] if selection is not None else []


def test_the_best_comes_first_and_what_does_not_apply_is_left_out() -> None:
    small, large = offer({"discount": flat(10)}, name="small"), offer({"discount": flat(40)}, name="large")
    other = offer(name="other", conditions={"operators": ["VI"]})
    back = offer({"cashback": flat(40)}, name="back")
    assert names(choose(small, other, back, large)) == ["large", "back", "small"]


def test_an_offer_with_a_code_is_never_chosen_by_itself() -> None:
    assert choose(offer(code="DIWALI")) is None


def test_who_wants_no_offer_gets_none() -> None:
    assert choose(offer(), wish=Wish(automatic=False)) is None


def test_what_only_the_database_knows_is_left_to_it() -> None:
    for conditions in ({"user_types": ["postpaid"]}, {"new_user_only": True}, {"circles": ["KA"]}):
        assert names(choose(offer(conditions=conditions, name="maybe"))) == ["maybe"]


def test_an_automatic_offer_keeps_the_price_that_the_customer_expects() -> None:
    cheaper, back = offer({"discount": flat(50)}, name="cheaper"), offer({"cashback": flat(5)}, name="back")
    assert names(choose(cheaper, back, expected=Money.rupees(299))) == ["back"]
    assert names(choose(cheaper, back, expected=Money.rupees(249))) == ["cheaper"]
    assert choose(cheaper, back, expected=Money.rupees(248)) is None


def test_an_automatic_discount_leaves_what_the_other_parts_of_the_payment_need() -> None:
    selection = select(
        OffersSnapshot(1, [offer({"discount": flat(50)})]).active(FRIDAY),
        Wish(),
        situation(**UNKNOWN),
        expected=None,
        at_least=Money.rupees(250),
    )
    assert selection is None


def test_no_more_are_tried_than_the_database_should_look_at() -> None:
    assert len(names(choose(*(offer() for _ in range(MAX_CANDIDATES + 3))))) == MAX_CANDIDATES


def test_a_chosen_offer_that_does_not_apply_has_every_reason() -> None:
    wrong = offer(conditions={"operators": ["VI"], "min_amount": 500})
    selection = choose(wrong, wish=Wish(wrong.offer_id))
    assert selection is not None
    problem = selection.refusal(None)
    assert isinstance(problem, OfferNotApplicable)
    assert [reason["code"] for reason in problem.extra["reasons"]] == ["min_amount", "operator"]
    assert problem.detail.endswith("It is on plans of ₹500 or more; only for VI.")


def test_a_chosen_offer_that_has_ended_says_when() -> None:
    over = offer(active_until=FRIDAY - timedelta(days=1))
    selection = choose(over, wish=Wish(over.offer_id))
    assert selection is not None
    assert "ended on 19 November 2026, 23:00 (IST)" in selection.refusal(None).detail


@pytest.mark.parametrize("draft", [True, False])
def test_an_offer_that_nobody_may_see_is_not_found(draft: bool) -> None:
    hidden = offer(active_from=FRIDAY + timedelta(days=1))
    wish = Wish(hidden.offer_id if draft else uuid4())
    selection = choose(hidden, wish=wish)
    assert selection is not None
    assert isinstance(selection.problem, OfferNotFound)
    assert selection.candidates == ()


def test_the_reason_of_the_database_is_said_in_words() -> None:
    own = offer(limits={"uses_per_user": 2})
    selection = choose(own, wish=Wish(own.offer_id))
    assert selection is not None
    assert "only 2 times per customer" in selection.refusal("used_by_you").detail
    assert "fully used" in selection.refusal("used_up").detail


def test_what_the_database_reads_is_in_paise() -> None:
    own = offer({"discount": flat(50), "cashback": flat(2)})
    selection = choose(own)
    assert selection is not None
    assert json.loads(selection.to_json()) == {
        "price": 29_900,
        "chosen": False,
        "candidates": [{"offer_id": str(own.offer_id), "version": 1, "discount": 5_000, "cashback": 200}],
    }


@pytest.mark.parametrize("code", ["DIWALI", "NONE", None])
def test_a_code_finds_its_offer_and_any_other_is_not_found(code: str | None) -> None:
    coded = offer(code="DIWALI", name="coded")
    selection = choose(coded, offer(name="automatic"), wish=Wish(code=code))
    assert names(selection) == {"DIWALI": ["coded"], "NONE": [], None: ["automatic"]}[code]
    assert selection is not None
    assert isinstance(selection.problem, OfferCodeNotFound) == (code == "NONE")


def test_the_code_of_an_offer_that_nobody_may_see_yet_is_not_found() -> None:
    hidden = offer(code="SOON", active_from=FRIDAY + timedelta(days=1))
    selection = choose(hidden, wish=Wish(code="SOON"))
    assert selection is not None
    assert isinstance(selection.problem, OfferCodeNotFound)
