"""Is the process alive, is it ready, how is it doing."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field

from gencharge.core import stopping
from gencharge.core.errors import MetricsTokenInvalid, NotFound
from gencharge.core.http import openapi, web
from gencharge.core.postgres.replica import Reading
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores

router = APIRouter(tags=["health"], route_class=web.Route, generate_unique_id_function=openapi.operation_id)
_PATIENCE_SECONDS = 2.0


class LiveOut(web.Out):
    """The process answers."""

    status: str


class StoreHealth(web.Out):
    """One store: does it answer, and how fast."""

    status: str
    latency_ms: float | None
    problem: str | None = None
    lag_seconds: float | None = Field(
        default=None,
        description="Of a replica: how old what it shows is at most. `null`: not known, or no replica.",
    )


class ReadyOut(web.Out):
    """Can this process serve? `degraded`: yes, but a store that money does not need is away."""

    status: str
    stores: dict[str, StoreHealth]


@router.get("/health/live")
async def live() -> LiveOut:
    """Answers as long as the process does; asks no store."""
    return LiveOut(status="ok")


@router.get("/health/ready", response_model=ReadyOut, responses={503: {"model": ReadyOut}})
async def ready(request: Request) -> Response:
    """Each store by name, with its latency; `replica`, if there is one, with its lag. 503 when PostgreSQL is away or takes no writes,
    because money can't move then, and while this process is about to stop."""
    stores: Stores = request.app.state.stores
    names = ("postgresql", "mongodb", "redis")
    answers = await asyncio.gather(
        _ask(stores.database.ping()), _ask(stores.mongo.admin.command("ping")), _ask(stores.redis.ping())
    )
    health = dict(zip(names, answers, strict=True))
    if stores.reading.has_replica:
        health["replica"] = _replica(stores.reading)
    serves = health["postgresql"].status == "ok" and not stopping.draining.is_on
    whole = all(store.status == "ok" for store in health.values())
    status = "unavailable" if not serves else "ok" if whole else "degraded"
    return web.reply(ReadyOut(status=status, stores=health), status=200 if serves else 503)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus' text format. Production shows it to who has METRICS_TOKEN, and to nobody if that is empty."""
    settings: Settings = request.app.state.settings
    expected = settings.metrics_token.get_secret_value()
    if not expected and not settings.is_development:
        raise NotFound
    sent = request.headers.get("authorization", "")
    if expected and not hmac.compare_digest(sent.encode(), f"Bearer {expected}".encode()):
        raise MetricsTokenInvalid
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _replica(reading: Reading) -> StoreHealth:
    """The replica as the watcher sees it; reads that it can't answer go to the primary."""
    lag = reading.lag_seconds
    return StoreHealth(
        status="ok" if reading.is_used else "unavailable",
        latency_ms=None,
        problem=None if reading.is_used else reading.problem or "lags",
        lag_seconds=None if lag is None else round(lag, 1),
    )


async def _ask(question: Awaitable[Any]) -> StoreHealth:
    started = time.perf_counter()
    try:
        await asyncio.wait_for(_as_coroutine(question), _PATIENCE_SECONDS)
    except Exception as error:
        return StoreHealth(status="unavailable", latency_ms=None, problem=type(error).__name__)
    return StoreHealth(status="ok", latency_ms=round((time.perf_counter() - started) * 1000, 2))


async def _as_coroutine(question: Awaitable[Any]) -> Any:
    return await question
