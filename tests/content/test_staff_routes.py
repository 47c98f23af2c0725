"""Content over HTTP, for the staff: fields are named, slugs are one's own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.make.content import draft, path_of
from tests.make.staff_client import StaffClient


@pytest.mark.parametrize(
    "change",
    [
        {"slug": "admin"},
        {"slug": "No Slug"},
        {"link": "javascript:alert(1)"},
        {"texts": {"hi": {"title": "केवल हिंदी"}}},
        {"texts": {"en": {"title": ""}}},
        {"texts": {"fr": {"title": "Bonjour"}}},
        {"kind": "blog"},
    ],
)
async def test_a_wrong_field_is_named(staff: StaffClient, change: dict[str, Any]) -> None:
    refused = await staff.ask("POST", "/content/admin", draft(**change))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"].startswith("body")


async def test_a_slug_belongs_to_one_and_is_free_after_it(staff: StaffClient, page: dict[str, Any]) -> None:
    taken = await staff.ask("POST", "/content/admin", draft(slug=page["slug"]))
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (409, "body.slug")
    other = await staff.ask_json("POST", "/content/admin", draft())
    moved = await staff.ask("PATCH", path_of(other), {"slug": page["slug"]})
    assert moved.json()["code"] == "content_already_exists"
    await staff.ask_json("DELETE", path_of(page))
    assert (await staff.ask("PATCH", path_of(other), {"slug": page["slug"]})).status_code == 200
    await staff.ask_json("DELETE", path_of(other))
