"""Every route, asked by everyone: the answer is what `table.py` says. A route without a line in it fails here."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gencharge.sessions.guards import Gate, Guard, Requires
from tests.access.probe import METHODS, ROLES, AccessProbe, open_probe, routes_of
from tests.access.table import ANOTHERS, NOBODYS, REQUESTS, ROUTES, SCOPED
from tests.conftest import database_of, test_settings

CALLERS = 9


@pytest.fixture(scope="module")
async def probe(servers: Path, worker_id: str) -> AsyncIterator[AccessProbe]:
    """Asks an application of these tests' own."""
    settings = test_settings(
        servers, database_of(servers, worker_id, "access"), access_token_expire_minutes=5
    )
    async with open_probe(settings) as probe:
        yield probe


@pytest.mark.parametrize("route", ROUTES)
async def test_each_caller_gets_what_the_table_says(probe: AccessProbe, route: str) -> None:
    declared = ROUTES[route].split()
    assert len(declared) == CALLERS, (
        f"{route}: a status for each caller, and - if a customer can name nothing"
    )
    assert (await probe.statuses(route)).split() == declared


def test_every_route_has_a_line_and_every_line_a_route(probe: AccessProbe) -> None:
    routes = set(routes_of(probe.app))
    missing, left_over = routes - ROUTES.keys(), ROUTES.keys() - routes
    assert not missing, (
        f"new in the API: {sorted(missing)}. Decide who gets what, and write it into tests/access/table.py;"
        " `python -m tests.access.print` shows what they get now"
    )
    assert not left_over, f"no longer in the API: {sorted(left_over)}. Take them out of tests/access/table.py"
    assert ANOTHERS | NOBODYS | REQUESTS.keys() <= ROUTES.keys()


def test_every_route_on_which_a_customer_names_something_is_tried_with_anothers(probe: AccessProbe) -> None:
    """Whose guard lets a customer in, and whose path names something that a customer can have."""
    routes = {
        f"{method} {route.path}"
        for route in _routes(probe.app)
        for method in route.methods or ()
        if "{" in route.path and any(_lets_customers_in(guard) for guard in _guards(route.dependant))
    }
    assert routes - NOBODYS == ANOTHERS, "table.py: ANOTHERS, or NOBODYS where what is named is nobody's"


@pytest.mark.parametrize("route", SCOPED)
async def test_what_is_another_operators_is_not_there_for_an_admin_limited_to_one(
    probe: AccessProbe, route: str
) -> None:
    assert (await probe.statuses_in_scope(route)).split() == SCOPED[route].split()


def test_every_route_that_keeps_to_the_admins_operators_is_tried_with_anothers(probe: AccessProbe) -> None:
    routes = {
        f"{method} {route.path}"
        for route in _routes(probe.app)
        for method in route.methods or ()
        # The format of a chart names nothing that could be another operator's.
        if "{" in route.path.removesuffix("/chart.{format}")
        and any(isinstance(guard, Requires) and guard.scoped for guard in _guards(route.dependant))
    }
    assert routes == SCOPED.keys(), "table.py: SCOPED"


async def test_nobody_gets_in_by_a_method_that_a_path_does_not_have(probe: AccessProbe) -> None:
    """Also not HEAD or OPTIONS: 405, for every caller."""
    paths = {route.split(" ")[1] for route in ROUTES}
    for path in sorted(paths):
        known = {route.split(" ")[0].lower() for route in ROUTES if route.split(" ")[1] == path}
        for method in ("trace", *METHODS):
            if method not in known and not _other_path_has(path, method.upper()):
                assert await probe.ask_as("SuperAdmin", f"{method.upper()} {path}") in {404, 405}, (
                    method,
                    path,
                )


async def test_an_admin_who_owes_the_second_factor_gets_to_these_routes_only(probe: AccessProbe) -> None:
    guarded = [route for route in ROUTES if ROUTES[route].split()[:3:2] != ["401", "401"]]
    guarded = [route for route in guarded if ROUTES[route].startswith("401")]
    let_in = {
        route for route in guarded if await probe.ask_as("Viewer", route, second_factor_due=True) != 403
    }
    assert let_in == {
        "GET /v1/auth/second-factor",
        "POST /v1/auth/logout",
        "POST /v1/auth/second-factor/confirm",
        "POST /v1/auth/second-factor/otp",
        "POST /v1/auth/second-factor/setup",
        "POST /v1/auth/second-factor/verify",
    }


async def test_who_gave_the_second_factor_long_ago_must_step_up(probe: AccessProbe) -> None:
    """Never, or just too long ago: each is asked of every other route."""
    gate = Gate.of(probe.app)
    for route in _routes(probe.app):
        for guard in _guards(route.dependant):
            if getattr(guard, "step_up", False):
                for method in route.methods or ():
                    too_old = int(time.time() - gate.step_up_seconds) - 1
                    given_at = too_old if len(route.path) % 2 else 0
                    status = await probe.ask_as(
                        "SuperAdmin", f"{method} {route.path}", second_factor_at=given_at
                    )
                    assert status == 403, route.path


def test_a_role_of_the_table_is_one_of_the_five(probe: AccessProbe) -> None:
    assert set(ROLES) == set(probe.grants)


def _other_path_has(path: str, method: str) -> bool:
    """Whether another template takes this path: `/v1/users/me` is a `/v1/users/{user_id}`."""
    parts = path.split("/")
    return any(
        route.startswith(f"{method} ")
        and len(other := route.split(" ")[1].split("/")) == len(parts)
        and all(a == b or a.startswith("{") for a, b in zip(other, parts, strict=True))
        for route in ROUTES
    )


def _routes(app: FastAPI) -> list[APIRoute]:
    return [route for route in app.routes if isinstance(route, APIRoute)]


def _guards(dependant: Dependant) -> Iterator[Guard]:
    for part in dependant.dependencies:
        if isinstance(part.call, Guard):
            yield part.call
        yield from _guards(part)


def _lets_customers_in(guard: Guard) -> bool:
    return guard._kind != "admin"
