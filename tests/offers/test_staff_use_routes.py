"""The staff's routes of one-time codes and uses: roles, the file, and bad requests."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.make.offers import UNKNOWN, make
from tests.offers.conftest import Headers

PATHS = [
    ("POST", f"/v1/offers/{UNKNOWN}/codes"),
    ("GET", f"/v1/offers/admin/{UNKNOWN}/codes"),
    ("GET", f"/v1/offers/admin/{UNKNOWN}/uses"),
    ("GET", f"/v1/offers/admin/{UNKNOWN}/figures"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_only_the_staff_come_in_and_viewers_make_no_codes(
    visitor: httpx.AsyncClient, customer: Headers, viewer: Headers, manager: Headers, method: str, path: str
) -> None:
    body = {"json": {"count": 1}} if method == "POST" else {}
    user = await visitor.request(method, path, headers=customer, **body)
    assert (user.status_code, user.json()["code"]) == (403, "admins_only")
    seen = await visitor.request(method, path, headers=viewer, **body)
    assert seen.json()["code"] == ("permission_denied" if method == "POST" else "offer_not_found")
    unknown = await visitor.request(method, path, headers=manager, **body)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "offer_not_found")


async def test_codes_come_as_a_file_that_nobody_stores(visitor: httpx.AsyncClient, manager: Headers) -> None:
    offer = await make(visitor, manager, conditions={"one_time_code": True})
    answer = await visitor.post(f"/v1/offers/{offer['offer_id']}/codes", json={"count": 2}, headers=manager)
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert answer.headers["content-type"].startswith("text/csv")
    codes = [line.removesuffix(",") for line in answer.text.split("\r\n")[1:-1]]
    listed = await visitor.get(f"/v1/offers/admin/{offer['offer_id']}/codes", headers=manager)
    assert {item["code"] for item in listed.json()["items"]} == {"*" * 8 + code[-4:] for code in codes}
    figures = await visitor.get(f"/v1/offers/admin/{offer['offer_id']}/figures", headers=manager)
    assert figures.json()["free_codes"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"count": 1, "user_ids": [UNKNOWN]}, "body"),
        ({"user_ids": [UNKNOWN, UNKNOWN]}, "body"),
        ({"user_ids": []}, "body.user_ids"),
        ({"count": 0}, "body.count"),
        ({"count": 10_001}, "body.count"),
        ({"count": 1, "length": 9}, "body.length"),
        ({"count": 1, "length": 21}, "body.length"),
    ],
)
async def test_what_can_not_be_made_is_refused_with_the_field(
    visitor: httpx.AsyncClient, manager: Headers, body: dict[str, Any], field: str
) -> None:
    answer = await visitor.post(f"/v1/offers/{UNKNOWN}/codes", json=body, headers=manager)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_an_offer_has_a_shared_code_or_one_time_codes(
    visitor: httpx.AsyncClient, manager: Headers
) -> None:
    offer = await make(visitor, manager, conditions={"one_time_code": True})
    answer = await visitor.patch(
        f"/v1/offers/{offer['offer_id']}", json={"code": "BOTHATONCE"}, headers=manager
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.code")
    plain = await make(visitor, manager)
    none = await visitor.post(f"/v1/offers/{plain['offer_id']}/codes", json={"count": 1}, headers=manager)
    assert (none.status_code, none.json()["code"]) == (409, "offer_code_not_allowed")
