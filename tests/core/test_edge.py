"""The outermost layer: limits, addresses, ids, headers, paths."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from gencharge.api.main import create_app
from gencharge.core import telemetry
from gencharge.core.http import edge, web
from gencharge.core.settings import Environment, Settings


def make_app(settings: Settings, **overrides: Any) -> FastAPI:
    app = FastAPI()
    web.install(app)
    router = web.router("room")

    @router.post("/echo")
    async def echo(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @router.get("/address")
    async def address() -> dict[str, str]:
        return {"address": telemetry.context().address}

    @router.get("/breaks")
    async def breaks() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            raise RuntimeError("in the middle")

        return StreamingResponse(parts())

    @router.get("/redirect/{target:path}")
    async def redirect(target: str, request: Request) -> RedirectResponse:
        own = str(request.base_url) if target.startswith("own") else "https://elsewhere.example/"
        return RedirectResponse(own + target)

    @router.get("/public")
    async def public() -> Response:
        return Response("x" * 9_000, media_type="text/plain", headers={"Cache-Control": "public, no-cache"})

    @router.get("/never")
    async def never() -> None:
        await asyncio.Event().wait()

    app.router.routes.extend(router.routes)
    app.add_middleware(edge.Edge, settings=settings.model_copy(update=overrides), rooms=frozenset({"room"}))
    return app


def client_of(app: FastAPI, **overrides: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 1), **overrides)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def test_a_body_over_the_limit_is_413_with_a_length_and_without(settings: Settings) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    async with client_of(make_app(settings, max_body_bytes=1_000)) as client:
        assert (await client.post("/v1/room/echo", content=b"x" * 1_000)).json() == {"bytes": 1_000}
        for content in (b"x" * 1_001, chunks()):
            answer = await client.post("/v1/room/echo", content=content)
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        answer = await client.post("/v1/room/echo", headers={"Content-Length": "-5"}, content=b"")
        assert answer.status_code == 413


async def test_a_nul_character_in_a_query_is_refused_in_the_words_of_a_body(settings: Settings) -> None:
    async with client_of(make_app(settings)) as client:
        answer = await client.get("/v1/room/address?name=a%00b&fine=1&other%00=1")
    message = "Must be text without control characters"
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": f"query.{name}", "message": message, "code": "text"} for name in ("name", "other")
    ]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.7"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (2, "1.1.1.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.7"),
        (1, "", "192.0.2.7"),
    ],
)
async def test_an_address_is_what_the_outermost_trusted_proxy_saw_never_what_a_client_claims(
    settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    async with client_of(make_app(settings, trusted_proxies=proxies)) as client:
        answer = await client.get("/v1/room/address", headers={"X-Forwarded-For": forwarded})
    assert answer.json() == {"address": address}


@pytest.mark.parametrize(
    ("sent", "taken"),
    [("abc-1:2.3", True), ("a" * 64, True), ("a" * 65, False), ("a b", False), ("é", False), ("", False)],
)
async def test_a_request_id_is_taken_if_it_is_harmless_and_made_otherwise(
    settings: Settings, sent: str, taken: bool
) -> None:
    async with client_of(make_app(settings)) as client:
        answer = await client.get("/room/address", headers={"X-Request-ID": sent.encode()})
    assert (answer.headers["x-request-id"] == sent) is taken
    assert answer.headers["x-request-id"]


async def test_a_fault_after_the_first_byte_breaks_the_connection_instead_of_mixing_answers(
    settings: Settings,
) -> None:
    async with client_of(make_app(settings)) as client:
        with pytest.raises(RuntimeError, match="in the middle"):
            await client.get("/v1/room/breaks")


async def test_every_answer_has_the_headers_of_its_environment(settings: Settings) -> None:
    async with client_of(make_app(settings)) as client:
        answer = await client.get("/v1/room/address")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-gencharge-mode"] == "test"
    async with client_of(make_app(settings, environment=Environment.PRODUCTION)) as client:
        answer = await client.get("/nowhere")
    assert "max-age" in answer.headers["strict-transport-security"]
    assert "x-gencharge-mode" not in answer.headers


async def test_only_named_origins_may_call_from_a_browser(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"cors_origins": ["https://app.example"]}))
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "Idempotency-Key"}
    async with client_of(app) as client:
        good = await client.options(
            "/v1/recharge/subscribe", headers={"Origin": "https://app.example"} | preflight
        )
        bad = await client.options(
            "/v1/recharge/subscribe", headers={"Origin": "https://evil.example"} | preflight
        )
    assert good.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in bad.headers


async def test_a_browser_may_lock_and_cache_with_etags(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"cors_origins": ["https://app.example"]}))
    asked = "If-Match, If-None-Match, Content-Type"
    request = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": asked}
    async with client_of(app) as client:
        preflight = await client.options("/v1/plans/x", headers={"Origin": "https://app.example"} | request)
        answer = await client.get("/health/live", headers={"Origin": "https://app.example"})
        foreign = request | {"Access-Control-Request-Headers": "X-Anything"}
        refused = await client.options("/v1/plans/x", headers={"Origin": "https://app.example"} | foreign)
    assert preflight.status_code == 200
    assert {"if-match", "if-none-match"} <= set(
        preflight.headers["access-control-allow-headers"].lower().split(", ")
    )
    assert "ETag" in answer.headers["access-control-expose-headers"]
    assert refused.status_code == 400


async def test_what_is_not_http_passes_through(settings: Settings) -> None:
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope.get("path", scope["type"]))

    layer = edge.Edge(inner, settings=settings, rooms=frozenset({"room"}))
    await layer({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    websocket = {
        "type": "websocket",
        "path": "/room/ws",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
    }
    await layer(websocket, None, None)  # type: ignore[arg-type]
    assert seen == ["lifespan", "/v1/room/ws"]


async def test_a_request_that_the_end_of_the_server_cancels_is_answered_503(settings: Settings) -> None:
    async with client_of(make_app(settings)) as client:
        request = asyncio.create_task(client.get("/v1/room/never"))
        await asyncio.sleep(0.05)
        request.cancel()
        answer = await request
    assert answer.status_code == 503
    assert answer.json()["code"] == "server_restarting"
    assert answer.headers["retry-after"] == "2"


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error_of_ours(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(settings)
    parts = iter([{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(parts)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/room/echo",
        "raw_path": b"/v1/room/echo",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-length", b"8")],
        "client": ("192.0.2.7", 1),
    }
    await app(scope, receive, send)
    assert sent == []
    assert "unexpected_error" not in capsys.readouterr().out


async def test_no_answer_of_the_api_is_stored_unless_it_says_so(settings: Settings) -> None:
    async with client_of(make_app(settings)) as client:
        for path in ("/v1/room/address", "/room/address", "/v1/room/nothing", "/v1/room/address?a=1&a=2"):
            assert (await client.get(path)).headers["cache-control"] == "no-store", path
        assert (await client.get("/v1/room/public")).headers["cache-control"] == "public, no-cache"
        assert "cache-control" not in (await client.get("/page")).headers


async def test_a_large_answer_is_compressed_for_who_takes_it(settings: Settings) -> None:
    async with client_of(make_app(settings)) as client:
        plain = await client.get("/v1/room/public", headers={"Accept-Encoding": "identity"})
        zipped = await client.get("/v1/room/public", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.text == plain.text


async def test_a_redirect_never_repeats_the_host_that_a_client_named(settings: Settings) -> None:
    async with client_of(make_app(settings)) as client:
        named = {"Host": "evil.example"}
        own = await client.get("/v1/room/redirect/own/path", headers=named)
        other = await client.get("/v1/room/redirect/other", headers=named)
    assert own.headers["location"] == "/own/path"
    assert other.headers["location"] == "https://elsewhere.example/other"


async def test_no_path_of_the_application_leads_to_a_foreign_host(settings: Settings, app: FastAPI) -> None:
    paths = {path.replace("{", "").replace("}", "") for path in app.openapi()["paths"]}
    paths |= {"/docs", "/redoc", "/guide", "/guide/assets", "/static/docs", "/health/live", ""}
    async with client_of(app) as client:
        for path in sorted(paths):
            answer = await client.get(f"{path}/", headers={"Host": "evil.example"})
            assert "evil.example" not in answer.headers.get("location", ""), path


async def test_a_foreign_host_is_refused(settings: Settings) -> None:
    app = make_app(settings, allowed_hosts=["api.example.in"])
    async with client_of(app) as client:
        good = await client.get("/v1/room/address", headers={"Host": "api.example.in"})
        bad = await client.get("/v1/room/address", headers={"Host": "evil.example"})
    assert good.status_code == 200
    assert (bad.status_code, bad.json()["code"]) == (400, "host_not_allowed")
