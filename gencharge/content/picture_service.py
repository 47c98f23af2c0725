"""Pictures: uploaded, kept in forms of our own, deleted. The bytes are in the storage, the rest is in MongoDB."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final, Self
from uuid import UUID

from fastapi import FastAPI
from pymongo.asynchronous.database import AsyncDatabase
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.content import crud, pictures
from gencharge.content.errors import PictureInUse, PictureInvalid, PictureNotFound
from gencharge.content.events import PictureDeleted, PictureUploaded
from gencharge.content.models import Picture
from gencharge.content.picture_links import key_of
from gencharge.core.events import document_events
from gencharge.core.http.paging import PageParams, decode_cursor, encode_cursor
from gencharge.core.http.uploads import Upload
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.storage import Storage, StorageUnavailable, type_of
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id

_LONGEST_NAME: Final = 255


class Gallery(OnePerApp):
    """The storage of pictures, and a place to decode one at a time: a picture of 25 million pixels takes 100 MB."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.decoding = asyncio.Semaphore(1)

    @classmethod
    def open(cls, app: FastAPI) -> Self:
        """On the application's storage."""
        return cls(open_storage(app.state.settings))


async def upload(
    db: AsyncSession,
    documents: AsyncDatabase[Document],
    gallery: Gallery,
    admin_id: UUID,
    file: Upload,
    alt: str,
) -> Picture:
    """Keep a picture. Raises PictureInvalid, PictureTooLarge, StorageUnavailable, DocumentsUnavailable; then nothing is kept."""
    _check_name(file.name)
    async with gallery.decoding:
        forms = await asyncio.to_thread(pictures.convert, file.content)
    picture = Picture(
        image_id=new_id(),
        form=forms.form,
        width=forms.width,
        height=forms.height,
        size_bytes=len(forms.files[f"whole.{forms.form}"]),
        alt=alt,
        created_at=clock.now(),
        created_by=admin_id,
    )
    carried = document_events.carry(
        PictureUploaded(
            user_id=str(SYSTEM_USER_ID),
            image_id=str(picture.image_id),
            width=picture.width,
            height=picture.height,
        )
    )
    try:
        for name, content in forms.files.items():
            await gallery.storage.put(key_of(picture.image_id, name), content, type_of(name))
        # Not before: a slow storage would hold a connection of the database.
        await document_events.emit_carried(db, carried)
        with answering(documents):
            await crud.add_picture(documents, _document(picture, carried))
    except Exception:
        with suppress(StorageUnavailable):
            await delete_files(gallery.storage, picture.image_id)
        raise
    return picture


async def read(gallery: Gallery, image_id: UUID, file: str) -> bytes:
    """One of its files. Raises PictureNotFound, StorageUnavailable."""
    content = await gallery.storage.get(key_of(image_id, file))
    if content is None:
        raise PictureNotFound
    return content


async def list_pictures(
    documents: AsyncDatabase[Document], query: PageParams
) -> tuple[list[Picture], str | None, int | None]:
    """A page of pictures, the newest first, the next page's cursor, and the total if it was asked for.

    Raises CursorInvalid, DocumentsUnavailable.
    """
    after = decode_cursor(query.cursor, kinds=(UUID,))[0] if query.cursor is not None else None
    with answering(documents):
        newest = await crud.list_pictures(documents, after, query.limit + 1)
        total = await crud.count_pictures(documents) if query.include_total else None
    page = [Picture.of(document) for document in newest[: query.limit]]
    cursor = encode_cursor(page[-1].image_id) if len(newest) > query.limit else None
    return page, cursor, total


async def delete(db: AsyncSession, documents: AsyncDatabase[Document], image_id: UUID) -> None:
    """Delete a picture that no content shows; its files follow. Raises PictureNotFound, PictureInUse, DocumentsUnavailable."""
    carried = document_events.carry(PictureDeleted(user_id=str(SYSTEM_USER_ID), image_id=str(image_id)))
    await document_events.emit_carried(db, carried)
    with answering(documents):
        if await crud.is_shown(documents, image_id):
            raise PictureInUse
        if not await crud.delete_picture(documents, image_id, clock.now(), carried):
            raise PictureNotFound


async def delete_files(storage: Storage, image_id: UUID) -> None:
    """Delete the files of a picture; a second time changes nothing. Raises StorageUnavailable."""
    for file in await storage.list_files(key_of(image_id, "")):
        await storage.delete(file.key)


def _check_name(name: str) -> None:
    """A name is not used for anything. One that is no plain name was made to lead somewhere."""
    if len(name) > _LONGEST_NAME or name.startswith(".") or any(c in "/\\:" or ord(c) < 32 for c in name):
        raise PictureInvalid("The file's name has to be a plain one, without a path.")


def _document(picture: Picture, carried: Document) -> Document:
    fields = ("form", "width", "height", "size_bytes", "alt", "created_at", "created_by")
    return {
        "_id": picture.image_id,
        **{name: getattr(picture, name) for name in fields},
        "is_deleted": False,
        document_events.FIELD: [carried],
    }
