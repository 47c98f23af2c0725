"""Large texts are compressed for clients that take gzip; small ones, files and errors are not."""

from __future__ import annotations

import gzip
import os
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gencharge.core.http.compression import MIN_BYTES, Compressing, takes_gzip

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
        await app(scope, receive, Compressing(send))

    return httpx.AsyncClient(transport=httpx.ASGITransport(app=compressing), base_url="http://test")


@pytest.mark.parametrize("size", ["large", "huge", "edge"])
async def test_a_large_text_is_compressed_and_says_so(size: str) -> None:
    async with client() as http:
        answer = await http.get(f"/text/{size}")
    assert answer.text == TEXTS[size]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert int(answer.headers["content-length"]) < len(TEXTS[size]) / 10


async def test_a_text_in_parts_is_compressed_as_it_comes() -> None:
    async with client() as http:
        answer = await http.get("/parts")
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-length" not in answer.headers
    assert answer.text == "".join(f"{number}\n" * 1_000 for number in range(5))


@pytest.mark.parametrize("path", ["/text/small", "/picture", "/problem"])
async def test_small_texts_files_and_problems_stay_as_they_are(path: str) -> None:
    async with client() as http:
        answer = await http.get(path)
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_a_head_request_gets_no_body() -> None:
    async with client() as http:
        answer = await http.head("/text/large")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("GZIP", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("*;q=0", False),
        ("gzip;q=none", False),
        ("*, gzip;q=0", False),
    ],
)
def test_what_the_client_takes(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


def test_the_same_text_is_the_same_in_every_process() -> None:
    from gencharge.core.http.compression import zipped

    assert zipped(b"text") == zipped(b"text")
    assert gzip.decompress(zipped(b"text")) == b"text"
