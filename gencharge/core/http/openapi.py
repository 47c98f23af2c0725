"""What the OpenAPI document says beside the routes' own words: names of operations, errors, examples."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from gencharge.core.errors import ERROR_TYPE_BASE, Problem

PROBLEM_JSON: Final = "application/problem+json"
# One example for each error, however many routes name it: repeated, they were two thirds of the document.
_EXAMPLES: Final[dict[str, dict[str, Any]]] = {}


class FieldProblemOut(BaseModel):
    """One wrong field: where it is (`body.amount`), what would be right, and a stable code."""

    field: str
    message: str
    code: str


class ProblemOut(BaseModel):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblemOut] | None = None


def operation_id(route: APIRoute) -> str:
    """The room and the function: `subscribe` of `recharge` is `recharge_subscribe`.

    The room's own noun at the end is left out: `list_plans` of `plans` is `plans_list`.
    """
    room = str(route.tags[0]).replace("-", "_")
    noun = re.escape(room.removesuffix("s"))
    return f"{room}_{re.sub(f'_{noun}s?$', '', route.name)}"


def errors(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: each error that it may answer, with an example."""
    responses: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        code = kind.code()
        _EXAMPLES[code] = {"summary": kind.title(), "value": _example(kind)}
        entry = responses.setdefault(kind.status, _problem_response())
        examples = entry["content"][PROBLEM_JSON]["examples"]
        examples[code] = {"$ref": f"#/components/examples/{code}"}
        entry["description"] = ", ".join(f"`{name}`" for name in examples)
    return responses


def _problem_response() -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{ProblemOut.__name__}"}
    return {"description": "", "content": {PROBLEM_JSON: {"schema": schema, "examples": {}}}}


def _example(kind: type[Problem]) -> dict[str, Any]:
    code = kind.code()
    return {
        "type": ERROR_TYPE_BASE + code.replace("_", "-"),
        "title": kind.title(),
        "status": kind.status,
        "detail": kind.title(),
        "code": code,
        "request_id": "0198c0de-0000-7000-8000-000000000000",
    }


def complete(app: FastAPI) -> None:
    """Let the application's document describe problem documents, and give one example of each."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        components = document.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        if ProblemOut.__name__ not in schemas:
            problem = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= problem.pop("$defs") | {ProblemOut.__name__: problem}
            components["examples"] = dict(sorted(_EXAMPLES.items()))
        return document

    app.openapi = openapi  # type: ignore[method-assign]
