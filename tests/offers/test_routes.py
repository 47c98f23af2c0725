"""The public routes of offers."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest


async def test_an_offer_has_typed_conditions_exact_numbers_and_its_terms_in_words(
    reader: httpx.AsyncClient,
) -> None:
    answer = await reader.get("/v1/offers", params={"search": "Postpaid thanks"})
    assert b'"percent":2.50,"cap":20.00' in answer.content
    [offer] = answer.json()["items"]
    assert offer["reward"] == {
        "discount": {"kind": "percent", "percent": 2.5, "cap": 20.0},
        "cashback": {"kind": "flat", "amount": 5.0},
    }
    assert offer["conditions"]["user_types"] == ["postpaid"]
    assert offer["conditions"]["sources"] == ["app"]
    assert offer["terms"] == ["only for postpaid customers", "only in the app"]
    assert (offer["status"], offer["offer_type"]) == ("active", "Loyalty")
    # What an offer may cost in all is nobody's business outside.
    assert "limits" not in offer
    alone = await reader.get(f"/v1/offers/{offer['offer_id']}")
    assert (alone.status_code, alone.json()) == (200, offer)


@pytest.mark.parametrize("path", ["/v1/offers", "/v1/offers/types", "/v1/offers?special=true"])
async def test_an_answer_has_an_etag_and_is_not_sent_twice(reader: httpx.AsyncClient, path: str) -> None:
    first = await reader.get(path)
    again = await reader.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"].startswith("public")


async def test_an_unknown_offer_is_404_and_no_id_is_422(reader: httpx.AsyncClient) -> None:
    unknown = await reader.get(f"/v1/offers/{uuid4()}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "offer_not_found")
    assert (await reader.get("/v1/offers/7")).status_code == 422
