"""Public content in memory: read while MongoDB is away, in the language that is asked for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.make.content import path_of, published, read, texts
from tests.make.staff_client import StaffClient


async def test_a_page_is_read_while_mongodb_is_away(
    client: httpx.AsyncClient, staff: StaffClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await published(staff)

    def away(*_arguments: object) -> None:
        raise AssertionError("MongoDB was asked")

    monkeypatch.setattr("gencharge.content.crud.list_published", away)
    assert (await client.get(f"/v1/content/{page['slug']}")).status_code == 200


async def test_what_is_written_later_is_public_when_it_is_published(
    staff: StaffClient, page: dict[str, Any]
) -> None:
    await staff.ask_json("POST", f"{path_of(page)}/publish", {})
    written = await staff.ask_json("POST", f"{path_of(page)}/editions", texts("Better", hindi="बेहतर"))
    assert written["latest"]["texts"]["hi"]["title"] == "बेहतर"
    assert (await read(staff, page)).json()["title"] == "How do I recharge?"
    await staff.ask_json("POST", f"{path_of(page)}/publish", {})
    assert (await read(staff, page)).json()["title"] == "Better"
    hindi = (await read(staff, page, language="hi")).json()
    assert (hindi["language"], hindi["title"]) == ("hi", "बेहतर")
