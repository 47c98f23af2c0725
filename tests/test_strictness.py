"""Every route of the document refuses what our own clients never send: NUL characters, parameters twice or unknown."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI
from pydantic import create_model

from gencharge.core.http.on_demand import OnDemandRoute, _fields_of
from gencharge.core.http.openapi import resolved
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.instants import Day
from tests.make.factories import headers_for, know_roles, make_admin, new_client, sign_in

METHODS: Final = ("get", "post", "put", "patch", "delete")
NUL: Final = "a\0b"


class Operation:
    """One route of the document."""

    def __init__(self, document: dict[str, Any], path: str, method: str) -> None:
        described = document["paths"][path][method]
        self.method, self.path = method.upper(), path
        parameters = [resolved(document, entry) for entry in described.get("parameters", ())]
        self.queries = [entry["name"] for entry in parameters if entry["in"] == "query"]
        content = resolved(document, described.get("requestBody", {})).get("content", {})
        self.body = _example(content.get("application/json", {}))

    def url(self, value: str = "0198c0de-0000-7000-8000-000000000000") -> str:
        """The address with this value for each part of the path that may vary."""
        return re.sub(r"\{[^}]*\}", value, self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _example(media: dict[str, Any]) -> Any:
    if "example" in media:
        return media["example"]
    return next((entry["value"] for entry in media.get("examples", {}).values()), None)


@pytest.fixture(scope="module")
def operations(app: FastAPI) -> list[Operation]:
    document = app.openapi()
    return [
        Operation(document, path, method)
        for path, methods in document["paths"].items()
        for method in METHODS
        if method in methods
    ]


@pytest.fixture(scope="module")
async def callers(app: FastAPI, stores: Stores, settings: Settings) -> list[dict[str, str]]:
    """A SuperAdmin, whose second factor is fresh, and a customer."""
    await know_roles(app)
    admin = await stores.database.run(lambda db: make_admin(db))
    return [await sign_in(app, admin), headers_for(settings, new_id())]


def with_nul(body: Any) -> Iterator[tuple[str, Any]]:
    """The body with a NUL character in each of its texts, one at a time, and in the name of a field."""
    for path in _texts(body):
        changed = copy.deepcopy(body)
        node = changed
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = NUL
        yield ".".join(map(str, path)), changed
    if isinstance(body, dict):
        yield "a new field", {**body, NUL: 1}


def _texts(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in entries:
        if isinstance(value, str):
            yield (*path, name)
        yield from _texts(value, (*path, name))


async def test_a_nul_character_in_a_query_or_a_path_is_422_everywhere(
    app: FastAPI, operations: list[Operation], callers: list[dict[str, str]]
) -> None:
    tried = 0
    async with new_client(app) as client:
        for operation in operations:
            urls = [f"{operation.url()}?{name}=a%00b" for name in operation.queries]
            urls += [operation.url("a%00b")] if "{" in operation.path else []
            for url in urls:
                for headers in callers:
                    answer = await client.request(operation.method, url, headers=headers)
                    assert answer.status_code == 422, f"{operation}: {url}: {answer.text}"
                    tried += 1
    assert tried > 300


async def test_a_nul_character_in_a_body_is_refused_everywhere(
    app: FastAPI, operations: list[Operation], callers: list[dict[str, str]]
) -> None:
    tried = 0
    async with new_client(app) as client:
        for operation in operations:
            for field, body in with_nul(operation.body):
                for headers in callers:
                    more = {"Idempotency-Key": str(new_id())}
                    answer = await client.request(
                        operation.method, operation.url(), json=body, headers=headers | more
                    )
                    assert 400 <= answer.status_code < 500, f"{operation}: {field}: {answer.text}"
                    tried += 1
    assert tried > 200


@pytest.mark.parametrize("query", ["nonsense=1", "limit=1&limit=1", "a=&a="])
async def test_unknown_and_repeated_parameters_are_422_everywhere(
    app: FastAPI, operations: list[Operation], callers: list[dict[str, str]], query: str
) -> None:
    async with new_client(app) as client:
        for operation in operations:
            answer = await client.request(operation.method, f"{operation.url()}?{query}", headers=callers[0])
            assert answer.status_code == 422, f"{operation}: {answer.text}"
            assert answer.json()["errors"], operation


async def test_two_idempotency_keys_are_refused_everywhere(
    app: FastAPI, operations: list[Operation], callers: list[dict[str, str]]
) -> None:
    async with new_client(app) as client:
        for operation in operations:
            answer = await client.request(
                operation.method,
                operation.url(),
                headers=httpx.Headers(
                    [*callers[1].items(), ("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
                ),
            )
            assert (answer.status_code, answer.json()["code"]) == (400, "bad_request"), operation


@pytest.mark.parametrize(
    "path",
    [
        "/v1/wallet/transactions?from=20261121",
        "/v1/wallet/transactions?to=0",
        "/v1/wallet/transactions?from=2026-11-21T10:00:00",
        "/v1/recharge?from=1763700000",
        "/v1/notifications?limit=1.0",
        "/v1/auth/sessions?include_total=1",
    ],
)
async def test_dates_booleans_and_numbers_are_written_one_way(
    app: FastAPI, callers: list[dict[str, str]], path: str
) -> None:
    async with new_client(app) as client:
        answer = await client.get(path, headers=callers[1])
    assert answer.status_code == 422, answer.text


def loose_dates(schema: Any, *, checked: bool = False) -> bool:
    """Whether a core schema takes a date or an instant as pydantic reads it: also as a number of seconds since 1970."""
    if isinstance(schema, list | tuple):
        return any(loose_dates(part, checked=checked) for part in schema)
    if not isinstance(schema, dict):
        return False
    kind = schema.get("type")
    if isinstance(kind, str) and kind in {"date", "datetime"}:
        return not checked
    checked = kind == "function-before" or (checked and kind in ("nullable", "default", "function-after"))
    return any(
        loose_dates(part, checked=checked) for name, part in schema.items() if name not in {"metadata", "ref"}
    )


def test_no_route_takes_a_number_for_a_date(app: FastAPI) -> None:
    loose, routes = set[str](), 0
    for route in app.routes:
        if not isinstance(route, OnDemandRoute):
            continue
        route.make()
        routes += 1
        fields = [*_fields_of(route.dependant), *([route.body_field] if route.body_field else [])]
        if any(loose_dates(field._type_adapter.core_schema) for field in fields):
            loose.add(f"{route.methods} {route.path}")
    assert loose == set()
    assert routes > 300


@pytest.mark.parametrize(("taken", "loose"), [(date, True), (datetime | None, True), (Day | None, False)])
def test_the_rule_finds_a_date_as_pydantic_reads_it(taken: Any, loose: bool) -> None:
    model = create_model("Query", since=(taken, None))
    assert loose_dates(model.__pydantic_core_schema__) is loose
