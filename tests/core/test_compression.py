"""Large texts are compressed for clients that take Zstandard or gzip; small ones, files and errors are not."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from gencharge.core.http.compression import (
    CODINGS,
    MIN_BYTES,
    Coding,
    Compressing,
    coding_of,
    compressed,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Zstandard's window of a client of the web, as a power of two (RFC 9659).
_WINDOW_LOG = 23

TEXTS = {"large": "x" * 9_000, "huge": "y" * 200_000, "edge": "z" * MIN_BYTES, "small": "z" * (MIN_BYTES - 1)}


async def _text(request: Request) -> Response:
    return PlainTextResponse(TEXTS[request.path_params["size"]], headers={"Vary": "Accept"})


async def _parts(_request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for number in range(5):
            yield f"{number}\n".encode() * 1_000

    return StreamingResponse(parts(), media_type="text/csv")


async def _picture(_request: Request) -> Response:
    return Response(os.urandom(9_000), media_type="application/pdf")


async def _problem(_request: Request) -> Response:
    return JSONResponse({"detail": "x" * 9_000}, status_code=422)


def client() -> httpx.AsyncClient:
    app = Starlette()
    app.add_route("/text/{size}", _text, methods=["GET", "HEAD"])
    for path, page in (("/parts", _parts), ("/picture", _picture), ("/problem", _problem)):
        app.add_route(path, page)

    async def compressing(scope: Scope, receive: Receive, send: Send) -> None:
        coding = coding_of(dict(scope["headers"])[b"accept-encoding"].decode())
        await app(scope, receive, send if coding is None else Compressing(send, coding))

    return httpx.AsyncClient(transport=httpx.ASGITransport(app=compressing), base_url="http://test")


async def fetch(path: str, coding: Coding, method: str = "GET") -> tuple[httpx.Response, list[bytes]]:
    """The answer, and the parts of its body as they were sent."""
    async with client() as http, http.stream(method, path, headers={"Accept-Encoding": coding}) as answer:
        return answer, [part async for part in answer.aiter_raw()]


def unpacked(body: bytes, coding: Coding) -> bytes:
    """What a client of the web reads."""
    if coding == "gzip":
        return gzip.decompress(body)
    return zstd.decompress(body, options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", ["large", "huge", "edge"])
async def test_a_large_text_is_compressed_and_says_so(size: str, coding: Coding) -> None:
    answer, parts = await fetch(f"/text/{size}", coding)
    assert unpacked(b"".join(parts), coding).decode() == TEXTS[size]
    assert answer.headers["content-encoding"] == coding
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(b"".join(parts)) < len(TEXTS[size]) / 10


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_text_in_parts_is_compressed_as_it_comes(coding: Coding) -> None:
    answer, parts = await fetch("/parts", coding)
    assert answer.headers["content-encoding"] == coding
    assert "content-length" not in answer.headers
    assert unpacked(b"".join(parts), coding).decode() == "".join(f"{number}\n" * 1_000 for number in range(5))


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_part_can_be_read_before_the_next_one_is_there(coding: Coding) -> None:
    sent: list[bytes] = []

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    sender = Compressing(send, coding)
    await sender({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/csv")]})
    reader = zstd.ZstdDecompressor() if coding == "zstd" else zlib.decompressobj(31)
    for part in (b"one\n" * 2_000, b"two\n"):
        await sender({"type": "http.response.body", "body": part, "more_body": True})
        assert reader.decompress(sent[-1]) == part


@pytest.mark.parametrize("path", ["/text/small", "/picture", "/problem"])
@pytest.mark.parametrize("coding", CODINGS)
async def test_small_texts_files_and_problems_stay_as_they_are(path: str, coding: Coding) -> None:
    answer, parts = await fetch(path, coding)
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(b"".join(parts))


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_head_request_gets_no_body(coding: Coding) -> None:
    answer, parts = await fetch("/text/large", coding, "HEAD")
    assert (answer.status_code, b"".join(parts)) == (200, b"")


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("gzip", "gzip"),
        ("br, gzip;q=0.5", "gzip"),
        ("*", "gzip"),
        ("GZIP", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip;q=0.5", "zstd"),
        ("zstd;q=0.4, gzip;q=0.5", "gzip"),
        ("zstd;q=0, gzip", "gzip"),
        ("zstd, gzip;q=0", "zstd"),
        ("zstd;q=0, *", "gzip"),
        ("zstd;q=0.1, *;q=0.9", "gzip"),
        ("", None),
        ("identity", None),
        ("gzip;q=0", None),
        ("*;q=0", None),
        ("gzip;q=none", None),
        ("*, gzip;q=0", None),
        ("gzip;q=0, zstd;q=0", None),
        ("x" * 200 + ", zstd", "zstd"),
    ],
)
def test_what_the_client_takes_is_chosen(header: str, coding: Coding | None) -> None:
    assert coding_of(header) == coding


@pytest.mark.parametrize("coding", CODINGS)
def test_the_same_text_is_the_same_in_every_process(coding: Coding) -> None:
    assert compressed(b"text", coding) == compressed(b"text", coding)
    assert unpacked(compressed(b"text", coding), coding) == b"text"


@pytest.mark.parametrize("level", [3, 9])
def test_no_answer_takes_a_larger_window_than_clients_give(level: int) -> None:
    packer = zstd.ZstdCompressor(level)
    parts = [packer.compress(os.urandom(1_000_000)) for _ in range(20)]
    assert unpacked(b"".join([*parts, packer.flush()]), "zstd")


async def test_a_stream_of_events_is_never_compressed() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    compressing = Compressing(send, "zstd")
    headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
    await compressing({"type": "http.response.start", "status": 200, "headers": headers})
    await compressing({"type": "http.response.body", "body": b"x" * 9_000, "more_body": True})
    assert sent[0]["headers"] == headers
    assert sent[1]["body"] == b"x" * 9_000
