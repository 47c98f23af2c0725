"""Answers that hold all that another answer holds, and more: the document writes the common fields once.

`StaffRechargeOut` is `RechargeOut` and what only the staff see. In the document it is `allOf` the smaller one and the fields
that it adds; generators make a class with all fields of it. Bodies that refuse unknown fields stay as they are, because
`additionalProperties: false` looks at the fields beside it only.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

Json = dict[str, Any]
# What `{"allOf": [{"$ref": ...}, ...]}` costs, in bytes.
_COST: Final = 80


def share_fields(schemas: dict[str, Json]) -> None:
    """Write each answer that has all fields of another as `allOf` that one and the rest."""
    fields = {name: _fields(schema) for name, schema in schemas.items() if _is_plain(schema)}
    bases = {name: base for name in fields if (base := _base(name, fields)) is not None}
    for name, base in bases.items():
        schema = schemas[name]
        shared = fields[base].keys()
        rest = {key: value for key, value in schema["properties"].items() if key not in shared}
        required = [key for key in schema.get("required", ()) if key in rest]
        own: Json = {"type": "object", "properties": rest} | ({"required": required} if required else {})
        whole: Json = {"allOf": [{"$ref": f"#/components/schemas/{base}"}, own]}
        if "description" in schema:
            whole["description"] = schema["description"]
        schemas[name] = whole


def _is_plain(schema: Json) -> bool:
    return schema.get("type") == "object" and schema.keys() <= {
        "type",
        "properties",
        "required",
        "description",
    }


def _fields(schema: Json) -> dict[str, bytes]:
    """Each field as it is written, and whether an answer must have it."""
    required = schema.get("required", ())
    return {
        name: orjson.dumps([field, name in required], option=orjson.OPT_SORT_KEYS)
        for name, field in schema.get("properties", {}).items()
    }


def _base(name: str, fields: dict[str, dict[str, bytes]]) -> str | None:
    """The answer that has the most of this one's fields and no others; None if nothing is won by naming it."""
    own = fields[name]
    candidates = [
        (sum(len(key) + len(value) for key, value in other.items()), base)
        for base, other in fields.items()
        if 0 < len(other) < len(own) and other.items() <= own.items()
    ]
    size, base = max(candidates, default=(0, None))
    return base if size > _COST else None
