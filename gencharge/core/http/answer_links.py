"""Links of answers in the document: from what was made to the operation that reads it (OpenAPI 3.1, Link Object).

Generators and testers follow them. They come from `located_at`, which gives the `Location` header, too, so the two agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.status import HTTP_201_CREATED

LINK: Final = "read"
NEXT: Final = "next"
_PARAMETER: Final = re.compile(r"\{(\w+)\}")


def add_links(document: dict[str, Any], routes: Iterable[BaseRoute]) -> None:
    """Let each answer with an address name the operation that reads it, and where its parameters are in the answer."""
    for route in routes:
        address = getattr(getattr(route, "response_model", None), "located_at", "")
        if not isinstance(route, APIRoute) or route.status_code != HTTP_201_CREATED or not address:
            continue
        target = document["paths"].get(address, {}).get("get")
        if target is None or not route.include_in_schema:
            continue
        link = {
            "operationId": target["operationId"],
            "parameters": {name: f"$response.body#/{name}" for name in _PARAMETER.findall(address)},
        }
        for method in route.methods or ():
            answer = document["paths"][route.path_format][method.lower()]["responses"]["201"]
            answer["links"] = {LINK: link}


def add_next(document: dict[str, Any]) -> None:
    """Let each page of a list name the operation and the cursor that read the next one."""
    for operation in _operations(document):
        parameters = {parameter.get("name") for parameter in operation.get("parameters", ())}
        answer = operation["responses"].get("200", {})
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        fields = document["components"]["schemas"].get(name, {}).get("properties", {})
        if "cursor" in parameters and "next_cursor" in fields:
            link = {
                "operationId": operation["operationId"],
                "parameters": {"cursor": "$response.body#/next_cursor"},
            }
            answer.setdefault("links", {})[NEXT] = link


def drop_next(document: dict[str, Any]) -> None:
    """Leave these links out: each is the same, and the field's description says it."""
    for operation in _operations(document):
        for answer in operation["responses"].values():
            answer.get("links", {}).pop(NEXT, None)
            if "links" in answer and not answer["links"]:
                del answer["links"]


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def drop_broken(document: dict[str, Any]) -> None:
    """Leave out the links to operations that a part of the document does not have."""
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    known = {operation["operationId"] for operation in operations}
    for operation in operations:
        for answer in operation["responses"].values():
            links = answer.get("links", {})
            for name in [name for name, link in links.items() if link["operationId"] not in known]:
                del links[name]
            if not links:
                answer.pop("links", None)
