"""`docs/API_CONVENTIONS.md`, checked over the OpenAPI document and on the running application."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from gencharge.core.http.openapi import objects_of, operations_of, resolved
from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from tests.make.factories import headers_for

# What a 201 makes and nobody reads at an address of its own, and where it is seen instead.
NO_ADDRESS = {
    "/v1/auth/verify-otp-signup": "tokens",
    "/v1/channels": "in the list",
    "/v1/contact": "a visitor has no account to read it with",
    "/v1/contact/admin/{enquiry_id}/notes": "an entry of the enquiry",
    "/v1/contact/admin/{enquiry_id}/replies": "an entry of the enquiry",
    "/v1/contact/admin/{enquiry_id}/resolution": "an entry of the enquiry",
    "/v1/contact/enquiries/{enquiry_id}/messages": "an entry of the enquiry",
    "/v1/content/admin/images": "its answer has the addresses of all sizes",
    "/v1/offers/types": "in the list",
    "/v1/offers/{offer_id}/codes": "in the list",
    "/v1/operators": "in the list",
    "/v1/reports/schedules": "in the list",
    "/v1/payments/admin/{user_id}/{payment_id}/refunds": "in the payment",
    "/v1/plans/groups": "in the list",
    "/v1/recharge/admin/{user_id}/{recharge_id}/refund": "in the recharge",
    "/v1/users/{user_id}/notes": "in the list",
    "/v1/velocity/allowances": "in the list",
}
MOVES_MONEY = {
    "/v1/recharge/subscribe",
    "/v1/recharge/{recharge_id}/repeat",
    "/v1/recharge/{recharge_id}/cancel",
    "/v1/recharge/admin/bulk-refunds",
    "/v1/wallet/topups",
    "/v1/payments/admin/{user_id}/{payment_id}/refunds",
}


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_what_is_made_has_an_address_or_a_reason_why_not(document: dict[str, Any]) -> None:
    without = {
        path
        for path, _, operation in operations(document)
        if "201" in operation["responses"]
        and "Location" not in resolved(document, operation["responses"]["201"]).get("headers", {})
    }
    assert without == set(NO_ADDRESS)


def test_every_address_is_one_that_can_be_read(app: FastAPI, document: dict[str, Any]) -> None:
    addresses = [
        route.response_model.located_at
        for route in app.routes
        if isinstance(route, APIRoute) and getattr(route.response_model, "located_at", "")
    ]
    assert len(addresses) > 10
    for address in addresses:
        assert "get" in document["paths"][address], address


def test_what_has_an_address_links_to_the_operation_that_reads_it(document: dict[str, Any]) -> None:
    reads = {
        operation["operationId"]: operation
        for _, method, operation in operations(document)
        if method == "get"
    }
    linked = 0
    for path, _, operation in operations(document):
        answer = resolved(document, operation["responses"].get("201", {}))
        if "Location" not in answer.get("headers", {}):
            continue
        linked += 1
        link = answer["links"]["read"]
        needed = {
            one["name"] for one in reads[link["operationId"]].get("parameters", ()) if one["in"] == "path"
        }
        assert set(link["parameters"]) == needed, path
        schema = resolved(document, answer["content"]["application/json"]["schema"])
        names = {one.removeprefix("$response.body#/") for one in link["parameters"].values()}
        assert names <= schema["properties"].keys(), path
    assert linked > 10


def test_every_list_takes_a_limit_and_a_cursor(document: dict[str, Any]) -> None:
    pages = 0
    for path, method, operation in operations(document):
        content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if method == "get" and name.endswith("Page"):
            pages += 1
            parameters = {each["name"]: each for each in operation.get("parameters", ())}
            assert {"limit", "cursor"} <= parameters.keys(), path
            assert parameters["limit"]["schema"]["maximum"] <= 100, path
            assert parameters["limit"]["schema"]["minimum"] == 1, path
            page = document["components"]["schemas"][name]
            assert {"items", "next_cursor"} <= set(page["properties"]), path
    assert pages > 40


def test_what_moves_money_takes_a_key(document: dict[str, Any]) -> None:
    for path in MOVES_MONEY:
        parameters = document["paths"][path]["post"]["parameters"]
        key = next(one for one in parameters if one["name"] == "Idempotency-Key")
        assert key["required"], path


def test_operation_ids_are_short_and_unique(document: dict[str, Any]) -> None:
    names = Counter(operation["operationId"] for operation in operations_of(document))
    assert [name for name, count in names.items() if count > 1 or len(name) > 50] == []
    assert all(re.fullmatch(r"[a-z][a-z0-9_]+", name) for name in names)


def test_no_number_asks_for_a_multiple_of_a_fraction(document: dict[str, Any]) -> None:
    # Validators that count in binary fractions refuse 19.99 as a multiple of 0.01.
    assert [node for node in objects_of(document) if "multipleOf" in node] == []


def test_no_field_is_called_just_id(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert "id" not in schema.get("properties", {}), name


async def test_head_is_get_without_the_body(client: httpx.AsyncClient, settings: Settings) -> None:
    for path in ("/v1/plans", "/health/live", "/openapi.json"):
        head, get = await client.head(path), await client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.headers.get("etag") == get.headers.get("etag")
    stranger = headers_for(settings, new_id())
    assert (await client.head("/v1/wallet", headers=stranger)).status_code == 404
    assert (await client.head("/v1/recharge/subscribe", headers=stranger)).status_code == 405


async def test_a_method_that_is_not_there_is_405_whatever_is_sent_with_it(client: httpx.AsyncClient) -> None:
    for method, path, allowed in (
        ("DELETE", "/v1/notifications/viewed-all", "POST"),
        ("DELETE", "/v1/plans?no_such=1", "GET, HEAD, POST"),
        ("PUT", "/v1/recharge/subscribe", "POST"),
    ):
        refused = await client.request(method, path)
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed), path


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in model.__subclasses__():
        yield each
        yield from _models(each)


def _validators(node: Any) -> Iterator[str]:
    """The names of the functions that check a value after its type did."""
    if isinstance(node, dict):
        if node.get("type") == "function-after":
            function = node["function"]["function"]
            yield getattr(getattr(function, "func", function), "__name__", "")
        node = list(node.values())
    if isinstance(node, list | tuple):
        for each in node:
            yield from _validators(each)


def test_a_shortest_length_is_counted_in_characters(document: dict[str, Any]) -> None:
    """On top of a validator pydantic says "should have at least 3 items", with the code of a list: `one_line` and `some_lines` take it."""
    assert document
    wrong, seen = [], set()
    for model in set(_models(BaseModel)):
        if model.__module__.startswith("gencharge."):
            model.model_rebuild()
            names = set(_validators(model.__pydantic_core_schema__))
            seen |= names
            wrong += [f"{model.__module__}.{model.__name__}"] if "min_length_validator" in names else []
    assert "check" in seen, "what `one_line` adds is found"
    assert wrong == []
