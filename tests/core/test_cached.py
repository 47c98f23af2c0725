"""Cached responses: limited in number and bytes, and only what is a response."""

from __future__ import annotations

import gzip

import httpx
from fastapi import FastAPI, Request, Response

from gencharge.core.http.cached import CachedResponse, CachedRoute, ResponseCache


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


def test_a_large_response_is_compressed_once_and_has_an_etag_of_its_own() -> None:
    body = b"plans " * 2_000
    response = CachedResponse(body)
    plain, zipped = response.to([]), response.to([(b"accept-encoding", b"br, gzip")])
    assert gzip.decompress(zipped.body) == plain.body == body
    assert zipped is response.to([(b"accept-encoding", b"gzip")])
    assert zipped.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == zipped.headers["vary"] == "Accept-Encoding"
    etags = {plain.headers["etag"], zipped.headers["etag"]}
    assert len(etags) == 2
    for etag in etags:
        same = response.to([(b"if-none-match", etag.encode()), (b"accept-encoding", b"gzip")])
        assert (same.status_code, same.headers["etag"]) == (304, zipped.headers["etag"])
    assert "content-encoding" not in CachedResponse(b"small").to([(b"accept-encoding", b"gzip")]).headers
