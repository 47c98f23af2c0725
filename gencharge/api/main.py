"""The application: `create_app()` puts stores, rooms and the edge together."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute
from starlette.types import Scope

from gencharge import __version__, wiring
from gencharge.api import console, error_pages, guide, health_routes, home, pages, try_it
from gencharge.api.open_stores import OpenStores, cancel
from gencharge.core import exposure, loading, telemetry
from gencharge.core.errors import Problem
from gencharge.core.http import edge, loopback, on_demand, web
from gencharge.core.http.answering import Answering
from gencharge.core.http.limit_classes import LimitClasses
from gencharge.core.http.precedence import RouteIndex, in_order
from gencharge.core.postgres.maintenance import Maintenance
from gencharge.core.settings import Environment, Settings, get_settings
from gencharge.core.stores.timekeeping import Timekeeper
from gencharge.core.tracing import lifecycle as tracing
from gencharge.sessions.guards import Gate

_BAD_SETTING = 78  # EX_CONFIG of sysexits.h
_NOT_BY_ITSELF = (
    "gencharge.api.main:app: in production start the API with `gencharge serve`. Another server sets no deadlines for "
    "slow clients and no bound on connections.\n"
)
DESCRIPTION = """
Mobile recharge and telecom wallet for India. Sign in with a phone number and an OTP, find a plan for any mobile
number, recharge it from the wallet.

Money is rupees with two decimals (`199.00`), instants are UTC, phone numbers are E.164. Every POST that moves money
needs an `Idempotency-Key`; a repeat with the same key gets the same answer. Errors are RFC 9457 problem documents.
"""
# What a reader of the API meets first; the other rooms follow from the ground up.
_FIRST_TAGS = (
    "auth",
    "plans",
    "recharge",
    "wallet",
    "payments",
    "notifications",
    "users",
    "offers",
    "operators",
)
_DEVELOPMENT = """
**Development mode: the code of 9000000000 to 9000009999 is fixed.** Never expose this to a network.
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """A new application. Connects to nothing before its lifespan starts, and waits for no store even then."""
    settings = settings or get_settings()
    telemetry.configure_logging(settings)
    problems = exposure.problems(settings)  # what must not leave this machine
    limits = LimitClasses(settings, identify=_caller_of, callbacks=wiring.CALLBACKS)
    maintenance = Maintenance()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        traces = tracing.start(settings, role="api", version=__version__)
        opened = OpenStores(app, settings, limits)
        opened.open()
        compare = Timekeeper(settings).compare
        watching = maintenance.watch(settings, on_other=opened.replace, on_instant=compare)
        tasks = [asyncio.create_task(watching, name="maintenance")]
        if problems:
            tasks.append(asyncio.create_task(loopback.end_if_exposed(problems), name="exposure"))
        tasks += _make_later(settings, routes)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(tracing.close, traces)
            stack.push_async_callback(opened.close)
            stack.push_async_callback(cancel, tasks)
            loading.end()
            yield

    app = FastAPI(
        title="GenCharge",
        version=__version__,
        description=DESCRIPTION + (_DEVELOPMENT if settings.dev_fixed_otp else ""),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # A redirect to the path with or without its slash would name the host that the client claims.
        redirect_slashes=False,
        openapi_tags=sorted(wiring.TAGS, key=_reading_order),
        webhooks=wiring.WEBHOOKS,
        separate_input_output_schemas=False,
        # Metrics and logs are our own; looking for OpenTelemetry at each request costs a tenth of a small one.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.answering = Answering()
    _offer_rooms(app, limits)
    web.install(app)
    try_it.install(app)
    routes = in_order(*wiring.ROUTERS, health_routes.router)
    app.router.routes[:] = [RouteIndex(routes), *app.router.routes, *routes]
    error_pages.install(app, settings)
    console.install(app)
    if settings.shows_docs:
        _show_docs(app, settings)
    if settings.cors_origins:
        _allow_browsers(app, settings.cors_origins)
    rooms = frozenset(router.prefix.removeprefix(f"{web.PREFIX}/") for router in wiring.ROUTERS)
    if problems:
        app.add_middleware(loopback.LoopbackOnly)
    app.add_middleware(
        edge.Edge,
        settings=settings,
        rooms=rooms,
        large=wiring.LARGE_BODIES,
        limits=limits,
        maintenance=maintenance,
        answering=app.state.answering,
    )
    return app


def _offer_rooms(app: FastAPI, limits: LimitClasses) -> None:
    """What rooms look for on the application."""
    app.state.wrong_offer_codes = limits.offer_codes
    app.state.contact_forms = limits.contact_forms
    app.state.personal_data = wiring.PERSONAL_DATA
    app.state.acts = wiring.ACTS
    app.state.choices = wiring.CHOICES


def _show_docs(app: FastAPI, settings: Settings) -> None:
    pages.install(app, settings)
    home.install(app, settings)
    guide.install(app)


def _make_later(settings: Settings, routes: Sequence[BaseRoute]) -> list[asyncio.Task[None]]:
    """In development it serves at once; who then opens a page about all routes need not wait for each of them to be made."""
    if settings.environment is not Environment.DEVELOPMENT:
        return []
    return [asyncio.create_task(on_demand.go_on_making(routes), name="routes")]


def make_whole() -> None:
    """Make all that requests will need, which is otherwise made when it is first used."""
    on_demand.make_routes(
        route for router in (*wiring.ROUTERS, health_routes.router) for route in router.routes
    )
    on_demand.make_models(web.Body, web.Out)


def _caller_of(scope: Scope, authorization: bytes) -> str | None:
    try:
        return Gate.of(scope["app"]).admit(authorization)[1]
    except Problem:
        return None


def _allow_browsers(app: FastAPI, origins: list[str]) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_credentials=True,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "Last-Event-ID",
            "X-Request-ID",
            "traceparent",
        ],
        expose_headers=[
            "Allow",
            "Content-Disposition",
            "ETag",
            "Deprecation",
            "Idempotent-Replayed",
            "Link",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Replica-Lag",
            "Retry-After",
            "Sunset",
            "X-Request-ID",
        ],
        max_age=600,
    )


def _reading_order(tag: dict[str, str]) -> int:
    return _FIRST_TAGS.index(tag["name"]) if tag["name"] in _FIRST_TAGS else len(_FIRST_TAGS)


def __getattr__(name: str) -> FastAPI:
    """`uvicorn gencharge.api.main:app`, without building an application when the module is only imported.

    In production this ends the process: the deadlines for heads and bodies, the bound on connections and the orderly end
    are part of `gencharge serve`, which makes the application by `create_app`.
    """
    if name != "app":
        raise AttributeError(name)
    if not get_settings().is_development:
        sys.stderr.write(_NOT_BY_ITSELF)
        raise SystemExit(_BAD_SETTING)
    return create_app()
