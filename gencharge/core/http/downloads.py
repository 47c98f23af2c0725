"""Files of the storage on their way to a browser that may have them."""

from __future__ import annotations

from typing import Any, Final

from fastapi.responses import RedirectResponse, Response, StreamingResponse

from gencharge.core.stores.storage import Storage, StoredFileNotFound, type_of

# Long enough to follow a redirect. The download itself may take longer.
LINK_SECONDS: Final = 60
REDIRECT: Final[dict[int | str, dict[str, Any]]] = {307: {"description": "The file, at the storage."}}


async def download(storage: Storage, key: str, *, file_name: str, size_bytes: int) -> Response:
    """The file: from the storage's own service if browsers reach it, else through us. Raises StoredFileNotFound, StorageUnavailable."""
    if not await storage.exists(key):
        raise StoredFileNotFound
    # The address in it opens the file.
    private = {"Cache-Control": "no-store"}
    disposition = f'attachment; filename="{file_name}"'
    link = storage.link(key, LINK_SECONDS, disposition=disposition)
    if link is not None:
        return RedirectResponse(link, status_code=307, headers=private)
    headers = {"Content-Disposition": disposition, "Content-Length": str(size_bytes)}
    return StreamingResponse(storage.read(key), media_type=type_of(key), headers=headers | private)
