"""Measure what the documents of the API weigh, and what in them: `python -m bench document`.

A row for each kind of part, a column for each document that is sent, in bytes of JSON without blanks. A part is counted where
it stands: a description inside of a schema counts for both. Nothing is asked for and no server runs, so other work on the
machine changes nothing.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from gencharge.api.main import create_app
from gencharge.api.parts import PARTS
from gencharge.core.http.openapi import PROBLEM_JSON, objects_of, operations_of, resolved
from gencharge.core.http.short_document import shorten
from gencharge.core.settings import Settings

Json = dict[str, Any]
_TOTAL: Final = ("bytes", "bytes compressed", "operations")
# Of objects anywhere in the document, by the key.
_ANYWHERE: Final = {
    "description": "descriptions",
    "summary": "summaries",
    "examples": "examples",
    "example": "examples",
    "title": "titles",
    "required": "required fields",
    "enum": "enums",
    "$ref": "references",
}
_OF_COMPONENTS: Final = ("schemas", "responses", "parameters", "headers", "links")
_OF_OPERATIONS: Final = ("parameters", "requestBody", "security", "operationId", "tags")


def _size(part: Any) -> int:
    return len(orjson.dumps(part))


def weigh(document: Json) -> Counter[str]:
    """The bytes of each kind of part of a document."""
    sizes: Counter[str] = Counter()
    raw = orjson.dumps(document)
    sizes.update({"bytes": len(raw), "bytes compressed": len(gzip.compress(raw))})
    for kind in _OF_COMPONENTS:
        sizes[f"components: {kind}"] = _size(document["components"].get(kind, {}))
    for operation in operations_of(document):
        sizes["operations"] += 1
        for kind in _OF_OPERATIONS:
            if kind in operation:
                sizes[f"operations: {kind}"] += _size(operation[kind])
        for response in operation["responses"].values():
            is_error = PROBLEM_JSON in resolved(document, response).get("content", {})
            sizes[f"operations: {'errors' if is_error else 'answers'}"] += _size(response)
    for node in objects_of(document):
        for key, value in node.items():
            # A field of an object may be called `description`.
            if key in _ANYWHERE and not isinstance(value, dict):
                sizes[_ANYWHERE[key]] += len(key) + 4 + _size(value)
    sizes["lists of error codes"] = sum(
        _size(node["description"])
        for node in objects_of(document)
        if PROBLEM_JSON in node.get("content", {}) and "description" in node
    )
    return sizes


def documents() -> dict[str, Json]:
    """The whole document, shortened, and each part that is sent."""
    whole = create_app(Settings(_env_file=None)).openapi()  # type: ignore[call-arg]
    return {"all": shorten(whole)} | {path: take(whole) for path, take in PARTS.items()}


def main(words: Sequence[str] = ()) -> None:
    """Print the table."""
    del words
    weights = {name: weigh(document) for name, document in documents().items()}
    table = Table("part", *weights)
    names = {name for sizes in weights.values() for name in sizes} - set(_TOTAL)
    for name in [*_TOTAL, *sorted(names, key=lambda name: -weights["all"][name])]:
        table.add_row(name, *(f"{sizes[name]:,}" for sizes in weights.values()))
    console = Console()
    console.width = max(console.width, 110)
    console.print(table)


if __name__ == "__main__":
    main()
