"""The files of a deleted picture go."""

from __future__ import annotations

from fastapi import FastAPI

from gencharge.content.picture_service import Gallery
from gencharge.core.events.relay import Relay
from gencharge.core.rooms import process
from gencharge.core.stores.stores import Stores
from tests.make.audit import drained
from tests.make.content import picture, upload
from tests.make.staff_client import StaffClient


async def test_the_files_of_a_deleted_picture_go_with_its_event(
    app: FastAPI, staff: StaffClient, stores: Stores, relay: Relay
) -> None:
    # The worker opens the storage of the settings, so the picture has to be there.
    gallery = Gallery.open(app)
    process.put(app, gallery)
    image_id = (await upload(staff, picture())).json()["image_id"]
    prefix = f"pictures/{image_id}/"
    assert len(await gallery.storage.list_files(prefix)) == 3
    assert (await staff.ask("DELETE", f"/content/admin/images/{image_id}")).status_code == 204
    await drained(stores, relay)
    assert await gallery.storage.list_files(prefix) == []
