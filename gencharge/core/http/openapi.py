"""What the OpenAPI document says in addition to the routes' own texts: names of operations, errors, examples."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.status import HTTP_200_OK, HTTP_201_CREATED

from gencharge.core.errors import ERROR_TYPE_BASE, Problem, RateLimited
from gencharge.core.http import parameter_texts
from gencharge.core.http.answer_examples import add_examples
from gencharge.core.http.answer_headers import REQUEST_ID, add_common
from gencharge.core.http.answer_links import add_links, add_next

# Of a response that several operations share.
_LONGEST_NAME: Final = 40
PROBLEM_JSON: Final = "application/problem+json"
_CODES: Final = "ErrorCode"
# How pydantic calls a page of a list.
_PAGE: Final = re.compile(r"^Page_(\w+?)(?:Out)?_$")
# What a 429 says about the limit; the last two stand in every answer.
_LIMIT_HEADERS: Final = {
    "Retry-After": ("In how many seconds to come back.", {"type": "integer", "minimum": 1}),
    "RateLimit": (
        'What is left of the limit, and in how many seconds all of it is there again: `"reads";r=0;t=12`.',
        {"type": "string"},
    ),
    "RateLimit-Policy": (
        'The limit, and the seconds that it counts for: `"reads";q=600;w=60`.',
        {"type": "string"},
    ),
}
_ANSWER_HEADERS: Final = {
    REQUEST_ID: ("What the request is called in our logs: yours, if it was sent.", {"type": "string"}),
    "Location": ("Where the new object is read.", {"type": "string", "format": "uri-reference"}),
    "ETag": ("The object's `etag`, in quotation marks.", {"type": "string"}),
    "Idempotent-Replayed": (
        "Only if this is the answer of an earlier request with the same `Idempotency-Key`.",
        {"type": "string", "enum": ["true"]},
    ),
    "Replica-Lag": (
        "Only if a replica of the database answered: how old the data may be, in seconds.",
        {"type": "number", "minimum": 0},
    ),
}
# One example for each error, however many routes name it: repeated, they were two thirds of the document.
_EXAMPLES: Final[dict[str, dict[str, Any]]] = {}


def describe_headers(route: APIRoute, *, may_lag: bool = False) -> None:
    """Let the document name the headers of the route's answer: `Location`, `ETag` and `Idempotent-Replayed`; and `Replica-Lag`, if a
    replica of the database may answer (`may_lag`)."""
    model: Any = route.response_model
    names = ["Replica-Lag"] if may_lag else []
    if route.status_code == HTTP_201_CREATED and getattr(model, "located_at", None):
        names.append("Location")
    if "etag" in getattr(model, "model_fields", {}):
        names.append("ETag")
    parameters = (route.openapi_extra or {}).get("parameters", ())
    if any(parameter["name"] == "Idempotency-Key" for parameter in parameters):
        names.append("Idempotent-Replayed")
    if names:
        answer = route.responses.setdefault(route.status_code or HTTP_200_OK, {})
        answer.setdefault("headers", {}).update(
            {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        )


def kinds_of(parent: type[Problem]) -> Iterator[type[Problem]]:
    """Every kind of problem below this one."""
    for kind in parent.__subclasses__():
        yield kind
        yield from kinds_of(kind)


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
    # Only where requests are traced.
    trace_id: str | None = None


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
        _EXAMPLES[code] = {"value": _example(kind)}
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
    """Let the application's document describe problem documents, and say each thing once.

    An example of each answer and of each error, the responses that several operations share, and readable names of pages.
    """
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        # What the routes answer with is made now. FastAPI keeps pydantic from warning of the names of fields only when it makes them itself.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
            document = describe()
        components = document.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        if ProblemOut.__name__ not in schemas:
            problem = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= problem.pop("$defs") | {ProblemOut.__name__: problem}
            _add_limits(document)
            anywhere = {kind for kind in kinds_of(Problem) if kind.__module__ == Problem.__module__}
            examples = _EXAMPLES | {kind.code(): {"value": _example(kind)} for kind in anywhere}
            components["examples"] = dict(sorted(examples.items()))
            _name_codes(schemas, sorted(examples))
            _name_pages(document)
            _tidy_parameters(document)
            add_links(document, app.routes)
            _drop_titles(document)
            _drop_descriptions(document)
            add_examples(document)
            add_next(document)
            components["responses"] = _share_responses(document)
            add_common(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """The part of the document that a `$ref` points to; any other part as it is."""
    if "$ref" not in part:
        return part
    target: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        target = target[name]
    return resolved(document, target)


def _name_codes(schemas: dict[str, Any], codes: list[str]) -> None:
    """List every code: those that routes name, and those that any address may answer."""
    schemas[_CODES] = {
        "type": "string",
        "description": "What went wrong, for a program. Codes are only ever added: treat one that you don't know by its status. "
        "`/errors/{code}` is the page about it.",
        "enum": codes,
    }
    problem = schemas[ProblemOut.__name__]["properties"]
    problem["code"] = {"$ref": f"#/components/schemas/{_CODES}"}
    problem["type"] |= {"format": "uri-reference", "description": "The page about this error."}


def _add_limits(document: dict[str, Any]) -> None:
    """Every operation has a limit, so each may answer 429, with the headers that say when to come back."""
    [(status, limited)] = errors(RateLimited).items()
    ((code, example),) = limited["content"][PROBLEM_JSON]["examples"].items()
    for operation in operations_of(document):
        response = operation["responses"].setdefault(str(status), _problem_response())
        examples = response["content"][PROBLEM_JSON]["examples"]
        examples[code] = example
        response["description"] = ", ".join(f"`{name}`" for name in examples)
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in _LIMIT_HEADERS}
    document["components"]["headers"] = {
        name: {"description": about, "schema": schema}
        for name, (about, schema) in (_LIMIT_HEADERS | _ANSWER_HEADERS).items()
    }


def _name_pages(document: dict[str, Any]) -> None:
    """Call a page of `PlanOut` `PlanPage`, not `Page_PlanOut_`, wherever the document names it."""
    schemas = document["components"]["schemas"]
    names = {name: _PAGE.sub(r"\1Page", name) for name in schemas if _PAGE.match(name)}
    taken = [name for name in names.values() if name in schemas]
    if taken or len(set(names.values())) < len(names):
        raise ValueError(f"two schemas would be called the same: {', '.join(taken or names)}")
    for old, new in names.items():
        schemas[new] = schemas.pop(old)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    for node in objects_of(document):
        prefix, _, name = str(node.get("$ref", "")).rpartition("/")
        if name in names:
            node["$ref"] = f"{prefix}/{names[name]}"


def _tidy_parameters(document: dict[str, Any]) -> None:
    """Give each parameter a description, and leave out what a parameter does not need: null among what it may be (it has a
    value or is left out; `null` would be a text), and the description that its schema says once more."""
    for node in objects_of(document):
        schema = node.get("schema")
        if "in" not in node or not isinstance(schema, dict):
            continue
        parameter_texts.describe(node)
        if schema.get("description") == node.get("description"):
            schema.pop("description", None)
        if {"type": "null"} in schema.get("anyOf", ()):
            values = [part for part in schema.pop("anyOf") if part != {"type": "null"}]
            schema |= values[0] if len(values) == 1 else {"anyOf": values}


def _drop_titles(document: dict[str, Any]) -> None:
    """Leave out the titles that say the name once more: `Plan Id` of `plan_id`."""
    for name, schema in document["components"]["schemas"].items():
        if schema.get("title") == name:
            del schema["title"]
    for node in objects_of(document):
        fields = dict(node["properties"]) if isinstance(node.get("properties"), dict) else {}
        if "in" in node and isinstance(node.get("schema"), dict):
            fields[node["name"]] = node["schema"]
        for name, schema in fields.items():
            words = str(name).replace("_", " ").replace("-", " ").title()
            if isinstance(schema, dict) and schema.get("title") in {words, name}:
                del schema["title"]


def _drop_descriptions(document: dict[str, Any]) -> None:
    """Leave out the description of an operation that says its summary once more."""
    for operation in operations_of(document):
        if operation.get("description", "").rstrip(".") == operation.get("summary"):
            del operation["description"]


def _share_responses(document: dict[str, Any]) -> dict[str, Any]:
    """Write an error response that several operations share once; returns the shared ones, by their codes."""
    uses: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for operation in operations_of(document):
        for status, response in operation["responses"].items():
            codes = response.get("content", {}).get(PROBLEM_JSON, {}).get("examples")
            if codes:
                uses.setdefault(".".join(codes), []).append((operation["responses"], status))
    shared: dict[str, dict[str, Any]] = {}
    for codes, places in sorted(uses.items()):
        if len(places) == 1:
            continue
        # A name of many codes would stand in hundreds of places.
        name = codes
        if len(codes) > _LONGEST_NAME:
            first = codes.partition(".")[0]
            name = f"{first}.{sum(taken.startswith(f'{first}.') for taken in shared) + 1}"
        shared[name] = places[0][0][places[0][1]]
        for responses, status in places:
            responses[status] = {"$ref": f"#/components/responses/{name}"}
    return shared


def operations_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of the document."""
    for methods in document["paths"].values():
        yield from methods.values()


def objects_of(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document, the outer ones first."""
    if isinstance(node, dict):
        yield node
        for part in list(node.values()):
            yield from objects_of(part)
    elif isinstance(node, list):
        for part in node:
            yield from objects_of(part)
