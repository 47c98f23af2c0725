"""Pictures in the storage and in MongoDB: both or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.content.picture_service import Gallery
from gencharge.core.events import document_events
from gencharge.core.events.relay import Relay
from gencharge.core.rooms import process
from gencharge.core.stores.folder_storage import FolderStorage
from gencharge.core.stores.s3_storage import S3Storage
from gencharge.core.stores.storage import StorageUnavailable
from gencharge.core.stores.stores import Stores
from tests.make.content import draft, picture, published, upload
from tests.make.staff_client import StaffClient
from tests.make.storage import S3Server


@pytest.mark.usefixtures("gallery")
async def test_a_picture_is_uploaded_shown_and_deleted_when_nothing_shows_it(
    client: httpx.AsyncClient, staff: StaffClient, stores: Stores, relay: Relay
) -> None:
    uploaded = await upload(staff, picture("PNG", (1600, 400)), alt="A red bar")
    assert uploaded.status_code == 201, uploaded.text
    image = uploaded.json()
    page = await published(staff, image_id=image["image_id"])
    shown = (await client.get(f"/v1/content/{page['slug']}")).json()["image"]
    assert (shown["alt"], shown["width"], shown["height"]) == ("A red bar", 1600, 400)
    thumbnail = await client.get(shown["thumbnail_url"])
    assert thumbnail.headers["content-type"] == "image/webp"
    assert thumbnail.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in thumbnail.headers["cache-control"]
    path = f"/content/admin/images/{image['image_id']}"
    assert (await staff.ask("DELETE", path)).json()["code"] == "picture_in_use"
    await staff.ask_json("DELETE", f"/content/admin/{page['content_id']}")
    assert (await staff.ask("DELETE", path)).status_code == 204
    assert (await staff.ask("DELETE", path)).status_code == 404


async def test_a_storage_that_is_away_is_503_and_leaves_no_picture(
    app: FastAPI, staff: StaffClient, bucket: S3Server
) -> None:
    nowhere = S3Storage.of(bucket.settings(storage_endpoint_url="http://127.0.0.1:9"))
    process.put(app, Gallery(nowhere))
    count = (await staff.ask_json("GET", "/content/admin/images", params={"include_total": "true"}))["total"]
    refused = await upload(staff, picture())
    assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
    after = await staff.ask_json("GET", "/content/admin/images", params={"include_total": "true"})
    assert after["total"] == count


@pytest.mark.parametrize("stored", [1, 2])
async def test_a_storage_that_fails_amid_the_files_keeps_none_of_them(
    app: FastAPI, staff: StaffClient, tmp_path: Path, stored: int
) -> None:
    class Failing(FolderStorage):
        files = 0

        async def put(self, key: str, content: Any, content_type: str) -> None:
            if self.files == stored:
                raise StorageUnavailable
            self.files += 1
            await super().put(key, content, content_type)

    storage = Failing(tmp_path)
    process.put(app, Gallery(storage))
    count = (await staff.ask_json("GET", "/content/admin/images", params={"include_total": "true"}))["total"]
    refused = await upload(staff, picture())
    assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
    assert storage.files == stored
    assert await storage.list_files() == []
    after = await staff.ask_json("GET", "/content/admin/images", params={"include_total": "true"})
    assert after["total"] == count


async def test_a_picture_that_nobody_uploaded_is_no_part_of_content(staff: StaffClient) -> None:
    refused = await staff.ask(
        "POST", "/content/admin", draft(image_id="0198c0de-0000-7000-8000-000000000000")
    )
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.image_id")


async def test_no_transaction_is_open_while_the_files_go_up(
    app: FastAPI, staff: StaffClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow storage would hold a connection of the database for as long."""
    steps: list[str] = []
    emit_carried = document_events.emit_carried

    class Watched(FolderStorage):
        async def put(self, key: str, content: Any, content_type: str) -> None:
            steps.append("file")
            await super().put(key, content, content_type)

    async def watched(*arguments: Any) -> None:
        steps.append("event")
        await emit_carried(*arguments)

    monkeypatch.setattr(document_events, "emit_carried", watched)
    process.put(app, Gallery(Watched(tmp_path)))
    assert (await upload(staff, picture())).status_code == 201
    assert steps == ["file", "file", "file", "event"]
