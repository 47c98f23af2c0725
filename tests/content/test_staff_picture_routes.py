"""Uploading pictures: plain ones only, and nothing of the others."""

from __future__ import annotations

import pytest

from gencharge.content.picture_service import Gallery
from tests.make.content import picture, upload
from tests.make.staff_client import StaffClient


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (picture() + b"<?php", "red.jpg", 422, "picture_invalid"),
        (picture()[:-10], "red.jpg", 422, "picture_invalid"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "red.svg", 422, "picture_invalid"),
        (picture(), "../../etc/cron.d/red.jpg", 422, "picture_invalid"),
        (picture(), "..\\red.jpg", 422, "picture_invalid"),
        (picture("PNG", (20_000, 20_000), "1"), "bomb.png", 413, "picture_too_large"),
        (b"x" * 5_100_000, "large.jpg", 413, "too_large"),
        (picture() + b"x" * 50_000_000, "larger.jpg", 413, "too_large"),
    ],
)
async def test_what_is_no_plain_picture_is_refused_and_leaves_nothing(
    staff: StaffClient, gallery: Gallery, content: bytes, name: str, status: int, code: str
) -> None:
    before = await gallery.storage.list_files()
    refused = await upload(staff, content, name)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert await gallery.storage.list_files() == before
