"""Optimistic locking: the rules of `If-Match`, and that each route of the staff that takes it keeps them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter, ValidationError

from gencharge.core.http import etags
from gencharge.core.http.openapi import resolved
from gencharge.core.stores.stores import Stores
from gencharge.plans.models import Plan
from tests.make.audit_actions import ACTIONS, StaffClient
from tests.make.factories import know_roles, new_client

ACCEPTED = 202
HEADER: TypeAdapter[str | None] = TypeAdapter(etags.IfMatch)
INSTANT = datetime(2026, 11, 21, 10, 0, 0, 123456, tzinfo=UTC)
MALFORMED = ["", "64465a8f1c2d0", '"open', "W/", '"a", *', '"a",,"b"', "'64465a8f1c2d0'"]


def plan(updated_at: datetime = INSTANT) -> Plan:
    return Plan(updated_at=updated_at)


def test_an_etag_moves_with_each_microsecond_in_which_the_object_changes() -> None:
    tags = [plan(INSTANT + timedelta(microseconds=number)).etag for number in range(3)]
    assert len(set(tags)) == 3
    assert tags[0] == plan().etag
    assert HEADER.validate_python(f'"{tags[0]}"') == f'"{tags[0]}"'


@pytest.mark.parametrize("if_match", [None, "*", " * "])
def test_without_a_tag_or_with_a_star_any_state_will_do(if_match: str | None) -> None:
    etags.check(HEADER.validate_python(if_match), plan())


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"0", "{}"', '"{}" , W/"0"', '"a,b","{}"'])
def test_a_tag_of_the_present_state_will_do_also_among_others(form: str) -> None:
    row = plan()
    etags.check(HEADER.validate_python(form.format(row.etag)), row)


@pytest.mark.parametrize("if_match", ['"0"', 'W/"0"', '"*"', '""', '"{}0"', '"0{}"', '"0", "1"'])
def test_any_other_tag_is_refused_and_the_refusal_names_the_present_one(if_match: str) -> None:
    row = plan()
    with pytest.raises(etags.ResourceChanged) as refusal:
        etags.check(HEADER.validate_python(if_match.format(row.etag)), row)
    assert refusal.value.status == 412
    assert refusal.value.headers == {"ETag": f'"{row.etag}"'}


@pytest.mark.parametrize("if_match", [*MALFORMED, '"' + "a" * 200 + '"'])
def test_what_is_no_list_of_tags_is_refused_before_the_object_is_read(if_match: str) -> None:
    with pytest.raises(ValidationError):
        HEADER.validate_python(if_match)


# Each route that takes `If-Match`.


@pytest.fixture(scope="module")
async def http_client(app: FastAPI, shop: Stores) -> AsyncIterator[httpx.AsyncClient]:
    await know_roles(app)
    async with new_client(app) as client:
        yield client


def takes_if_match(operation: dict[str, Any]) -> bool:
    return any(one["name"] == "If-Match" for one in operation.get("parameters", ()))


def shows_an_etag(operation: dict[str, Any], document: dict[str, Any]) -> bool:
    answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    return "etag" in resolved(document, answer.get("schema", {})).get("properties", {})


def locked_routes() -> list[str]:
    """The actions of the staff that change an object which they could see before: PATCH, PUT, and changes of status."""
    moves = {"block", "unblock", "deactivate", "reactivate", "switch-type"}
    moves |= {"publish", "unpublish", "editions", "restore"}
    return [
        route
        for route in ACTIONS
        if re.match(
            r"(PATCH|PUT) /v1/(admins(?!/me/email)|announcements|channels|contact|content|offers|operators/\{|plans|roles|users/\{|webhooks)",
            route,
        )
        # A backup is restored beside what is there.
        or (route.rpartition("/")[2] in moves and not route.startswith("POST /v1/backups/"))
        or route.startswith("POST /v1/announcements/{")
    ]


def test_a_change_takes_if_match_exactly_if_its_answer_shows_an_etag(app: FastAPI) -> None:
    document = app.openapi()
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    locked = {route for route, operation in operations.items() if takes_if_match(operation)}
    assert locked == set(locked_routes())
    changes = {
        route
        for route, operation in operations.items()
        if not route.startswith("GET") and shows_an_etag(operation, document)
    }
    # A rotation makes a new secret, whatever the endpoint is like. A decision names the address that it is about.
    unlocked = {
        "POST /v1/webhooks/endpoints/{endpoint_id}/rotate-secret",
        "POST /v1/channels/{channel}/address/approve",
        "POST /v1/channels/{channel}/address/reject",
    }
    assert changes - unlocked == locked
    for route in locked:
        assert {"412", "422"} <= operations[route]["responses"].keys(), route


class Locking(StaffClient):
    """An admin who sends the request of one route again and again, each time with another `If-Match`."""

    route: str
    answers: dict[str, httpx.Response]

    async def ask(self, method: str, path: str, json: Any = None, **options: Any) -> httpx.Response:
        """Ask; the route under test is asked with a malformed, a stale and a fresh tag, in this order."""
        if not self._is_under_test(method, path):
            return await super().ask(method, path, json, **options)
        body = {} if json is None else {"json": json}
        tags = {"malformed": "64465a8f1c2d0", "stale": '"0"'}
        for name, tag in tags.items():
            headers = self._headers | {"If-Match": tag}
            self.answers[name] = await self._client.request(
                method, f"/v1{path}", headers=headers, **body, **options
            )
        fresh = self.answers["stale"].headers.get("ETag", "none")
        headers = self._headers | {"If-Match": fresh}
        return await self._client.request(method, f"/v1{path}", headers=headers, **body, **options)

    def _is_under_test(self, method: str, path: str) -> bool:
        expected, template = self.route.split(" ")
        pattern = re.sub(r"\{\w+\}", "[^/]+", template.removeprefix("/v1"))
        return method == expected and re.fullmatch(pattern, path.partition("?")[0]) is not None


@pytest.mark.parametrize("route", locked_routes())
async def test_a_change_is_refused_with_a_stale_tag_and_done_with_a_fresh_one(
    app: FastAPI, http_client: httpx.AsyncClient, route: str
) -> None:
    staff = await Locking.open(app, http_client)
    assert isinstance(staff, Locking)
    staff.route, staff.answers = route, {}
    done = await ACTIONS[route](staff)
    malformed, stale = staff.answers["malformed"], staff.answers["stale"]
    assert malformed.status_code == 422, malformed.text
    [problem] = malformed.json()["errors"]
    assert (problem["field"], problem["code"]) == ("header.If-Match", "if_match_invalid")
    assert "double quotes" in problem["message"]
    assert (stale.status_code, stale.json()["code"]) == (412, "resource_changed")
    assert done.is_success, done.text
    if done.status_code == ACCEPTED:  # a second admin decides; until then the object is as it was
        return
    assert done.headers["etag"] == f'"{done.json()["etag"]}"'
    assert done.headers["etag"] != stale.headers["etag"], "the change moved the tag"


async def test_of_two_admins_who_change_what_both_saw_one_is_told(
    app: FastAPI, http_client: httpx.AsyncClient
) -> None:
    first = await StaffClient.open(app, http_client)
    second = await first.colleague()
    customer = await first.customer()
    path = f"/v1/users/{customer.user_id}"
    seen = await first.ask_json("GET", f"/users/{customer.user_id}")
    answers = await asyncio.gather(
        *(
            http_client.patch(
                path, json={"name": name}, headers=staff._headers | {"If-Match": f'"{seen["etag"]}"'}
            )
            for staff, name in ((first, "Ravi Iyer"), (second, "Meera Nair"))
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    changed = next(answer for answer in answers if answer.status_code == 200).json()
    now = await first.ask_json("GET", f"/users/{customer.user_id}")
    assert (now["name"], now["etag"]) == (changed["name"], changed["etag"])


@pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}])
async def test_without_a_tag_the_later_of_two_changes_stands(
    app: FastAPI, http_client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    staff = await StaffClient.open(app, http_client)
    customer = await staff.customer()
    for name in ("Ravi Iyer", "Meera Nair"):
        answer = await http_client.patch(
            f"/v1/users/{customer.user_id}", json={"name": name}, headers=staff._headers | headers
        )
        assert (answer.status_code, answer.json()["name"]) == (200, name)


async def test_a_blocked_customer_is_not_blocked_again_by_one_who_saw_them_active(
    app: FastAPI, http_client: httpx.AsyncClient
) -> None:
    staff = await StaffClient.open(app, http_client)
    path = f"/users/{(await staff.customer()).user_id}"
    seen = (await staff.ask_json("GET", path))["etag"]
    await staff.ask_json("POST", f"{path}/block", {"reason": "asked for by phone"})
    late = await http_client.post(
        f"/v1{path}/unblock",
        json={"reason": "asked for by phone"},
        headers=staff._headers | {"If-Match": f'"{seen}"'},
    )
    assert (late.status_code, late.json()["code"]) == (412, "resource_changed")
    assert (await staff.ask_json("GET", path))["status"] == "blocked"


async def test_an_unknown_object_is_not_found_whatever_the_tag(
    app: FastAPI, http_client: httpx.AsyncClient
) -> None:
    staff = await StaffClient.open(app, http_client)
    missing = "0198c0de-0000-7000-8000-000000000000"
    for path, body in (
        (f"users/{missing}/block", {"reason": "asked for"}),
        (f"plans/{missing}", {"price": 1}),
    ):
        method = "POST" if "users" in path else "PATCH"
        answer = await http_client.request(
            method, f"/v1/{path}", json=body, headers=staff._headers | {"If-Match": '"0"'}
        )
        assert answer.status_code == 404, answer.text
