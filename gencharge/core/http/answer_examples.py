"""An example of each answer in JSON, made from what the document says of its fields.

A field's own `examples` come first, then what the schema leaves no choice of (a constant, an enum, a format), then the words
of `core.http.answer_texts`. An id has the same value wherever its name stands, so that the plan of a recharge is the plan of
the list. A list has one entry. An answer with a text that nothing has an example of has none, and `missing` names the field.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Final

from gencharge.core.http.answer_texts import ABSENT, OF_FIELDS, OF_NAMES, OF_NUMBERS

Json = dict[str, Any]
JSON: Final = "application/json"
# A file of JSON: an object of which the document says no more, because its columns are chosen by who asks.
FILE_OF_JSON: Final[Json] = {"type": "object"}
_NULL: Final = {"type": "null"}
_LATER: Final = ("_until", "expires_at", "expiry", "due_at", "next_", "ends_at")
_NUMBERS: Final = frozenset({"integer", "number"})
# A count of which nothing else is known.
_FEW: Final = 3


class ExampleMissing(Exception):
    """A text that has no example: `Schema.field`."""


def add_examples(document: Json) -> None:
    """Give each answer in JSON its example, unless it has one."""
    for _, content in json_answers(document):
        if not {"example", "examples"} & content.keys():
            try:
                content["example"] = example(document, content["schema"])
            except ExampleMissing:
                continue


def missing(document: Json) -> Iterator[str]:
    """Each field that keeps an answer from having an example, with the operation."""
    for where, content in json_answers(document):
        if not {"example", "examples"} & content.keys():
            try:
                example(document, content["schema"])
            except ExampleMissing as field:
                yield f"{where}: {field}"


def json_answers(document: Json) -> Iterator[tuple[str, Json]]:
    """The JSON of each answer that is no problem document, with its operation and status; without files of JSON that have no example."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                content = _resolved(document, answer).get("content", {}).get(JSON)
                if content is not None and (content["schema"] != FILE_OF_JSON or "example" in content):
                    yield f"{operation['operationId']} {status}", content


def example(document: Json, schema: Json) -> Any:
    """An example of the schema. Raises ExampleMissing."""
    return _Maker(document).make(schema, "", "")


class _Maker:
    """Makes one example; `inside` are the schemas that it stands in, so that a tree ends."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.inside: list[str] = []

    def make(self, schema: Json, owner: str, name: str) -> Any:
        """An example of the field `name` of the schema `owner`."""
        if f"{owner}.{name}" in OF_FIELDS:
            return OF_FIELDS[f"{owner}.{name}"]
        if name in OF_NUMBERS and schema.get("type") in _NUMBERS:
            return _within(schema, OF_NUMBERS[name])
        if "examples" in schema:
            return schema["examples"][0]
        if "$ref" in schema:
            return self._named(schema, name)
        union = schema.get("anyOf") or schema.get("oneOf")
        if union:
            return self._one_of(union, owner, name)
        if "allOf" in schema:
            return self.make(schema["allOf"][0], owner, name)
        return self._plain(schema, owner, name)

    def _plain(self, schema: Json, owner: str, name: str) -> Any:
        """Of a schema that says the value's type, or the only values that there are."""
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type")
        if kind == "array":
            return self._list(schema, owner, name)
        if kind == "object":
            return self._object(schema, owner, name)
        if kind in _NUMBERS:
            return _number(schema)
        if kind == "boolean":
            return schema.get("default", True)
        if kind == "null":
            return None
        return _text(schema, owner, name)

    def _named(self, schema: Json, name: str) -> Any:
        target = schema["$ref"].rpartition("/")[2]
        if target in self.inside:
            raise _Endless
        self.inside.append(target)
        try:
            whole = _resolved(self.document, schema)
            return self.make(whole, target if "properties" in whole else "", name)
        finally:
            self.inside.pop()

    def _one_of(self, union: list[Json], owner: str, name: str) -> Any:
        values = [part for part in union if part != _NULL]
        may_be_null = len(values) < len(union)
        if may_be_null and name in ABSENT:
            return None
        try:
            return self.make(values[0], owner, name)
        except _Endless:
            if may_be_null:
                return None
            raise

    def _list(self, schema: Json, owner: str, name: str) -> Any:
        if isinstance(OF_NAMES.get(name), list) and schema["items"].get("type") == "string":
            return OF_NAMES[name]
        if "prefixItems" in schema:
            return [self.make(part, owner, name) for part in schema["prefixItems"]]
        try:
            return [self.make(schema["items"], owner, name.removesuffix("s"))]
        except _Endless:
            return []

    def _object(self, schema: Json, owner: str, name: str) -> Any:
        if "properties" in schema:
            return {field: self.make(part, owner, field) for field, part in schema["properties"].items()}
        if isinstance(OF_NAMES.get(name), dict):
            return OF_NAMES[name]
        values = schema.get("additionalProperties")
        if not isinstance(values, dict):
            raise ExampleMissing(f"{owner}.{name}")
        key = self.make(schema["propertyNames"], owner, name) if "propertyNames" in schema else None
        return {key or "JIO": self.make(values, owner, name)}


class _Endless(Exception):
    """A schema inside itself."""


def _number(schema: Json) -> int | float:
    if schema.get("default") is not None:
        return schema["default"]  # type: ignore[no-any-return]
    return _within(schema, _FEW)


def _within(schema: Json, value: float) -> int | float:
    """The value, or the nearest one that the schema allows."""
    value = max(value, schema.get("minimum", value), schema.get("exclusiveMinimum", value - 1) + 1)
    value = min(value, schema.get("maximum", value))
    return int(value) if schema["type"] == "integer" else float(value)


def _text(schema: Json, owner: str, name: str) -> Any:
    form = schema.get("format")
    if form == "uuid":
        return id_of(name)
    if form == "date-time":
        return "2026-12-17T18:29:59Z" if any(part in name for part in _LATER) else "2026-11-20T06:30:00Z"
    if form == "date":
        return "2026-11-20"
    if form == "time":
        return "10:00:00"
    if form == "email":
        return "asha@example.com"
    if name in OF_NAMES:
        return OF_NAMES[name]
    raise ExampleMissing(f"{owner}.{name}")


def id_of(name: str) -> str:
    """An id for `plan_id`, which is the same in all examples. Ids are UUIDs of version 7. A subscription is a recharge."""
    name = "recharge_id" if name == "subscription_id" else name
    digest = blake2b(name.removesuffix("_id").encode(), digest_size=6).hexdigest()
    return f"0198c0de-0000-7000-8000-{digest}"


def _resolved(document: Json, part: Json) -> Json:
    while "$ref" in part:
        target: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = target
    return part
