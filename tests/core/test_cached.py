"""Cached responses: limited in number and bytes, and only what is a response."""

from __future__ import annotations

import gzip

import httpx
from fastapi import FastAPI, Request, Response

from gencharge.core.http.cached import CachedResponse, CachedRoute, ResponseCache
from gencharge.core.http.compression import CODINGS


def test_cached_responses_are_bounded_in_number_and_in_bytes_and_the_oldest_goes_first() -> None:
    cache = ResponseCache(max_entries=3, max_bytes=100)
    for number in range(5):
        cache.put(("/plans", b"%d" % number), CachedResponse(b"x" * 10))
    assert len(cache) == 3
    assert cache.get(("/plans", b"1")) is None
    assert cache.get(("/plans", b"4")) is not None
    cache.put(("/plans", b"big"), CachedResponse(b"x" * 95))
    assert (len(cache), cache.size_bytes) == (1, 95)
    cache.put(("/plans", b"too big"), CachedResponse(b"x" * 101))
    cache.put(("/plans", b"q" * 401), CachedResponse(b"x"))
    assert (len(cache), cache.size_bytes) == (1, 95)


async def test_only_a_200_is_kept_and_a_post_is_never_answered_from_it() -> None:
    cache = ResponseCache()

    class RouteOfThisCache(CachedRoute):
        @staticmethod
        def current_cache(app: FastAPI) -> ResponseCache:
            return cache

        @staticmethod
        async def cache_for(request: Request) -> ResponseCache:
            return cache

    app = FastAPI()
    asked: list[str] = []

    async def answer(request: Request, status: int) -> Response:
        asked.append(request.method)
        return Response(b"{}", status_code=status)

    app.router.add_api_route("/", answer, methods=["GET", "POST"], route_class_override=RouteOfThisCache)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://t") as client:
        for method, status in (("GET", 202), ("GET", 202), ("GET", 200), ("GET", 200), ("POST", 200)):
            assert (await client.request(method, f"/?status={status}")).status_code == status
    assert asked == ["GET", "GET", "GET", "POST"]
    assert len(cache) == 1


def test_a_large_response_is_compressed_once_each_way_and_has_etags_of_its_own() -> None:
    body = b"plans " * 2_000
    response = CachedResponse(body)
    plain = response.to([])
    packed = {coding: response.to([(b"accept-encoding", coding.encode())]) for coding in CODINGS}
    assert gzip.decompress(packed["gzip"].body) == plain.body == body
    assert packed["zstd"].body[:4] == b"\x28\xb5\x2f\xfd"
    assert packed["zstd"] is response.to([(b"accept-encoding", b"gzip, deflate, br, zstd")])
    assert packed["gzip"] is response.to([(b"accept-encoding", b"br, gzip")])
    for coding, answer in packed.items():
        assert answer.headers["content-encoding"] == coding
        assert plain.headers["vary"] == answer.headers["vary"] == "Accept-Encoding"
    etags = {answer.headers["etag"] for answer in (plain, *packed.values())}
    assert len(etags) == 3
    for etag in etags:
        same = response.to([(b"if-none-match", etag.encode()), (b"accept-encoding", b"gzip")])
        assert (same.status_code, same.headers["etag"]) == (304, packed["gzip"].headers["etag"])
    assert "content-encoding" not in CachedResponse(b"small").to([(b"accept-encoding", b"zstd")]).headers
