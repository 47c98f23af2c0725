"""The application: the routes of both sides, and the courier beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import control, gateway_routes, message_routes, operator_routes, pages, push
from sandbox import gateway_payments as payments
from sandbox import gateway_payouts as payouts
from sandbox import gateway_refunds as refunds
from sandbox import gateway_wire as wire
from sandbox import operator_network as network
from sandbox.config import Config
from sandbox.parts import Sandbox


def create_app(config: Config) -> Starlette:
    """A sandbox over the state in `config.folder`."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        sandbox = Sandbox(config)
        app.state.sandbox = sandbox
        sandbox.courier.actions = {
            "payment": lambda arguments: payments.finish_late(sandbox, arguments),
            "refund": lambda arguments: refunds.REFUNDS.finish(sandbox, arguments),
            "payout": lambda arguments: payouts.PAYOUTS.finish(sandbox, arguments),
            "recharge": lambda arguments: network.settle_late(sandbox, arguments),
        }
        courier = asyncio.create_task(sandbox.courier.run())
        try:
            yield
        finally:
            courier.cancel()
            with suppress(asyncio.CancelledError):
                await courier
            sandbox.store.close()

    routes = [
        *pages.ROUTES,
        *gateway_routes.ROUTES,
        *operator_routes.ROUTES,
        *control.ROUTES,
        *message_routes.ROUTES,
        *push.ROUTES,
        Route("/health/live", _live, methods=["GET"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _no_route})


async def _live(_request: Request) -> Response:
    return JSONResponse({"status": "live"})


async def _no_route(request: Request, problem: Exception) -> Response:
    """404 and 405 in the style of the side that was asked."""
    assert isinstance(problem, HTTPException)
    if request.url.path.startswith("/v1/"):
        body = wire.error("BAD_REQUEST_ERROR", "The requested URL was not found on the server.")
    else:
        body = network.error(
            "not_found" if problem.status_code == 404 else "method_not_allowed", problem.detail
        )
    return JSONResponse(body, problem.status_code, problem.headers)
