"""Writes the reference pages from the code: `docs/API_Documentation.md` (routes) and `docs/TABLES.md` (tables).

`make docs` writes them, `make check` fails when they are not what the code says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from gencharge.api.main import create_app
from gencharge.core.http import openapi
from gencharge.core.postgres.database import Base
from gencharge.core.settings import Settings

METHODS: Final = ("get", "post", "put", "patch", "delete")
_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]
_MADE: Final = "<!-- Made from the code by `make docs`; change the code instead. -->"


def pages(settings: Settings) -> dict[Path, str]:
    """The text of each page by its path under `docs/`."""
    document = create_app(settings).openapi()
    return {
        Path("API_Documentation.md"): "\n".join(_api(document)) + "\n",
        Path("TABLES.md"): "\n".join(_tables()) + "\n",
    }


def stale(folder: Path, settings: Settings) -> list[Path]:
    """The pages in `folder` that are missing or not what the code says."""
    expected = {folder / name: text for name, text in pages(settings).items()}
    return [
        path
        for path, text in expected.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def write(folder: Path, settings: Settings) -> None:
    """Write all pages into `folder`, which is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(settings).items():
        (folder / name).write_text(text, encoding="utf-8")


def _api(document: dict[str, Any]) -> Iterator[str]:
    yield f"# {document['info']['title']} API\n\n{_MADE}\n"
    yield document["info"]["description"].strip()
    yield "\nThe interactive pages are `/docs` and `/redoc`; the document itself is `/openapi.json`.\n"
    descriptions = {tag["name"]: tag["description"] for tag in document.get("tags", ())}
    routes: dict[str, list[tuple[str, str, dict[str, Any]]]] = {tag: [] for tag in descriptions}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                routes.setdefault(methods[method]["tags"][0], []).append(
                    (method.upper(), path, methods[method])
                )
    for tag, found in routes.items():
        yield f"## {tag}\n\n{descriptions.get(tag, '')}".rstrip() + "\n"
        for method, path, operation in sorted(
            found, key=lambda route: (route[1], METHODS.index(route[0].lower()))
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


def _tables() -> Iterator[str]:
    yield f"# Tables\n\n{_MADE}\n"
    yield "Amounts are paise, instants are UTC. The first column of a primary key says who owns the row.\n"
    rooms: dict[str, list[Table]] = {}
    for mapper in Base.registry.mappers:
        room = mapper.class_.__module__.split(".")[1]
        rooms.setdefault(room, []).append(mapper.local_table)  # type: ignore[arg-type]
    for room, tables in sorted(rooms.items()):
        yield f"## {room}\n"
        for table in sorted(tables, key=lambda table: table.name):
            yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    purpose = next(
        (mapper.class_.__doc__ for mapper in Base.registry.mappers if mapper.local_table is table), None
    )
    yield f"### {table.name}\n"
    if purpose:
        yield purpose.strip().splitlines()[0] + "\n"
    yield f"Primary key: {', '.join(f'`{column.name}`' for column in table.primary_key)}\n"
    yield "| column | type | null | default |\n|---|---|---|---|"
    for column in table.columns:
        default = getattr(getattr(column.server_default, "arg", None), "text", None) or getattr(
            column.server_default, "arg", ""
        )
        null = "yes" if column.nullable else ""
        yield f"| `{column.name}` | {column.type.compile(dialect=_DIALECT)} | {null} | {default} |"
    yield ""
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        kind = "unique index" if index.unique else "index"
        yield f"- {kind} `{index.name}` ({', '.join(str(expression).split('.')[-1] for expression in index.expressions)})"
    if table.indexes:
        yield ""
