"""The context of payments: where customers pay, and one gateway client for each process."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from fastapi import FastAPI

from gencharge.core.rooms import process
from gencharge.core.settings import Environment
from gencharge.core.stores.stores import Stores
from gencharge.payments.context import PaymentContext, watch_gateway


def context_with(stores: Stores, **overrides: object) -> PaymentContext:
    return PaymentContext.at(replace(stores, settings=stores.settings.model_copy(update=overrides)))


@pytest.mark.parametrize(
    ("template", "environment", "gateway", "url"),
    [
        ("", Environment.DEVELOPMENT, "http://g:1", "http://g:1/checkout/order_1"),
        ("", Environment.DEVELOPMENT, "http://g:1/", "http://g:1/checkout/order_1"),
        ("", Environment.PRODUCTION, "http://g:1", None),
        (
            "https://pay.example/{order_id}?a=b",
            Environment.PRODUCTION,
            "http://g:1",
            "https://pay.example/order_1?a=b",
        ),
        (
            "https://pay.example/{order_id}",
            Environment.DEVELOPMENT,
            "http://g:1",
            "https://pay.example/order_1",
        ),
    ],
)
async def test_the_checkout_page_is_the_settings_or_in_development_the_gateways_own(
    stores: Stores, template: str, environment: Environment, gateway: str, url: str | None
) -> None:
    context = context_with(
        stores, payment_checkout_url=template, environment=environment, payment_gateway_url=gateway
    )
    assert context.checkout_url("order_1") == url
    await context.gateway.close()


async def test_an_application_has_one_context_until_a_test_puts_another_in(
    app: FastAPI, stores: Stores
) -> None:
    own = PaymentContext.of(app)
    assert PaymentContext.of(app) is own
    assert (own.settings, own.database) == (stores.settings, stores.database)
    other = PaymentContext.at(stores)
    assert other.gateway is not own.gateway
    process.put(app, other)
    assert PaymentContext.of(app) is other
    process.put(app, own)
    await other.gateway.close()


async def test_the_gateway_is_closed_when_the_process_ends(app: FastAPI, stores: Stores) -> None:
    own, closing = PaymentContext.of(app), PaymentContext.at(stores)
    closed = asyncio.Event()
    close = closing.gateway.close

    async def note_and_close() -> None:
        await close()
        closed.set()

    closing.gateway.close = note_and_close  # type: ignore[method-assign]
    process.put(app, closing)
    watcher = asyncio.create_task(watch_gateway(app, stores))
    await asyncio.sleep(0)
    assert not closed.is_set()
    watcher.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watcher
    process.put(app, own)
    assert closed.is_set()
