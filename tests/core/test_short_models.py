"""An answer with all fields of another is that one and the rest; bodies and small answers stay as they are."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from fastapi import FastAPI

from gencharge.core.http.short_document import shorten
from gencharge.core.http.short_models import share_fields

TEXT = {"type": "string", "description": "A long description, so that it is worth to write it once."}


def schema(*fields: str, required: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: deepcopy(TEXT) for name in fields},
        "required": list(required),
    } | more


def test_an_answer_that_holds_another_refers_to_it() -> None:
    schemas = {
        "ParcelOut": schema("weight", "sender", required=("weight",)),
        "StaffParcelOut": schema(
            "weight", "sender", "shelf", required=("weight", "shelf"), description="For us."
        ),
    }
    share_fields(schemas)
    assert schemas["StaffParcelOut"] == {
        "allOf": [
            {"$ref": "#/components/schemas/ParcelOut"},
            {"type": "object", "properties": {"shelf": TEXT}, "required": ["shelf"]},
        ],
        "description": "For us.",
    }
    assert schemas["ParcelOut"] == schema("weight", "sender", required=("weight",))


def test_the_largest_of_several_is_referred_to() -> None:
    schemas = {"A": schema("a", "b"), "B": schema("a", "b", "c"), "C": schema("a", "b", "c", "d")}
    share_fields(schemas)
    assert schemas["C"]["allOf"][0] == {"$ref": "#/components/schemas/B"}
    assert schemas["B"]["allOf"][0] == {"$ref": "#/components/schemas/A"}


def test_what_differs_in_a_field_or_in_what_is_required_stays_whole() -> None:
    other = schema("a", "b", "c")
    other["properties"]["a"]["description"] = "Something else that is as long as the other description is."
    schemas = {"A": schema("a", "b"), "B": other, "C": schema("a", "b", "c", required=("a",))}
    before = deepcopy(schemas)
    share_fields(schemas)
    assert schemas == before


def test_a_body_that_refuses_other_fields_stays_whole() -> None:
    schemas = {"A": schema("a", "b"), "B": schema("a", "b", "c", additionalProperties=False)}
    before = deepcopy(schemas)
    share_fields(schemas)
    assert schemas == before


def test_each_answer_has_the_fields_that_it_has_in_the_whole_document(app: FastAPI) -> None:
    whole = app.openapi()
    short = shorten(whole)

    def fields(name: str) -> tuple[set[str], set[str]]:
        schema = short["components"]["schemas"][name]
        names, required = set(schema.get("properties", ())), set(schema.get("required", ()))
        for part in schema.get("allOf", ()):
            if "$ref" in part:
                base = fields(part["$ref"].rpartition("/")[2])
                names |= base[0]
                required |= base[1]
            else:
                names |= set(part["properties"])
                required |= set(part.get("required", ()))
        return names, required

    for name, schema in whole["components"]["schemas"].items():
        if "properties" in schema:
            assert fields(name) == (set(schema["properties"]), set(schema.get("required", ()))), name
    assert "allOf" in short["components"]["schemas"]["StaffRechargeOut"]
