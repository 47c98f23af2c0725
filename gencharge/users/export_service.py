"""All that is held about a customer, as one JSON document, written while it is read: a long history never is in
memory as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

from gencharge.core.events.events import emit
from gencharge.core.http.web import to_json
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.stores import Stores
from gencharge.users import crud
from gencharge.users.errors import UserNotFound
from gencharge.users.events import UserDataExported

_CHUNK_BYTES: Final = 32_768


async def export(stores: Stores, parts: Sequence[PersonalData], user_id: UUID) -> AsyncIterator[bytes]:
    """The document in chunks. What can fail fails here, before the first of them.

    Raises UserNotFound, DatabaseUnavailable, DocumentsUnavailable.
    """
    if await stores.database.run(lambda db: crud.get_status(db, user_id)) is None:
        raise UserNotFound
    document = {part.name: await part.export(stores, user_id) for part in parts if part.export is not None}
    await stores.database.run(lambda db: emit(db, UserDataExported(user_id=str(user_id))))
    return _in_chunks(_written(document))


async def _written(value: Any) -> AsyncIterator[bytes]:
    if isinstance(value, dict):
        lead = b"{"
        for name, part in value.items():
            yield lead + to_json(name) + b":"
            async for piece in _written(part):
                yield piece
            lead = b","
        yield b"}" if value else b"{}"
    elif isinstance(value, AsyncIterator):
        lead = b"["
        async for item in value:
            yield lead + to_json(item)
            lead = b","
        yield b"[]" if lead == b"[" else b"]"
    else:
        yield to_json(value)


async def _in_chunks(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    chunk = bytearray()
    async for piece in pieces:
        chunk += piece
        if len(chunk) >= _CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)
