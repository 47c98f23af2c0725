"""Public content over HTTP: cached, in the reader's language, and its pictures."""

from __future__ import annotations

import httpx
import pytest

from gencharge.content.service import Contents
from tests.make.content import published
from tests.make.staff_client import StaffClient


async def test_public_content_is_listed_by_kind_and_position(
    client: httpx.AsyncClient, staff: StaffClient
) -> None:
    pages = [await published(staff, kind="support", position=position) for position in (5, 1, 3)]
    listed = (await client.get("/v1/content", params={"kind": "support", "include_total": "true"})).json()
    assert [item["slug"] for item in listed["items"]] == [pages[n]["slug"] for n in (1, 2, 0)]
    assert listed["total"] == 3
    first = (await client.get("/v1/content", params={"kind": "support", "limit": 2})).json()
    rest = {"kind": "support", "cursor": first["next_cursor"]}
    assert [item["slug"] for item in (await client.get("/v1/content", params=rest)).json()["items"]] == [
        pages[0]["slug"]
    ]


async def test_an_answer_is_sent_once_until_the_content_changes(
    client: httpx.AsyncClient, staff: StaffClient
) -> None:
    page = await published(staff)
    first = await client.get(f"/v1/content/{page['slug']}")
    seen = {"If-None-Match": first.headers["etag"]}
    assert (await client.get(f"/v1/content/{page['slug']}", headers=seen)).status_code == 304
    await staff.ask_json("POST", f"/content/admin/{page['content_id']}/unpublish")
    await Contents.of(staff.app).refresh(staff.stores.database)
    assert (await client.get(f"/v1/content/{page['slug']}", headers=seen)).status_code == 404


@pytest.mark.usefixtures("gallery")
@pytest.mark.parametrize("file", ["whole.svg", "..%2f..%2fx.jpg", "large.webp"])
async def test_an_address_of_no_picture_is_404(client: httpx.AsyncClient, file: str) -> None:
    answer = await client.get(f"/v1/content/images/0198c0de-0000-7000-8000-000000000000/{file}")
    assert answer.status_code == 404
