"""The page of the routes, from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gencharge.core.http import openapi
from gencharge.run.reference import markdown

METHODS: Final = ("get", "post", "put", "patch", "delete")


def page(document: dict[str, Any]) -> Iterator[str]:
    """Every route with its parameters, body, answers and errors."""
    yield markdown.title(f"{document['info']['title']} API")
    yield document["info"]["description"].strip()
    yield "\nWhat holds for every route is in the [conventions](../API_CONVENTIONS.md), each error in [Errors](errors.md)."
    yield "\nThe interactive pages are `/docs` and `/redoc`; the document for customers and partners is `/openapi.json`, the staff's are `/openapi-staff.json` and `/openapi-running.json`.\n"
    descriptions = {tag["name"]: tag["description"] for tag in document.get("tags", ())}
    routes: dict[str, list[tuple[str, str, dict[str, Any]]]] = {tag: [] for tag in descriptions}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                routes.setdefault(methods[method]["tags"][0], []).append(
                    (method.upper(), path, methods[method])
                )
    for tag, tagged in routes.items():
        yield f"## {tag}\n\n{descriptions.get(tag, '')}".rstrip() + "\n"
        for method, path, operation in sorted(
            tagged, key=lambda route: (route[1], METHODS.index(route[0].lower()))
        ):
            yield from _route(method, path, operation, document)


def _route(method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    yield f"### {method} {path}\n"
    yield operation.get("description", operation.get("summary", "")).strip() + "\n"
    if operation.get("security"):
        yield "Needs a sign-in.\n"
    parameters = operation.get("parameters", ())
    if parameters:
        yield "| parameter | in | type | required | meaning |\n|---|---|---|---|---|"
        for parameter in parameters:
            meaning = parameter.get("description", "").replace("\n", " ")
            required = "yes" if parameter.get("required") else ""
            yield f"| `{parameter['name']}` | {parameter['in']} | {_type(parameter.get('schema', {}))} | {required} | {meaning} |"
        yield ""
    bodies = operation.get("requestBody", {}).get("content", {})
    for media, content in bodies.items():
        yield f"Body (`{media}`): {_type(content.get('schema', {}))}\n"
    yield "| status | answer |\n|---|---|"
    for status, response in sorted(operation.get("responses", {}).items()):
        yield f"| {status} | {_answer(openapi.resolved(document, response))} |"
    yield ""


def _answer(response: dict[str, Any]) -> str:
    content = response.get("content", {})
    problems = content.get("application/problem+json", {}).get("examples", {})
    if problems:
        return ", ".join(f"`{code}`" for code in problems)
    schema = content.get("application/json", {}).get("schema", {})
    return _type(schema) if schema else str(response.get("description", "")).replace("\n", " ")


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rsplit('/', 1)[-1]}`"
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return " or ".join(dict.fromkeys(_type(part) for part in schema[union]))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = schema.get("format") or schema.get("type") or "any"
    return str(kind)
