"""The trace of a request: one for each, named by the route's template, continued only for whom the settings trust."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from gencharge.core import telemetry
from gencharge.core.http import web
from gencharge.core.http.edge import Edge
from gencharge.core.settings import Settings
from gencharge.core.tracing import spans
from tests.make.collector import Collector, collector, tracing

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"


@pytest.fixture
def there() -> Iterator[Collector]:
    with collector() as there:
        yield there


def client_of(settings: Settings) -> httpx.AsyncClient:
    app = FastAPI()
    web.install(app)
    router = web.router("room")

    @router.get("/{phone_number}")
    async def one(phone_number: str) -> dict[str, str]:
        if phone_number == "breaks":
            raise RuntimeError(phone_number)
        with spans.call("GET elsewhere", {}):
            return {"trace_id": telemetry.context().trace_id}

    app.router.routes.extend(router.routes)
    app.add_middleware(Edge, settings=settings, rooms=frozenset({"room"}))
    transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 1), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def test_a_request_is_a_span_named_by_its_template(settings: Settings, there: Collector) -> None:
    with tracing(settings, there):
        async with client_of(settings) as client:
            answer = await client.get("/room/9876543210")
    server, call = there.named("GET /v1/room/{phone_number}")[0], there.named("GET elsewhere")[0]
    assert (server.kind, server.parent_id, server.links, server.failed) == (2, "", [], False)
    assert (call.kind, call.trace_id, call.parent_id) == (3, server.trace_id, server.span_id)
    assert answer.json() == {"trace_id": server.trace_id}
    assert server.attributes == {
        "http.request.method": "GET",
        "http.route": "/v1/room/{phone_number}",
        "http.response.status_code": 200,
        "gencharge.actor_kind": "system",
        "gencharge.request_id": answer.headers["x-request-id"],
    }


async def test_nothing_that_a_client_chose_is_in_it(settings: Settings, there: Collector) -> None:
    planted = {"x-request-id": "id-9876543210", "user-agent": "canary", "authorization": "Bearer canary"}
    with tracing(settings, there):
        async with client_of(settings) as client:
            await client.get("/v1/room/canary@example.com", headers=planted)
            await client.get("/v1/nowhere/canary", headers=planted)
            await client.request("CANARY", "/v1/room/9876543210", headers=planted)
    assert {span.name for span in there.spans} == {
        "GET /v1/room/{phone_number}",
        "GET elsewhere",
        "GET (none)",
        "HTTP /v1/room/{phone_number}",
    }
    for secret in (b"canary", b"CANARY", b"9876543210"):
        assert secret not in b"".join(there.bodies)


async def test_a_stranger_starts_a_trace_of_their_own_and_forces_nothing(
    settings: Settings, there: Collector
) -> None:
    with tracing(settings, there):
        async with client_of(settings) as client:
            answer = await client.get("/v1/room/x", headers={"traceparent": SAMPLED})
    server = there.named("GET /v1/room/{phone_number}")[0]
    assert (server.trace_id == TRACE, server.parent_id, server.links) == (False, "", [TRACE])
    assert answer.json()["trace_id"] == server.trace_id
    there.spans.clear()
    with tracing(settings, there, otel_traces_sampler="parentbased_always_off"):
        async with client_of(settings) as client:
            await client.get("/v1/room/x", headers={"traceparent": SAMPLED})
    assert there.spans == []


async def test_a_caller_whom_the_settings_trust_is_the_parent(settings: Settings, there: Collector) -> None:
    with tracing(settings, there, trace_continue_incoming=True):
        async with client_of(settings) as client:
            answer = await client.get("/v1/room/x", headers={"traceparent": SAMPLED})
            assert answer.json() == {"trace_id": TRACE}
            answer = await client.get("/v1/room/y", headers={"traceparent": UNSAMPLED})
            assert answer.json() == {"trace_id": TRACE}
    [server] = there.named("GET /v1/room/{phone_number}")
    assert (server.trace_id, server.parent_id, server.links) == (TRACE, SPAN, [])


@pytest.mark.parametrize(
    "headers",
    [
        [("traceparent", "nonsense")],
        [("traceparent", SAMPLED.upper())],
        [("traceparent", f"00-{'0' * 32}-{SPAN}-01")],
        [("traceparent", SAMPLED), ("traceparent", SAMPLED)],
        [("traceparent", "\xff" * 55)],
    ],
)
async def test_a_malformed_traceparent_is_as_good_as_none(
    settings: Settings, there: Collector, headers: Any
) -> None:
    with tracing(settings, there, trace_continue_incoming=True):
        async with client_of(settings) as client:
            raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
            assert (await client.get("/v1/room/x", headers=raw)).status_code == 200
    server = there.named("GET /v1/room/{phone_number}")[0]
    assert (server.trace_id == TRACE, server.parent_id, server.links) == (False, "", [])


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, range(1)), (0.5, range(30, 71)), (1.0, range(100, 101))]
)
async def test_a_share_of_the_requests_is_traced(
    settings: Settings, there: Collector, share: float, expected: range
) -> None:
    sampler = {"otel_traces_sampler": "parentbased_traceidratio", "otel_traces_sampler_arg": share}
    with tracing(settings, there, **sampler):
        async with client_of(settings) as client:
            traces = {(await client.get("/v1/room/x")).json()["trace_id"] for _ in range(100)}
    assert len(traces) == 100
    recorded = {span.trace_id for span in there.named("GET /v1/room/{phone_number}")}
    assert len(recorded) in expected
    assert recorded <= traces
    # A trace is whole or not there.
    assert recorded == {span.trace_id for span in there.named("GET elsewhere")}


async def test_a_failure_is_marked_and_its_problem_names_the_trace(
    settings: Settings, there: Collector, capfd: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure_logging(settings.model_copy(update={"log_format": "json"}))
    with tracing(settings, there):
        async with client_of(settings) as client:
            broken = await client.get("/v1/room/breaks")
            unknown = await client.get("/v1/nowhere")
    telemetry.configure_logging(settings)
    server = there.named("GET /v1/room/{phone_number}")[0]
    assert (server.failed, server.attributes["http.response.status_code"]) == (True, 500)
    assert broken.json()["trace_id"] == server.trace_id
    assert unknown.json()["trace_id"] == there.named("GET (none)")[0].trace_id
    assert not there.named("GET (none)")[0].failed
    lines = [orjson.loads(line) for line in capfd.readouterr().out.splitlines()]
    [line] = [line for line in lines if line["event"] == "unexpected_error"]
    assert line["trace_id"] == server.trace_id


async def test_while_tracing_is_off_nothing_names_a_trace(settings: Settings) -> None:
    async with client_of(settings) as client:
        answer = await client.get("/v1/room/x", headers={"traceparent": SAMPLED})
        assert answer.json() == {"trace_id": ""}
        assert "trace_id" not in (await client.get("/v1/nowhere")).json()


async def test_the_line_of_a_request_names_its_trace(
    settings: Settings, there: Collector, capfd: pytest.CaptureFixture[str]
) -> None:
    loud = settings.model_copy(update={"log_level": "INFO", "access_log": True, "log_format": "json"})
    telemetry.configure_logging(loud)
    with tracing(settings, there):
        async with client_of(loud) as client:
            trace_id = (await client.get("/v1/room/x")).json()["trace_id"]
    async with client_of(loud) as client:
        await client.get("/v1/room/x")
    telemetry.configure_logging(settings)
    lines = [orjson.loads(line) for line in capfd.readouterr().out.splitlines()]
    first, second = [line for line in lines if line["event"] == "request"]
    assert first["trace_id"] == trace_id
    assert "trace_id" not in second
