"""Public content in memory: read while MongoDB is away, in the language that is asked for."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from gencharge.core.settings import Settings
from tests.make.content import path_of, published, read, texts
from tests.make.live import Served, serving
from tests.make.sessions import DEAD_REDIS
from tests.make.staff_client import StaffClient

A_SECOND = 1.2  # and some for a busy test machine


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


async def read_until(served: Served, page: dict[str, Any], status: int, title: str = "") -> float:
    """Seconds until a process answers so for a page."""
    url = f"http://127.0.0.1:{served.port}/v1/content/{page['slug']}"
    began = time.monotonic()
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            answer = await client.get(url)
            if answer.status_code == status and answer.json().get("title", "") in {
                title,
                "Content not found.",
            }:
                return time.monotonic() - began
            assert time.monotonic() - began < 10, answer.text
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("overrides", "bound"),
    [({}, A_SECOND), ({"redis_url": DEAD_REDIS}, 1 + A_SECOND)],
    ids=["told by Redis", "found by the poll, while that process does not reach Redis"],
)
async def test_what_is_published_changed_and_withdrawn_is_so_in_another_process_within_a_second(
    settings: Settings, staff: StaffClient, page: dict[str, Any], overrides: dict[str, str], bound: float
) -> None:
    async with serving(settings, **overrides) as other:
        await read_until(other, page, 404)
        await staff.ask_json("POST", f"{path_of(page)}/publish", {})
        assert await read_until(other, page, 200, "How do I recharge?") < bound
        await staff.ask_json("POST", f"{path_of(page)}/editions", texts("Better"))
        await staff.ask_json("POST", f"{path_of(page)}/publish", {})
        assert await read_until(other, page, 200, "Better") < bound
        await staff.ask_json("POST", f"{path_of(page)}/unpublish", {})
        assert await read_until(other, page, 404) < bound
