"""`/redoc`: every route, object and error of the OpenAPI document on one page of plain HTML.

It replaces ReDoc, which took eleven seconds in the browser to show a document of this size (decision 0013). The page
is written once, needs no script to be read, and is found through by the browser's own search.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

from gencharge.core.http import openapi

_PAGE: Final = Path(__file__).parent / "static" / "redoc.html"
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_CODE: Final = re.compile(r"`([^`]+)`")
_BOLD: Final = re.compile(r"\*\*([^*]+)\*\*")
_PROBLEM: Final = openapi.PROBLEM_JSON
Json = dict[str, Any]


def page(document: Json) -> str:
    """The page as HTML."""
    routes = _by_tag(document)
    webhooks = [
        (name, method, operation)
        for name, methods in document.get("webhooks", {}).items()
        for method, operation in methods.items()
    ]
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        navigation="\n".join(_navigation(routes)),
        version=escape(document["info"]["version"]),
        about=_prose(document["info"].get("description", "")),
        rooms="\n".join(_room(document, tag, operations) for tag, operations in routes.items()),
        webhooks=_webhooks(document, webhooks),
        objects="\n".join(
            _object(name, schema) for name, schema in document["components"]["schemas"].items()
        ),
        errors="\n".join(
            _error(code, example) for code, example in document["components"]["examples"].items()
        ),
    )


def _by_tag(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    routes: dict[str, list[tuple[str, str, Json]]] = {tag["name"]: [] for tag in document.get("tags", ())}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                tag = methods[method].get("tags", ["other"])[0]
                routes.setdefault(tag, []).append((path, method, methods[method]))
    for operations in routes.values():
        operations.sort(key=lambda route: (route[0], _METHODS.index(route[1])))
    return {tag: operations for tag, operations in routes.items() if operations}


def _navigation(routes: dict[str, list[tuple[str, str, Json]]]) -> Iterator[str]:
    for tag, operations in routes.items():
        links = "".join(
            f'<a href="#{_anchor(operation)}" title="{method.upper()} {escape(path)}">{escape(_title(operation))}</a>'
            for path, method, operation in operations
        )
        yield f"<details><summary>{escape(tag)}</summary>{links}</details>"
    yield '<a href="#webhooks">Webhooks</a><a href="#objects">Objects</a><a href="#errors">Errors</a>'


def _anchor(operation: Json) -> str:
    return escape(str(operation.get("operationId", "")))


def _title(operation: Json) -> str:
    return str(operation.get("summary", operation.get("operationId", "")))


def _room(document: Json, tag: str, operations: list[tuple[str, str, Json]]) -> str:
    about = next((entry["description"] for entry in document["tags"] if entry["name"] == tag), "")
    articles = "\n".join(
        _operation(document, f"/{path.lstrip('/')}", method, part) for path, method, part in operations
    )
    return f'<section><h2 class="room" id="tag-{escape(tag)}">{escape(tag)}</h2>{_prose(about)}\n{articles}</section>'


def _webhooks(document: Json, webhooks: list[tuple[str, str, Json]]) -> str:
    articles = "\n".join(_operation(document, name, method, part) for name, method, part in webhooks)
    return f'<section id="webhooks"><h2>Webhooks</h2>\n{articles}</section>' if articles else ""


def _operation(document: Json, path: str, method: str, operation: Json) -> str:
    parts = [
        f'<article id="{_anchor(operation)}"><h3>{escape(_title(operation))}</h3>',
        f'<div class="route"><span class="method {method}">{method.upper()}</span><code>{escape(path)}</code></div>',
        _prose(operation.get("description", "")),
    ]
    if operation.get("security"):
        parts.append('<p class="soft">Needs a sign-in.</p>')
    if operation.get("parameters"):
        parts.append(_table("Parameters", map(_parameter, operation["parameters"])))
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<h4>Body, {escape(media)}</h4><p>{_type(content.get('schema', {}))}</p>")
        schema = openapi.resolved(document, content.get("schema", {}))
        if schema.get("properties"):
            parts.append(_table("", _fields(schema)))
    answers = (
        (status, openapi.resolved(document, answer))
        for status, answer in sorted(operation["responses"].items())
    )
    parts.append(
        _table("Answers", (_row(f"<code>{status}</code>", _answer(answer)) for status, answer in answers))
    )
    return "\n".join(parts) + "</article>"


def _parameter(parameter: Json) -> str:
    schema = parameter.get("schema", {})
    where = parameter["in"] + (", required" if parameter.get("required") else "")
    meaning = _prose(parameter.get("description", schema.get("description", "")))
    return _row(f"<code>{escape(parameter['name'])}</code>", f"{_type(schema)}, {where}{meaning}")


def _answer(answer: Json) -> str:
    content = answer.get("content", {})
    if _PROBLEM in content:
        codes = content[_PROBLEM].get("examples", {})
        return ", ".join(f'<a href="#error-{escape(code)}"><code>{escape(code)}</code></a>' for code in codes)
    types = dict.fromkeys(_type(part["schema"]) for part in content.values() if part.get("schema"))
    return ", ".join(types) or escape(answer.get("description", ""))


def _object(name: str, schema: Json) -> str:
    head = (
        f'<article id="object-{escape(name)}"><h3>{escape(name)}</h3>{_prose(schema.get("description", ""))}'
    )
    if schema.get("properties"):
        return head + _table("", _fields(schema)) + "</article>"
    return f"{head}<p>{_type(schema)}</p></article>"


def _fields(schema: Json) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        default = f", default <code>{escape(str(field['default']))}</code>" if "default" in field else ""
        must = ", required" if name in required else default
        yield _row(
            f"<code>{escape(name)}</code>", f"{_type(field)}{must}{_prose(field.get('description', ''))}"
        )


def _error(code: str, example: Json) -> str:
    value = example["value"]
    return (
        f'<tr id="error-{escape(code)}"><td><code>{escape(code)}</code></td><td>{value["status"]}</td>'
        f"<td>{escape(value['title'])}</td></tr>"
    )


def _table(title: str, rows: Iterable[str]) -> str:
    heading = f"<h4>{title}</h4>" if title else ""
    return f'{heading}<div class="scroll"><table><tbody>{"".join(rows)}</tbody></table></div>'


def _row(name: str, meaning: str) -> str:
    return f"<tr><td>{name}</td><td>{meaning}</td></tr>"


def _type(schema: Json) -> str:
    """What a value is, in words; an object by its name, with a link to it."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#object-{name}">{name}</a>'
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return " or ".join(dict.fromkeys(_type(part) for part in schema[union]))
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("format") or schema.get("type") or "any"))


def _prose(text: str) -> str:
    """Paragraphs and lists with `code` and **bold**, which is all that the document's descriptions use."""
    blocks = (block.strip() for block in re.split(r"\n\s*\n", text))
    return "".join(_block(block) for block in blocks if block)


def _block(text: str) -> str:
    lines = text.splitlines()
    if all(line.startswith(("- ", "  ")) for line in lines):
        entries = re.split(r"\n- ", text.removeprefix("- "))
        return f"<ul>{''.join(f'<li>{_inline(entry)}</li>' for entry in entries)}</ul>"
    return f"<p>{_inline(text)}</p>"


def _inline(text: str) -> str:
    marked = _CODE.sub(r"<code>\1</code>", escape(" ".join(text.split()), quote=False))
    return _BOLD.sub(r"<b>\1</b>", marked)
