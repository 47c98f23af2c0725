"""The sample offers."""

from __future__ import annotations

from fastapi import FastAPI

from gencharge.offers import rules
from gencharge.offers import service as offers
from gencharge.offers.models import Offer
from gencharge.offers.sample import offers as sample_offers
from gencharge.offers.sample import types as sample_types
from tests.make.offers import (
    ALL,
)


async def test_seeding_again_changes_nothing(shelf_app: FastAPI) -> None:
    assert await shelf_app.state.stores.database.run(offers.seed) is False
    assert {offer["name"] for offer in sample_offers()} == ALL


def test_the_sample_offers_have_fixed_ids_and_break_no_rule() -> None:
    rows = sample_offers()
    types = {row["offer_type_id"] for row in sample_types()}
    assert [row["offer_id"] for row in rows] == [row["offer_id"] for row in sample_offers()]
    assert len({row["offer_id"] for row in rows}) == len(rows)
    for row in rows:
        offer = Offer(**row)
        assert offer.offer_type_id in types
        assert rules.reward_of(offer).most_paise > 0
        begins, ends = offer.active_from, offer.active_until
        assert begins is None or ends is None or begins < ends
