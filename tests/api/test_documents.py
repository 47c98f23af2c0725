"""The documents that describe the API: made once, compressed where the client takes that, revalidated by ETag."""

from __future__ import annotations

import asyncio
import gzip

import httpx
import pytest
from starlette.requests import Request

from gencharge.api.documents import Document


async def test_a_document_is_made_once_though_many_ask_at_once() -> None:
    times = 0

    def write() -> bytes:
        nonlocal times
        times += 1
        return b"words"

    document = Document(write, media_type="text/plain")
    request = Request({"type": "http", "headers": []})
    answers = await asyncio.gather(*(document.respond(request) for _ in range(20)))
    assert {bytes(answer.body) for answer in answers} == {b"words"}
    assert times == 1


@pytest.mark.parametrize("path", ["/openapi.json", "/redoc"])
async def test_the_document_travels_compressed_and_is_not_sent_again(
    client: httpx.AsyncClient, path: str
) -> None:
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    async with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 5
    assert plain.headers["vary"] == answer.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"] != answer.headers["etag"]
    for encoding, seen in (("identity", plain), ("gzip", answer)):
        again = await client.get(
            path, headers={"Accept-Encoding": encoding, "If-None-Match": seen.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
    other = await client.get(path, headers={"If-None-Match": '"another"'})
    assert other.status_code == 200
