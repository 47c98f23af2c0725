"""Offer types: added, renamed, removed, listed."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx

from gencharge.core.stores.stores import Stores
from tests.make.offers import (
    events_about,
    make,
    make_type,
    plain,
)
from tests.offers.conftest import Headers


async def test_a_type_is_added_renamed_and_removed_and_each_is_announced(
    visitor: httpx.AsyncClient, manager: Headers, market_stores: Stores
) -> None:
    created = await make_type(visitor, manager, name="  Rainy days ", description="In July.")
    assert (created["name"], created["offer_count"]) == ("Rainy days", 0)
    path = f"/v1/offers/types/{created['offer_type_id']}"
    renamed = await visitor.patch(path, json={"name": "RAINY DAYS"}, headers=manager)
    assert (renamed.json()["name"], renamed.json()["description"]) == ("RAINY DAYS", "In July.")
    same = await visitor.patch(path, json={"name": "RAINY DAYS", "description": "In July."}, headers=manager)
    assert same.json()["updated_at"] == renamed.json()["updated_at"]
    assert (await visitor.delete(path, headers=manager)).status_code == 204
    assert (await visitor.delete(path, headers=manager)).json()["code"] == "offer_type_not_found"
    announced = await events_about(market_stores, created["offer_type_id"])
    assert [event["topic"] for event in announced] == [
        "OfferTypeCreated",
        "OfferTypeUpdated",
        "OfferTypeDeleted",
    ]
    assert announced[1]["payload"]["changes"] == {"name": {"old": "Rainy days", "new": "RAINY DAYS"}}


async def test_a_name_is_taken_in_upper_and_lower_case_alike(
    visitor: httpx.AsyncClient, manager: Headers
) -> None:
    one, other = await make_type(visitor, manager), await make_type(visitor, manager)
    taken = {"name": one["name"].upper()}
    path = f"/v1/offers/types/{other['offer_type_id']}"
    for answer in (
        await visitor.post("/v1/offers/types", json=taken, headers=manager),
        await visitor.patch(path, json=taken, headers=manager),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "offer_type_already_exists")
        assert answer.json()["errors"][0]["field"] == "body.name"


async def test_of_racing_additions_of_one_name_one_wins(visitor: httpx.AsyncClient, manager: Headers) -> None:
    body = {"name": uuid4().hex}
    answers = await asyncio.gather(
        *(visitor.post("/v1/offers/types", json=body, headers=manager) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_type_that_even_a_draft_has_stays(visitor: httpx.AsyncClient, manager: Headers) -> None:
    kind = await make_type(visitor, manager)
    draft = await make(visitor, manager, offer_type_id=kind["offer_type_id"])
    path = f"/v1/offers/types/{kind['offer_type_id']}"
    refused = await visitor.delete(path, headers=manager)
    assert (refused.status_code, refused.json()["code"]) == (409, "offer_type_in_use")
    assert (await visitor.delete(f"/v1/offers/{draft['offer_id']}", headers=manager)).status_code == 204
    assert (await visitor.delete(path, headers=manager)).status_code == 204


async def test_a_type_that_is_removed_while_an_offer_takes_it_is_one_or_the_other(
    visitor: httpx.AsyncClient, manager: Headers
) -> None:
    for _ in range(5):
        kind = await make_type(visitor, manager)
        body = await plain(visitor, offer_type_id=kind["offer_type_id"])
        removed, created = await asyncio.gather(
            visitor.delete(f"/v1/offers/types/{kind['offer_type_id']}", headers=manager),
            visitor.post("/v1/offers", json=body, headers=manager),
        )
        assert (removed.status_code, created.status_code) in {(204, 422), (409, 201)}


async def test_a_wrong_type_is_refused_with_its_field(visitor: httpx.AsyncClient, manager: Headers) -> None:
    for body, field in (
        ({"name": "x"}, "body.name"),
        ({}, "body.name"),
        ({"name": "Good", "colour": "red"}, "body.colour"),
    ):
        answer = await visitor.post("/v1/offers/types", json=body, headers=manager)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    path = f"/v1/offers/types/{uuid4()}"
    nothing = await visitor.patch(path, json={"name": None}, headers=manager)
    assert (nothing.status_code, nothing.json()["errors"][0]["field"]) == (422, "body.name")
    unknown = await visitor.patch(path, json={"name": "Fine"}, headers=manager)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "offer_type_not_found")


async def test_the_types_are_listed_by_name_in_pages(visitor: httpx.AsyncClient, manager: Headers) -> None:
    mark = uuid4().hex
    for letter in "cab":
        await make_type(visitor, manager, name=f"{letter} {mark}")
    first = await visitor.get("/v1/offers/types/admin", params={"search": mark, "limit": 2}, headers=manager)
    rest = await visitor.get(
        "/v1/offers/types/admin",
        params={"search": mark, "limit": 2, "cursor": first.json()["next_cursor"]},
        headers=manager,
    )
    initials = [item["name"][0] for item in first.json()["items"] + rest.json()["items"]]
    assert initials == ["a", "b", "c"]
