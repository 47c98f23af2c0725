"""The edge: ids, problem documents, paths, health."""

from __future__ import annotations

import httpx


async def test_live_answers_without_asking_a_store(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/live")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


async def test_ready_names_each_store_with_its_latency(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/ready")
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["stores"]) == {"postgresql", "mongodb", "redis"}
    assert all(store["latency_ms"] > 0 for store in answer.json()["stores"].values())


async def test_an_unknown_address_is_a_problem_document_with_the_request_id(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/nothing", headers={"X-Request-ID": "abc-1"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.json()["code"] == "not_found"
    assert answer.json()["request_id"] == "abc-1"
