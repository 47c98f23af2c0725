"""The document goes out in parts: every operation in one of them, each part small, customers' apart from the staff's."""

from __future__ import annotations

import gzip
from collections import Counter
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from gencharge.api.parts import EARLIER, PARTS, RUNNING
from gencharge.core.http.openapi import operations_of, resolved

# What was asked for (issue 15). Compressed, on a slow phone: two seconds at 200 kbit/s.
MAX_BYTES = 400_000
MAX_BYTES_COMPRESSED = 50_000


@pytest.mark.parametrize("path", PARTS)
async def test_each_part_is_small_and_is_not_sent_twice(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Accept-Encoding": "gzip"})
    size, compressed = len(answer.content), len(gzip.compress(answer.content))
    grown = f"{size} bytes, {compressed} compressed: `python -m bench document` says what weighs"
    assert size < MAX_BYTES, grown
    assert compressed < MAX_BYTES_COMPRESSED, grown
    assert answer.headers["content-encoding"] == "gzip"
    headers = {"Accept-Encoding": "gzip", "If-None-Match": answer.headers["etag"]}
    assert (await client.get(path, headers=headers)).status_code == 304


def test_every_operation_is_in_one_part_and_says_what_it_says_in_the_whole(app: FastAPI) -> None:
    whole = app.openapi()
    places: Counter[str] = Counter()
    names = {operation["operationId"]: operation for operation in operations_of(whole)}
    for take in PARTS.values():
        part = take(whole)
        for operation in operations_of(part):
            places[operation["operationId"]] += 1
            same = names[operation["operationId"]]
            assert operation.get("description") == same.get("description")
            assert list(operation["responses"]) == list(same["responses"])
            sent = [resolved(part, one)["name"] for one in operation.get("parameters", ())]
            assert sent == [one["name"] for one in same.get("parameters", ())]
    assert places == Counter(names.keys())


def test_a_stranger_learns_no_route_of_the_staff(app: FastAPI) -> None:
    described = orjson.dumps(PARTS["/openapi.json"](app.openapi()))
    for word in (b"/admin", b"/v1/audit-logs", b"StaffUserOut", b"/v1/roles"):
        assert word not in described


def test_the_rooms_that_run_the_house_are_rooms(app: FastAPI) -> None:
    assert {tag["name"] for tag in app.openapi()["tags"]} >= RUNNING


def test_the_staffs_parts_have_their_rooms(app: FastAPI) -> None:
    whole = app.openapi()
    tags: dict[str, set[Any]] = {
        path: {operation["tags"][0] for operation in operations_of(take(whole))}
        for path, take in PARTS.items()
    }
    assert tags["/openapi-running.json"] == RUNNING
    assert tags["/openapi-staff.json"] >= {"users", "plans", "offers", "recharge", "wallet", "payments"}
    assert not tags["/openapi-staff.json"] & RUNNING


async def test_the_earlier_address_of_the_customers_part_still_answers(client: httpx.AsyncClient) -> None:
    for earlier, now in EARLIER.items():
        assert (await client.get(earlier)).content == (await client.get(now)).content


async def test_the_page_to_try_offers_every_part(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert [line.split('"')[1] for line in page.splitlines() if line.startswith("<option ")] == list(PARTS)
