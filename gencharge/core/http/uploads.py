"""A file in a request: its body, or the one file of a form."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from fastapi import Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from gencharge.core.errors import Problem

_UNREADABLE = "The form can't be read. Send one file in the field `file`."


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came. `name` is the client's, and empty if the body is the file."""

    content: bytes
    name: str


async def read_upload(request: Request, refused: type[Problem]) -> Upload:
    """The file of the request. Raises `refused` for a form that can't be read, or that has not just one file."""
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return Upload(body, "")

    async def once() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    try:
        form = await MultiPartParser(request.headers, once(), max_files=1, max_fields=8).parse()
    except (MultiPartException, FormParserError):
        raise refused(_UNREADABLE) from None
    files = [value for value in form.values() if isinstance(value, UploadFile)]
    try:
        if len(files) != 1:
            raise refused("Send one file in the field `file`.")
        return Upload(await files[0].read(), files[0].filename or "")
    finally:
        await form.close()
