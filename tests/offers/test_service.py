"""Loading, holding, seeding and ranking the offers."""

from __future__ import annotations

from datetime import timedelta

from gencharge.offers import service as offers
from gencharge.offers.models import OfferStatus
from gencharge.offers.snapshot import OffersSnapshot, OfferTypeSnapshot
from tests.make.offers import (
    FRIDAY,
    TYPE,
    flat,
    offer,
    situation,
)


def test_the_list_has_the_best_first_then_those_that_are_nearest() -> None:
    small = offer({"discount": flat(5)}, name="small")
    large = offer({"cashback": flat(40)}, name="large")
    now = offer({"discount": flat(30), "cashback": flat(10)}, name="now")
    near = offer(conditions={"min_amount": 500}, name="near")
    far = offer(conditions={"min_amount": 500, "operators": ["VI"]}, name="far")
    draft = offer(status=OfferStatus.DRAFT, name="draft")
    upcoming = offer(active_from=FRIDAY + timedelta(days=1), name="upcoming")
    held = OffersSnapshot(
        1, [small, far, large, near, now, draft, upcoming], [OfferTypeSnapshot(TYPE, "Festive", "")]
    )
    judged = offers.list_for(held, situation())
    assert [entry.offer.name for entry in judged] == ["now", "large", "small", "near", "far"]
    best = offers.best(held, situation())
    assert best is not None
    assert best.offer is now
    assert offers.best(OffersSnapshot(1, [near, far]), situation()) is None
    assert offers.best(OffersSnapshot(1, []), situation()) is None
