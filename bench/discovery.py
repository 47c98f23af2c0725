"""The staff's lists: every GET of the application that admits admins by permission and takes a `limit`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gencharge.sessions.guards import Requires


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a list, with its JSON schema."""

    name: str
    place: str  # query or path
    schema: dict[str, Any]
    required: bool = False

    @property
    def choices(self) -> list[Any]:
        """All values, if the document lists them."""
        return list(_choices(self.schema))


@dataclass(frozen=True, slots=True)
class StaffList:
    """A route. `scoped`: an admin who is limited to some operators may ask, too."""

    path: str
    scoped: bool
    parameters: tuple[Parameter, ...]

    @property
    def required(self) -> list[str]:
        """What a request must name in addition to the path."""
        return [one.name for one in self.parameters if one.place == "query" and one.required]

    @property
    def filters(self) -> tuple[Parameter, ...]:
        """What narrows the list down."""
        return tuple(
            one
            for one in self.parameters
            if one.place == "query" and not one.required and one.name not in _SHAPE
        )

    @property
    def sorts(self) -> list[str | None]:
        """Every order of the list; None if it has but one."""
        choices = next((one.choices for one in self.parameters if one.name == "sort"), [])
        return choices or [None]


_SHAPE = frozenset({"limit", "cursor", "sort", "include_total"})


def staff_lists(app: FastAPI) -> list[StaffList]:
    """All of them, by path."""
    document = app.openapi()
    lists = {}
    for route in app.routes:
        if not isinstance(route, APIRoute) or "GET" not in route.methods:
            continue
        guard = next(_guards(route.dependant), None)
        raw = document["paths"].get(route.path, {}).get("get", {}).get("parameters", [])
        parameters = tuple(
            Parameter(one["name"], one["in"], _resolved(one["schema"], document), one.get("required", False))
            for one in raw
            if one["in"] in {"query", "path"}
        )
        if guard is not None and any(one.name == "limit" for one in parameters):
            lists[route.path] = StaffList(route.path, guard.scoped, parameters)
    return [lists[path] for path in sorted(lists)]


def _guards(dependant: Dependant) -> Iterator[Requires]:
    for part in dependant.dependencies:
        if isinstance(part.call, Requires):
            yield part.call
        yield from _guards(part)


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The schema with what it refers to in place."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return _resolved(document["components"]["schemas"][name], document)
    return schema | {
        key: [_resolved(one, document) for one in schema[key]] for key in ("anyOf", "allOf") if key in schema
    }


def _choices(schema: dict[str, Any]) -> Iterator[Any]:
    if "const" in schema:
        yield schema["const"]
    if schema.get("type") == "boolean":
        yield from (True, False)
    yield from schema.get("enum", ())
    for part in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from _choices(part)
    if schema.get("type") == "array":
        yield from _choices(schema["items"])
