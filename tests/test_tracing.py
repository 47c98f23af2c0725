"""One trace from a request to what leaves the house because of it, with nobody's data in it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gencharge import wiring
from gencharge.api.main import create_app
from gencharge.channels.client import OperatorClient
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.delivery.loop import Dispatcher
from gencharge.operators import service as operators
from gencharge.plans import service as plans
from gencharge.webhooks import staff_service
from gencharge.webhooks.loop import WebhookSender
from gencharge.webhooks.staff_schemas import WebhookEndpointCreate
from tests.conftest import database_of, test_settings
from tests.make.collector import Collector, Received, collector, traced
from tests.make.delivery import reach_jio
from tests.make.factories import headers_for
from tests.make.money import find_plan, make_customer, make_number, sell_sample_plans
from tests.make.outside import Outside, sandbox
from tests.make.webhook_receiver import Receiver, receiver

SELLING = "POST /v1/recharge/subscribe"


@dataclass
class House:
    """An installation that traces, with operators and an integrator around it."""

    app: FastAPI
    stores: Stores
    there: Collector
    integrator: Receiver

    async def sell(self) -> tuple[httpx.Response, str]:
        """Sell a customer Jio's plan of Rs 299: the answer, and the customer's number."""
        user_id = await make_customer(self.stores, 1_000)
        number = await make_number(self.stores)
        plan_id = str((await find_plan(self.stores, rupees=299)).plan_id)
        headers = headers_for(self.stores.settings, user_id) | {
            "idempotency-key": str(user_id),
            "x-request-id": f"call-{number.removeprefix('+91')}",
            "user-agent": "Canary Person",
        }
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            answer = await client.post(
                "/recharge/subscribe",
                headers=headers,
                json={"phone_number": number, "plan_id": plan_id, "payment_method": "wallet"},
            )
        assert answer.status_code == 201, answer.text
        return answer, number

    async def work_off(self) -> None:
        """What the worker does: carry recharges out, deliver events, send webhooks."""
        stores = self.stores
        relay = Relay(stores, wiring.LISTENERS)
        dispatcher = Dispatcher(stores, OperatorClient(stores.settings, timeout_seconds=5))
        sender = WebhookSender(stores)
        await relay.drain()
        await dispatcher.drain()
        await relay.drain()
        await sender.drain()
        await dispatcher.close()
        await sender.close()

    def of(self, root: Received) -> dict[str, Received]:
        """The spans of a trace, by name."""
        return {span.name: span for span in self.there.spans if span.trace_id == root.trace_id}


@pytest.fixture(scope="module")
def there() -> Iterator[Collector]:
    with collector() as there:
        yield there


@pytest.fixture(scope="module")
async def house(servers: Path, worker_id: str, there: Collector) -> AsyncIterator[House]:
    settings = traced(test_settings(servers, database_of(servers, worker_id, "trace")), there)
    app = create_app(settings)
    with sandbox(settings) as outside, receiver() as integrator:
        async with app.router.lifespan_context(app):
            stores: Stores = app.state.stores
            await prepare(app, stores, outside, integrator)
            yield House(app, stores, there, integrator)


async def prepare(app: FastAPI, stores: Stores, outside: Outside, integrator: Receiver) -> None:
    """Plans on sale, Jio behind the sandbox, and an integrator that listens to all."""
    await sell_sample_plans(stores)
    await reach_jio(stores, outside)
    await operators.Operators.of(app).refresh(stores.database)
    await plans.Catalogue.of(app).refresh(stores.database)
    command = WebhookEndpointCreate(url=f"{integrator.base}/hooks", events=["recharge.*"])
    await stores.database.run(lambda db: staff_service.create_endpoint(db, stores.settings, command))


async def test_a_sale_is_one_trace_to_the_operator_and_to_the_integrator(house: House) -> None:
    await house.sell()
    await house.work_off()
    house.there.wait(lambda: len(house.there.named("POST webhook")) >= 2)
    request = house.there.wait_for(SELLING)
    named = house.of(request)

    def parent_of(name: str) -> str:
        [parent] = [span.name for span in house.there.spans if span.span_id == named[name].parent_id]
        return parent

    assert parent_of("SELECT recharge_from_wallet") == SELLING
    assert parent_of("loop Dispatcher") == SELLING
    assert parent_of("POST operator /recharges") == "loop Dispatcher"
    # What the operator's answer led to.
    assert parent_of("deliver PlanRecharged to webhooks") == "loop Dispatcher"
    assert parent_of("deliver RechargeAccepted to webhooks") == SELLING
    hooks = [span for span in house.there.named("loop WebhookSender") if span.trace_id == request.trace_id]
    deliveries = {
        named[f"deliver {topic} to webhooks"].span_id for topic in ("PlanRecharged", "RechargeAccepted")
    }
    assert {span.parent_id for span in hooks} == deliveries
    calls = [span for span in house.there.named("POST webhook") if span.trace_id == request.trace_id]
    assert {span.parent_id for span in calls} == {span.span_id for span in hooks}
    assert {span.attributes["http.response.status_code"] for span in calls} == {200}
    assert named["POST operator /recharges"].attributes["gencharge.channel"] == "jio-a"
    # MongoDB and Redis, too.
    assert any(name.startswith("insert ") for name in named)
    assert not any(span.failed for span in named.values())


async def test_nobody_outside_gets_a_traceparent(house: House) -> None:
    await house.sell()
    await house.work_off()
    headers = [one.headers for one in house.integrator.received]
    assert headers
    assert not any(name.lower() in {"traceparent", "tracestate"} for one in headers for name in one)


async def test_nobodys_data_is_in_a_trace(house: House) -> None:
    answer, number = await house.sell()
    await house.work_off()
    trace_ids = {span.trace_id for span in house.there.named(SELLING)}
    house.there.wait(lambda: {span.trace_id for span in house.there.named("POST webhook")} >= trace_ids)
    house.there.wait(lambda: house.stores.documents.client is not None)
    sold = b"".join(house.there.bodies)
    for secret in (
        number.removeprefix("+91").encode(),
        b"Canary",
        b"eyJ",
        answer.json()["recharge_id"].encode(),
        b"Bearer",
    ):
        assert secret not in sold


async def test_a_frozen_collector_delays_no_request(house: House) -> None:
    house.there.thawed.clear()
    try:
        slowest = 0.0
        for _ in range(20):
            began = time.monotonic()
            await house.sell()
            slowest = max(slowest, time.monotonic() - began)
    finally:
        house.there.thawed.set()
    assert slowest < 2
    house.there.wait(lambda: len(house.there.named(SELLING)) >= 20)
