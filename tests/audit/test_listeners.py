"""Every admin action leaves an entry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gencharge.audit.staff_schemas import AuditEntryOut
from gencharge.core.events.relay import Relay
from gencharge.core.http import web
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import Action, Guard, Principal, Requires, Resource
from tests.make.audit_actions import ACTIONS, StaffClient
from tests.make.factories import know_roles, new_client

# Their own inbox and devices: nobody else is concerned.
NO_ACTIONS = frozenset(
    {
        "PUT /v1/devices/mobile",
        "PUT /v1/devices/web",
        "DELETE /v1/devices/{device_id}",
        "POST /v1/notifications/viewed-all",
        "POST /v1/notifications/{notification_id}/viewed",
        "DELETE /v1/notifications/{notification_id}",
    }
)


@pytest.fixture(scope="module")
async def http_client(app: FastAPI, shop: Stores) -> AsyncIterator[httpx.AsyncClient]:
    await know_roles(app)
    async with new_client(app) as client:
        yield client


def actions_of(app: FastAPI) -> set[str]:
    """The routes by which the staff changes something, and those by which it takes data out."""
    return {
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, APIRoute) and any(_lets_staff_in(guard) for guard in _guards(route.dependant))
        for method in route.methods or ()
        if method not in {"GET", "HEAD"} or route.path.endswith("/export")
    }


def _lets_staff_in(guard: Guard) -> bool:
    return guard._kind != "user"


def _guards(dependant: Dependant) -> Iterator[Guard]:
    for part in dependant.dependencies:
        if isinstance(part.call, Guard):
            yield part.call
        yield from _guards(part)


def complaint(route: str) -> str:
    """What to do about a route that has no line."""
    return (
        f"{route} is for the staff and changes something, but tests/make/audit_actions.py doesn't say how: add a function"
        f' with @does("{route}") that prepares what it works on and returns its answer. The route\'s service must emit'
        " an event in the same transaction."
    )


@pytest.mark.parametrize("route", ACTIONS)
async def test_an_admin_action_leaves_an_entry_that_says_who_and_in_which_request(
    app: FastAPI, http_client: httpx.AsyncClient, stores: Stores, relay: Relay, route: str
) -> None:
    staff = await StaffClient.open(app, http_client)
    answer = await ACTIONS[route](staff)
    assert answer.is_success, answer.text
    taken = answer.request
    assert taken.method == route.split(" ")[0], (
        "the answer is that of the route itself, not of its preparation"
    )
    await relay.drain()
    request_id = answer.headers["x-request-id"]
    entries = await stores.documents["audit_entries"].find({"request_id": request_id}).to_list()
    recorded = [entry for entry in entries if entry["action"] != "reference_data_changed"]
    assert recorded, f"{route} left no entry: its service must emit an event in the transaction of the change"
    for entry in recorded:
        assert entry["actor"] == {"kind": "admin", "id": str(staff.admin.admin_id)}
        assert entry["result"] == "succeeded"
        assert entry["object"]["id"]
        assert not [private for private in staff.private if private in str(entry)], entry
        shown = web.to_json(AuditEntryOut.of(entry)).decode()
        assert "_paise" not in shown, shown
        assert "+00:00" not in shown, shown


async def changes_shown(staff: StaffClient, relay: Relay, answer: httpx.Response) -> Any:
    """The changes of a request, as the audit trail shows them."""
    assert answer.is_success, answer.text
    await relay.drain()
    page = await staff.ask_json("GET", f"/audit-logs?request_id={answer.headers['x-request-id']}")
    [entry] = [entry for entry in page["items"] if entry["action"] != "reference_data_changed"]
    return entry["changes"]


async def test_amounts_that_the_staff_change_are_shown_in_rupees(
    app: FastAPI, http_client: httpx.AsyncClient, relay: Relay
) -> None:
    staff = await StaffClient.open(app, http_client)
    channel = (await ACTIONS["POST /v1/channels"](staff)).json()
    answer = await staff.ask(
        "PATCH",
        f"/channels/{channel['code']}",
        {"min_amount": 25, "max_amount": 999.5},
    )
    assert await changes_shown(staff, relay, answer) == {
        "min_amount": {"old": 1.0, "new": 25.0},
        "max_amount": {"old": 100_000.0, "new": 999.5},
    }
    offer = (await ACTIONS["POST /v1/offers"](staff)).json()
    reward = {"cashback": {"kind": "percent", "percent": 5, "cap": 20.5}}
    body = {"reward": reward, "limits": {"budget": 5_000}, "conditions": {"min_amount": 199}}
    answer = await staff.ask("PATCH", f"/offers/{offer['offer_id']}", body)
    assert await changes_shown(staff, relay, answer) == {
        "min_amount": {"old": None, "new": 199.0},
        "discount": {"old": 10.0, "new": None},
        "cashback_basis_points": {"old": None, "new": 500},
        "cashback_cap": {"old": None, "new": 20.5},
        "budget": {"old": None, "new": 5_000.0},
    }


def test_every_route_on_which_the_staff_changes_something_has_a_line(app: FastAPI) -> None:
    routes = actions_of(app) - NO_ACTIONS
    assert len(routes) > 20, "the guards are found"
    missing = sorted(routes - ACTIONS.keys())
    assert not missing, "\n".join(complaint(route) for route in missing)
    assert not ACTIONS.keys() - routes, "tests/make/audit_actions.py has lines of routes that are gone"


def test_a_new_route_without_a_line_is_found_by_its_guard_whatever_it_is_called() -> None:
    router: APIRouter = web.router("cellar")

    async def grate(admin: Principal = Depends(Requires(Resource.BACKUPS, Action.WRITE))) -> None:  # noqa: B008
        del admin

    async def deeper(inner: Principal = Depends(Guard("admin", allow_partly=True))) -> Principal:  # noqa: B008
        return inner

    async def dig(admin: Principal = Depends(deeper)) -> None:
        del admin

    async def look(admin: Principal = Depends(Requires(Resource.BACKUPS, Action.READ))) -> None:  # noqa: B008
        del admin

    async def taste(user: Principal = Depends(Guard("user"))) -> None:  # noqa: B008
        del user

    router.add_api_route("/grate", grate, methods=["POST"])
    router.add_api_route("/dig", dig, methods=["PUT", "DELETE"])
    router.add_api_route("/look", look, methods=["GET"])
    router.add_api_route("/look/export", look, methods=["GET"])
    router.add_api_route("/taste", taste, methods=["POST"])
    app = FastAPI()
    app.router.routes.extend(router.routes)
    routes = actions_of(app)
    assert routes == {
        "POST /v1/cellar/grate",
        "PUT /v1/cellar/dig",
        "DELETE /v1/cellar/dig",
        "GET /v1/cellar/look/export",
    }
    assert all(route not in ACTIONS and route in complaint(route) for route in routes)
