"""The sample offers."""

from __future__ import annotations

from fastapi import FastAPI

from gencharge.offers import service as offers
from gencharge.offers.sample import offers as sample_offers
from tests.make.offers import (
    ALL,
)


async def test_seeding_again_changes_nothing(shelf_app: FastAPI) -> None:
    assert await shelf_app.state.stores.database.run(offers.seed) is False
    assert {offer["name"] for offer in sample_offers()} == ALL
