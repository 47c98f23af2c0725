"""What is measured: each row is a server, the requests that it gets, and how its rounds went."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import baselines, load, product, servers
from bench.load import Load
from bench.servers import Server
from bench.world import BASELINE, CASHBACK, DISCOUNT, PRODUCT, World

SUBSCRIBE = "/v1/recharge/subscribe"
# More than the gate remembers, so that each is verified again however often the file is gone through.
_FRESH_TOKENS_EACH = 10


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one row."""

    load: Load
    cpu_percent: float
    cpu_microseconds: (
        float  # of the server process, for one request: steadier than its speed on a busy machine
    )
    rss_mb: float


@dataclass(slots=True)
class Row:
    """A line of the table. `database`: where its recharges go, if it makes any."""

    name: str
    title: str
    server: str
    requests: Callable[[], Sequence[bytes]]
    database: str | None = None
    beside: Callable[[], AbstractContextManager[int | None]] = nullcontext
    rounds: list[Round] = field(default_factory=list)

    def per_second(self) -> float:
        """The median of the rounds' requests per second."""
        return median(one.load.per_second for one in self.rounds)

    def middle(self, of: Callable[[Round], float]) -> float:
        """The median of something else over the rounds."""
        return median(of(one) for one in self.rounds)


def all_rows(world: World) -> list[Row]:
    """In the order of a turn: each row next to those that it is compared with."""
    plan_id = world.addon()

    def with_worker() -> AbstractContextManager[int | None]:
        return servers.worker(world.folder, world.environment(PRODUCT))

    def subscriptions(path: str, offer_code: str | None = None) -> Callable[[], Sequence[bytes]]:
        return lambda: world.subscriptions(path, plan_id, offer_code)

    def signed_in(path: str, of_each: int = 1) -> Callable[[], Sequence[bytes]]:
        return lambda: [load.get(path, token) for token in world.tokens(of_each=of_each)]

    guard = product.GUARD_PATH
    return [
        Row("guard", "sign-in guard alone", "product", signed_in(guard)),
        Row("empty", "(c) empty FastAPI route", "empty", lambda: [load.get("/")]),
        Row("plans", "GET /v1/plans", "product", lambda: [load.get("/v1/plans")]),
        Row("wallet", "GET /v1/wallet", "product", signed_in("/v1/wallet")),
        Row("first-use", "guard, each token new", "strangers", signed_in(guard, _FRESH_TOKENS_EACH)),
        Row("subscribe", f"POST {SUBSCRIBE}", "product", subscriptions(SUBSCRIBE), PRODUCT),
        Row(
            "discount",
            "subscribe with a discount",
            "product",
            subscriptions(SUBSCRIBE, DISCOUNT),
            PRODUCT,
        ),
        Row(
            "cashback",
            "subscribe with a cashback",
            "product",
            subscriptions(SUBSCRIBE, CASHBACK),
            PRODUCT,
        ),
        Row(
            "statement",
            "(a) bare Starlette, one statement",
            "statement",
            subscriptions(baselines.PATH),
            BASELINE,
        ),
        Row("orm", "(b) the usual way, through the ORM", "orm", subscriptions(baselines.PATH), BASELINE),
        Row(
            "with-worker",
            "subscribe, the worker beside",
            "product",
            subscriptions(SUBSCRIBE),
            PRODUCT,
            with_worker,
        ),
    ]


def start_servers(world: World, names: set[str]) -> dict[str, Server]:
    """The server processes that the rows need, all up."""
    factories = {
        "product": ("bench.product:create", PRODUCT),
        # Of its own: those tokens would drive the other rows' out of the gate.
        "strangers": ("bench.product:create", PRODUCT),
        "empty": ("bench.baselines:empty", BASELINE),
        "statement": ("bench.baselines:statement", BASELINE),
        "orm": ("bench.baselines:orm", BASELINE),
    }
    started = {
        name: Server(name, factory, world.folder, world.environment(database))
        for name, (factory, database) in factories.items()
        if name in names
    }
    for server in started.values():
        server.wait_ready()
    return started


def run_round(row: Row, server: Server, world: World, *, seconds: float, connections: int) -> Round:
    """Measure a row once, on a warm server."""
    requests = row.requests()
    file = load.write(Path(world.folder) / f"{row.name}.requests", requests)
    if row.database is not None:
        world.empty_outbox(row.database)
    with row.beside():
        server.check(requests[0].replace(load.KEY.encode(), f"check-{time.time_ns()}".encode()))
        used, started = server.cpu_seconds, time.perf_counter()
        seen = load.drive(server.port, file, seconds=seconds, connections=connections)
        elapsed = time.perf_counter() - started
        used = server.cpu_seconds - used
        return Round(seen, 100 * used / elapsed, 1e6 * used / max(seen.requests, 1), server.rss_mb)
