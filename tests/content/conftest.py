"""An admin at work on content, and a storage for pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.content.picture_service import Gallery
from gencharge.core.rooms import process
from gencharge.core.stores.folder_storage import FolderStorage
from gencharge.core.stores.s3_storage import S3Storage
from tests.make.content import draft, path_of
from tests.make.factories import know_roles
from tests.make.staff_client import StaffClient
from tests.make.storage import S3Server


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(params=["folder", "bucket"])
def gallery(request: pytest.FixtureRequest, app: FastAPI, tmp_path: Path, bucket: S3Server) -> Gallery:
    is_folder = request.param == "folder"
    gallery = Gallery(FolderStorage(tmp_path) if is_folder else S3Storage.of(bucket.settings()))
    process.put(app, gallery)
    return gallery


@pytest.fixture
async def staff(app: FastAPI, client: httpx.AsyncClient) -> StaffClient:
    await know_roles(app)
    return await StaffClient.open(app, client)


@pytest.fixture
async def page(staff: StaffClient) -> AsyncIterator[dict[str, Any]]:
    created = await staff.ask_json("POST", "/content/admin", draft())
    yield created
    await staff.ask("DELETE", path_of(created))
