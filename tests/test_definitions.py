"""Each figure of `/v1/analytics` says in the API's documents what it counts, and stands on the page of the figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from gencharge.core.values.money import Money, SignedMoney
from gencharge.run.reference import figures

_PREFIX = "/v1/analytics/"
# They say when or what a figure is about, and are none themselves.
_NO_FIGURES = {"year", "month", "part"}


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def inner_schema(about: dict[str, Any]) -> str | None:
    return figures._name_of(about)


def is_number(about: dict[str, Any]) -> bool:
    kinds = [about, *about.get("anyOf", ())]
    return any(kind.get("type") in {"integer", "number"} for kind in kinds)


def lacking(document: dict[str, Any]) -> Iterator[str]:
    """The numbers in answers of analytics without a description of their own."""
    schemas = document["components"]["schemas"]
    no_descriptions = {"", *(_general(kind) for kind in (Money, SignedMoney))}
    seen = set[str]()

    def walk(name: str) -> Iterator[str]:
        if name in seen:
            return
        seen.add(name)
        for field, about in schemas[name].get("properties", {}).items():
            if is_number(about) and field not in _NO_FIGURES:
                if about.get("description", "") in no_descriptions:
                    yield f"{name}.{field}"
            elif (inner := inner_schema(about)) is not None:
                yield from walk(inner)

    for path, methods in sorted(document["paths"].items()):
        if path.startswith(_PREFIX):
            answer = figures._answer(methods.get("get", {}))
            if answer is not None and (name := inner_schema(answer)) is not None:
                yield from walk(name)


def _general(kind: type[Any]) -> str:
    """What every amount says."""
    from pydantic import TypeAdapter

    return str(TypeAdapter(kind).json_schema().get("description", ""))


def test_each_figure_says_what_it_counts(document: dict[str, Any]) -> None:
    assert list(lacking(document)) == [], "give the field a description: what it counts, and when it is null"


def test_a_figure_without_a_definition_is_noticed(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    bare = {name: dict(schema) for name, schema in schemas.items()}
    bare["RechargeTotals"] = {
        "properties": {**schemas["RechargeTotals"]["properties"], "sold": {"type": "integer"}}
    }
    planted = {**document, "components": {**document["components"], "schemas": bare}}
    assert list(lacking(planted)) == ["RechargeTotals.sold"]


def test_each_area_stands_on_the_page(document: dict[str, Any]) -> None:
    page = "\n".join(figures.page(document))
    areas = [path for path in document["paths"] if path.startswith(_PREFIX) and "{" not in path]
    named = [path for path in areas if figures._answer(document["paths"][path].get("get", {})) is not None]
    assert len(named) >= 15
    assert [path for path in named if f"`GET {path}`" not in page] == []
