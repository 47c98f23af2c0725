"""Each answer in JSON has an example that its schema allows; a field that nothing has an example of is named."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI

from gencharge.api.parts import PARTS
from gencharge.core.http.answer_examples import (
    FILE_OF_JSON,
    JSON,
    ExampleMissing,
    add_examples,
    example,
    id_of,
    json_answers,
    missing,
)
from gencharge.core.http.openapi import operations_of, resolved

Json = dict[str, Any]
TEXT: Json = {"type": "string"}


def document_of(schema: Json, **others: Json) -> Json:
    """A document with one answer of this schema."""
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Parcel"}}}}
    operation = {"operationId": "parcels_get", "responses": {"200": answer}}
    return {
        "paths": {"/parcels": {"get": operation}},
        "components": {"schemas": {"Parcel": schema} | others},
    }


def example_for(schema: Json, **others: Json) -> Any:
    document = document_of(schema, **others)
    return example(document, {"$ref": "#/components/schemas/Parcel"})


def fields(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


def wrong_examples(document: Json) -> list[str]:
    """What the examples of answers say that their schemas don't allow."""
    wrong = []
    for where, content in json_answers(document):
        shown = content["example"] if "example" in content else usual(document, content)
        whole = content["schema"] | {"components": document["components"]}
        check = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        wrong += [f"{where}: {error.message}" for error in check.iter_errors(shown)]
    return wrong


def usual(document: Json, content: Json) -> Any:
    return resolved(document, content["examples"]["usual"])["value"]


def test_each_answer_has_an_example(app: FastAPI) -> None:
    document = app.openapi()
    assert list(missing(document)) == []
    assert sum("example" in content for _, content in json_answers(document)) > 300


def test_each_example_is_allowed_by_its_schema(app: FastAPI) -> None:
    assert wrong_examples(app.openapi()) == []


def test_only_files_are_described_as_objects_without_fields(app: FastAPI) -> None:
    document = app.openapi()
    files = {
        operation["operationId"]: content
        for operation in operations_of(document)
        for answer in operation["responses"].values()
        for content in [resolved(document, answer).get("content", {})]
        if content.get(JSON, {}).get("schema") == FILE_OF_JSON
    }
    assert len(files) > 10
    # A report comes in other formats, too; an export has an example of its own.
    other = {name for name, content in files.items() if "text/csv" not in content}
    assert {name for name in other if "example" not in files[name][JSON]} == set()


def test_integrators_get_an_example_of_each_answer_and_the_staff_none(app: FastAPI) -> None:
    sent = PARTS["/openapi.json"](app.openapi())
    answers = [content for _, content in json_answers(sent)]
    assert len(answers) > 80
    assert [content for content in answers if not {"example", "examples"} & content.keys()] == []
    assert wrong_examples(sent) == []
    for path in ("/openapi-staff.json", "/openapi-running.json"):
        part = PARTS[path](app.openapi())
        assert not part["components"]["examples"]
        assert all("example" not in content for _, content in json_answers(part))


def test_an_example_that_the_schema_refuses_is_found() -> None:
    document = document_of(fields(plan_id={"type": "string", "format": "uuid"}))
    add_examples(document)
    assert wrong_examples(document) == []
    [(_, content)] = json_answers(document)
    content["example"]["plan_id"] = "plan 7"
    assert len(wrong_examples(document)) == 1


def test_a_field_that_nothing_has_an_example_of_is_named() -> None:
    document = document_of(fields(plan_id=TEXT | {"format": "uuid"}, colour_of_parcel=TEXT))
    add_examples(document)
    assert list(missing(document)) == ["parcels_get 200: Parcel.colour_of_parcel"]
    [(_, content)] = json_answers(document)
    assert "example" not in content
    with pytest.raises(ExampleMissing):
        example_for(fields(freight={"type": "object"}))


def test_a_fields_own_example_comes_before_the_words_of_its_name() -> None:
    assert example_for(fields(phone_number=TEXT | {"examples": ["+919000000001"]})) == {
        "phone_number": "+919000000001"
    }
    assert example_for(fields(phone_number=TEXT)) == {"phone_number": "+919876543210"}


def test_what_the_schema_leaves_no_choice_of_is_shown() -> None:
    shown = example_for(
        fields(
            kind={"const": "parcel"},
            state={"enum": ["sent", "lost"]},
            sent_at=TEXT | {"format": "date-time"},
            due_on=TEXT | {"format": "date"},
            fragile={"type": "boolean", "default": False},
            weight={"type": "integer", "minimum": 10},
            share={"type": "number", "maximum": 1},
            next_cursor={"anyOf": [TEXT, {"type": "null"}]},
            operators={"type": "array", "items": TEXT},
            by_operator={"type": "object", "additionalProperties": {"type": "integer"}},
        )
    )
    assert shown == {
        "kind": "parcel",
        "state": "sent",
        "sent_at": "2026-11-20T06:30:00Z",
        "due_on": "2026-11-20",
        "fragile": False,
        "weight": 10,
        "share": 1.0,
        "next_cursor": None,
        "operators": ["JIO"],
        "by_operator": {"JIO": 3},
    }


def test_a_tree_ends() -> None:
    here = {"$ref": "#/components/schemas/Parcel"}
    shown = example_for(
        fields(parts={"type": "array", "items": here}, holds={"anyOf": [here, {"type": "null"}]})
    )
    assert shown == {"parts": [], "holds": None}


def test_an_id_is_the_same_wherever_its_name_stands_and_another_names_is_not() -> None:
    identity = TEXT | {"format": "uuid"}
    first = example_for(fields(plan_id=identity, user_id=identity))
    assert first["plan_id"] == example_for(fields(plan_id=identity))["plan_id"] != first["user_id"]
    assert id_of("subscription_id") == id_of("recharge_id")


def test_a_file_and_an_example_that_is_there_already_stay_as_they_are() -> None:
    document = document_of(fields(plan_id=TEXT | {"format": "uuid"}))
    [(_, content)] = json_answers(document)
    content["example"] = {"plan_id": "own"}
    add_examples(document)
    assert content["example"] == {"plan_id": "own"}
    content["schema"] = FILE_OF_JSON
    assert len(list(json_answers(document))) == 1
    del content["example"]
    add_examples(document)
    assert "example" not in content
    assert list(json_answers(document)) == []
