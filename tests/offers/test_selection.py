"""Which offers a sale tries, by what is in memory."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from gencharge.core.values.money import Money
from gencharge.core.wording import in_language, translated
from gencharge.offers.errors import (
    OfferAlreadyUsed,
    OfferCodeNotFound,
    OfferEnded,
    OfferNotApplicable,
    OfferNotBegun,
    OfferNotFound,
    OfferUsedUp,
)
from gencharge.offers.models import OfferStatus
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
    hindi = translated({"detail": problem.detail, "reasons": problem.extra["reasons"]}, "hi")
    assert hindi["detail"].endswith("यह ऑफ़र ऐसा है: ₹500 या उससे ज़्यादा के प्लान पर; केवल VI के लिए।")
    assert hindi["reasons"][1] == {"code": "operator", "message": "केवल VI के लिए"}


def test_a_chosen_offer_that_has_ended_says_when() -> None:
    over = offer(active_until=FRIDAY - timedelta(days=1))
    selection = choose(over, wish=Wish(over.offer_id))
    assert selection is not None
    detail = selection.refusal(None).detail
    assert "ended on 19 November 2026, 23:00 (IST)" in detail
    assert in_language(detail, "hi").endswith("यह 19 नवंबर 2026, 23:00 (IST) को समाप्त हो गया।")


@pytest.mark.parametrize(
    "hidden",
    [
        offer(status=OfferStatus.DRAFT),
        offer(status=OfferStatus.INACTIVE, active_from=FRIDAY + timedelta(days=1)),
        offer(),
    ],
    ids=["draft", "called off", "unknown"],
)
def test_an_offer_that_nobody_may_see_is_not_found(hidden: OfferSnapshot) -> None:
    is_unknown = hidden.status is OfferStatus.ACTIVE
    selection = choose(hidden, wish=Wish(uuid4() if is_unknown else hidden.offer_id))
    assert selection is not None
    assert isinstance(selection.problem, OfferNotFound)
    assert selection.candidates == ()


@pytest.mark.parametrize(
    ("terms", "problem", "detail"),
    [
        ({"active_until": FRIDAY}, OfferEnded, "It ended on 20 November 2026, 23:00 (IST)."),
        ({"status": OfferStatus.INACTIVE}, OfferEnded, OfferEnded.title()),
        (
            {"active_from": FRIDAY + timedelta(days=1)},
            OfferNotBegun,
            "It starts on 21 November 2026, 23:00 (IST).",
        ),
    ],
    ids=["over", "taken back", "not begun"],
)
def test_an_offer_out_of_its_time_is_refused_with_an_error_of_its_own(
    terms: dict[str, Any], problem: type[OfferNotApplicable], detail: str
) -> None:
    chosen = offer(code="DIWALI", **terms)
    for wish in (Wish(chosen.offer_id), Wish(code="DIWALI")):
        selection = choose(chosen, wish=wish)
        assert selection is not None
        refusal = selection.refusal(None)
        assert type(refusal) is problem
        assert refusal.detail.endswith(detail)


@pytest.mark.parametrize(
    ("code", "problem", "detail"),
    [
        ("used_by_you", OfferAlreadyUsed, "It can be used only 2 times per customer."),
        ("used_up", OfferUsedUp, "This offer has been used up. Nothing was charged."),
        ("circle", OfferNotApplicable, "It is only in the circle KA."),
    ],
)
def test_the_reason_of_the_database_is_said_in_words(
    code: str, problem: type[OfferNotApplicable], detail: str
) -> None:
    own = offer(limits={"uses_per_user": 2}, conditions={"circles": ["KA"]})
    selection = choose(own, wish=Wish(own.offer_id))
    assert selection is not None
    refusal = selection.refusal(code)
    assert type(refusal) is problem
    assert refusal.detail.endswith(detail)
    assert [reason["code"] for reason in refusal.extra["reasons"]] == [code]


def test_of_several_reasons_the_most_final_gives_the_error() -> None:
    wrong = offer(active_until=FRIDAY, conditions={"operators": ["VI"]})
    selection = choose(wrong, wish=Wish(wrong.offer_id))
    assert selection is not None
    refusal = selection.refusal(None)
    assert type(refusal) is OfferEnded
    assert [reason["code"] for reason in refusal.extra["reasons"]] == ["not_active", "over", "operator"]


def test_what_the_database_reads_is_in_paise() -> None:
    own = offer({"discount": flat(50), "cashback": flat(2)})
    selection = choose(own)
    assert selection is not None
    assert json.loads(selection.to_json()) == {
        "price": 29_900,
        "chosen": False,
        "code": None,
        "candidates": [{"offer_id": str(own.offer_id), "version": 1, "discount": 5_000, "cashback": 200}],
    }


@pytest.mark.parametrize("code", ["DIWALI", "NONE", None])
def test_a_code_finds_its_offer_and_any_other_is_not_found(code: str | None) -> None:
    coded = offer(code="DIWALI", name="coded")
    selection = choose(coded, offer(name="automatic"), wish=Wish(code=code))
    assert names(selection) == {"DIWALI": ["coded"], "NONE": [], None: ["automatic"]}[code]
    assert selection is not None
    assert isinstance(selection.problem, OfferCodeNotFound) == (code == "NONE")


def test_the_code_of_an_draft_is_not_found() -> None:
    hidden = offer(code="DRAFT", status=OfferStatus.DRAFT)
    selection = choose(hidden, wish=Wish(code="DRAFT"))
    assert selection is not None
    assert isinstance(selection.problem, OfferCodeNotFound)
