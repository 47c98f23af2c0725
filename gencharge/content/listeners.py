"""What follows a change of content: the documents let go of its event, and the files of a deleted picture go."""

from __future__ import annotations

from typing import Any, Final, cast
from uuid import UUID

from gencharge.content import crud, events, picture_service
from gencharge.core.events import document_events
from gencharge.core.events.events import Envelope, Outside
from gencharge.core.stores.open_storage import open_storage

CONTENT_ANNOUNCED: Final = document_events.handed_out(
    "content.announced",
    crud.CONTENTS,
    (
        events.ContentCreated,
        events.ContentChanged,
        events.ContentWritten,
        events.ContentPublished,
        events.ContentUnpublished,
        events.ContentDeleted,
    ),
)
PICTURES_ANNOUNCED: Final = document_events.handed_out(
    "content.pictures_announced", crud.PICTURES, (events.PictureUploaded, events.PictureDeleted)
)


async def _delete_files(stores: Any, batch: list[Envelope]) -> None:
    storage = open_storage(stores.settings)
    for envelope in batch:
        image_id = cast(events.PictureDeleted, envelope.event).image_id
        await picture_service.delete_files(storage, UUID(image_id))


DELETE_FILES: Final = Outside("content.delete_files", (events.PictureDeleted,), _delete_files)
