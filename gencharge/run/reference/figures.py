"""The page of the figures, from the OpenAPI document: what each one means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gencharge.run.reference import markdown

_PREFIX: Final = "/v1/analytics/"
_INTRODUCTION: Final = """
Days, weeks and months are those of India. A fact counts on the day on which it happened: a recharge that was sold on Monday and refunded on Friday is a sale of Monday and
a refund of Friday. `last_7_days` and the like end with yesterday, months go by the calendar date. Percentages of a distribution are of all its parts.
Figures of recharges are counted as their events are handed out, a moment later; those of customers, payments, autopay and referrals every five minutes, the
last five weeks once more each night; cohorts, segments and renewal rates each night; those of the staff, plans and offers when they are read. `gencharge rollup verify` compares what is kept with the tables, and money with the ledger.
""".strip()


def page(document: dict[str, Any]) -> Iterator[str]:
    """Each answer of `/v1/analytics/` with its figures and what they mean."""
    yield markdown.title("Figures")
    yield _INTRODUCTION + "\n"
    for path, methods in sorted(document["paths"].items()):
        schema = _answer(methods.get("get", {})) if path.startswith(_PREFIX) else None
        if schema is not None:
            yield f"## {path.removeprefix(_PREFIX)}\n"
            yield f"`GET {path}`: {methods['get'].get('summary', '')}\n"
            yield from markdown.table(("figure", "what it means"), _rows(schema, document, "", set()))


def _answer(operation: dict[str, Any]) -> dict[str, Any] | None:
    content = operation.get("responses", {}).get("200", {}).get("content", {})
    schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
    return schema


def _rows(
    schema: dict[str, Any], document: dict[str, Any], path: str, seen: set[str]
) -> Iterator[tuple[str, str]]:
    """A row for each field that says what it means. What comes again, such as the facts of a day, is described once."""
    name = _name_of(schema)
    if name is None or name in seen:
        return
    seen.add(name)
    part = document["components"]["schemas"][name]
    for field, about in part.get("properties", {}).items():
        inner = f"{path}.{field}" if path else field
        means = about.get("description")
        if means and (known := f"{field}: {means}") not in seen:
            seen.add(known)
            yield f"`{inner}`", means
        yield from _rows(about, document, inner, seen)


def _name_of(schema: dict[str, Any]) -> str | None:
    """The schema that a field, or each of its items, is described by."""
    for part in (schema, schema.get("items", {}), *schema.get("allOf", ()), *schema.get("anyOf", ())):
        if "$ref" in part:
            return str(part["$ref"]).rpartition("/")[2]
    return None
