"""What a generator of clients and a reader need of the document: values that are closed say so, parameters are described,
null stands exactly where null is taken, and nothing is there in vain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from gencharge.api.parts import PARTS
from gencharge.core.http.answer_examples import FILE_OF_JSON
from gencharge.core.http.answer_headers import COMMON
from gencharge.core.http.openapi import objects_of, operations_of, resolved
from gencharge.core.http.short_document import shorten

Document = dict[str, Any]
Rule = Callable[[Document], Iterator[str]]
# Components that are named otherwise than by a reference.
_BY_NAME = {"securitySchemes", "examples"}


def parameters_of(document: Document) -> Iterator[tuple[str, Document]]:
    """Each parameter, with the operation that takes it."""
    for operation in operations_of(document):
        for parameter in operation.get("parameters", ()):
            yield operation["operationId"], resolved(document, parameter)


def bodies_of(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Each field of what is sent to us: the schema, the field and its kind."""
    waiting = [
        operation["requestBody"] for operation in operations_of(document) if "requestBody" in operation
    ]
    seen: set[str] = set()
    while waiting:
        for node in objects_of(waiting.pop()):
            target = str(node.get("$ref", ""))
            if target and target not in seen:
                seen.add(target)
                schema = resolved(document, node)
                waiting.append(schema)
                for name, kind in schema.get("properties", {}).items():
                    yield target.rpartition("/")[2], name, kind


def undescribed_parameters(document: Document) -> Iterator[str]:
    """Each parameter says what it means: in its route, or in core.http.parameter_texts."""
    for where, parameter in parameters_of(document):
        schema = resolved(document, parameter["schema"])
        if not parameter.get("description") and "description" not in parameter["schema"] | schema:
            yield f"{where}: {parameter['name']} ({parameter['in']})"


def open_phone_numbers(document: Document) -> Iterator[str]:
    """A phone number that is sent to us is a MobileNumber, whose pattern the document shows."""
    sent = [(where, one["name"], one["schema"]) for where, one in parameters_of(document)]
    for where, name, kind in [*sent, *bodies_of(document)]:
        if name == "phone_number" and "pattern" not in str(kind) and "$ref" not in str(kind):
            yield f"{where}: {name} has no pattern"


def open_codes(document: Document) -> Iterator[str]:
    """The code of an operator or a circle that is sent to us is an OperatorCode or a CircleCode (core.values.codes), whose pattern
    the document shows, or an enum."""
    sent = [(where, one["name"], one["schema"]) for where, one in parameters_of(document)]
    for where, name, kind in [*sent, *bodies_of(document)]:
        is_code = name in {"operator", "circle", "operators", "circles", "operator_scope"}
        if is_code and not any(word in str(kind) for word in ("'pattern'", "'enum'", "$ref")):
            yield f"{where}: {name} has no pattern"


def open_event_names(document: Document) -> Iterator[str]:
    """What an endpoint subscribes to is one of the messages that there are."""
    for where, name, kind in bodies_of(document):
        if name == "events" and kind.get("items", {}).get("type") == "string" and "enum" not in kind["items"]:
            yield f"{where}: {name} has no enum"


def open_error_codes(document: Document) -> Iterator[str]:
    """The code of a problem document is one of those that there are."""
    code = resolved(document, document["components"]["schemas"]["ProblemOut"]["properties"]["code"])
    if not code.get("enum"):
        yield "ProblemOut: code has no enum"


def fractions_of_rupees(document: Document) -> Iterator[str]:
    """No validator has to divide binary fractions: 19.99 is no multiple of 0.01 in them."""
    for node in objects_of(document):
        if "multipleOf" in node:
            yield f"multipleOf in {node}"


def unused_components(document: Document) -> Iterator[str]:
    """What nothing refers to is not in the document."""
    used = {str(node.get("$ref")) for node in objects_of(document)}
    for kind, parts in document["components"].items():
        for name in parts if kind not in _BY_NAME else ():
            if f"#/components/{kind}/{name}" not in used:
                yield f"components/{kind}/{name}"


def unnamed_headers(document: Document) -> Iterator[str]:
    """Each answer names the headers that every answer has, by core.http.answer_headers."""
    for where, status, answer in answers_of(document):
        if missing := set(COMMON) - answer.get("headers", {}).keys():
            yield f"{where} {status}: {', '.join(sorted(missing))}"


def undescribed_headers(document: Document) -> Iterator[str]:
    """Each header that an answer names says what it means (core.http.openapi)."""
    for where, status, answer in answers_of(document):
        for name, header in answer.get("headers", {}).items():
            if not resolved(document, header).get("description"):
                yield f"{where} {status}: {name}"


def unlinked_answers(document: Document) -> Iterator[str]:
    """What was made links to what reads it, and a page links to the next one (core.http.answer_links)."""
    for where, status, answer in answers_of(document):
        content = answer.get("content", {}).get("application/json", {}).get("schema", {})
        fields = resolved(document, content).get("properties", {})
        if "Location" in answer.get("headers", {}) and "read" not in answer.get("links", {}):
            yield f"{where} {status}: no link to what reads it"
        if status == "200" and "next_cursor" in fields and "next" not in answer.get("links", {}):
            yield f"{where} {status}: no link to the next page"


def answers_without_example(document: Document) -> Iterator[str]:
    """Each answer in JSON has an example: of a field's own words, or those of core.http.answer_texts."""
    for where, status, answer in answers_of(document):
        contents = answer.get("content", {})
        for kind, content in contents.items():
            is_json = kind in {"application/json", "application/problem+json"}
            # A report: one file in several formats.
            is_file = content.get("schema") == FILE_OF_JSON and "text/csv" in contents
            if is_json and not is_file and not {"example", "examples"} & content.keys():
                yield f"{where} {status}"


def answers_of(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Each answer, with its operation and status."""
    for operation in operations_of(document):
        for status, answer in operation.get("responses", {}).items():
            yield operation["operationId"], status, resolved(document, answer)


# What the parts that are sent leave out, because it is the same at each answer.
RULES_OF_THE_WHOLE: list[Rule] = [
    unnamed_headers,
    undescribed_headers,
    unlinked_answers,
    answers_without_example,
]
RULES: list[Rule] = [
    undescribed_parameters,
    open_phone_numbers,
    open_codes,
    open_event_names,
    open_error_codes,
    fractions_of_rupees,
    unused_components,
]


@pytest.fixture(scope="module")
def documents(app: FastAPI) -> list[Document]:
    whole = app.openapi()
    return [whole, shorten(whole), *(take(whole) for take in PARTS.values())]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_document_tells_generators_what_they_need(rule: Rule, documents: list[Document]) -> None:
    for document in documents:
        assert list(rule(document)) == [], rule.__doc__


@pytest.mark.parametrize("rule", RULES_OF_THE_WHOLE, ids=lambda rule: rule.__name__)
def test_the_whole_document_says_of_each_answer_what_it_has(rule: Rule, documents: list[Document]) -> None:
    assert list(rule(documents[0])) == [], rule.__doc__


def test_the_customers_part_keeps_descriptions_links_and_examples(documents: list[Document]) -> None:
    customers = documents[2]
    assert list(undescribed_headers(customers)) == []
    assert list(answers_without_example(without_problems(customers))) == []
    assert [each for each in unlinked_answers(customers) if not each.endswith("next page")] == []
    assert COMMON[0] not in str(customers["paths"]), "they would stand in a thousand places"


def without_problems(document: Document) -> Document:
    """The same without problem documents, whose examples are the pages of the errors."""
    answered = {
        path: {
            method: operation
            | {
                "responses": {
                    status: answer
                    for status, answer in operation["responses"].items()
                    if status.startswith("2")
                }
            }
            for method, operation in methods.items()
        }
        for path, methods in document["paths"].items()
    }
    return document | {"paths": answered}


ANSWER: Document = {
    "headers": {name: {"description": "It."} for name in COMMON},
    "content": {"application/json": {"schema": {"type": "object"}, "example": {}}},
}
PAGE = {"type": "object", "properties": {"next_cursor": {"type": "string"}}}


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        (unnamed_headers, ANSWER | {"headers": {}}),
        (undescribed_headers, ANSWER | {"headers": {"ETag": {}}}),
        (unlinked_answers, ANSWER | {"headers": {"Location": {"description": "Where."}}}),
        (unlinked_answers, ANSWER | {"content": {"application/json": {"schema": PAGE, "example": {}}}}),
        (answers_without_example, ANSWER | {"content": {"application/json": {"schema": {"type": "object"}}}}),
        (answers_without_example, ANSWER | {"content": {"application/problem+json": {"schema": {}}}}),
    ],
)
def test_an_answer_that_lacks_something_is_found(rule: Rule, answer: Document) -> None:
    document = planted()
    [operation] = operations_of(document)
    operation["responses"] = {"200": ANSWER}
    assert list(rule(document)) == []
    operation["responses"] = {"200": answer}
    assert len(list(rule(document))) == 1


def planted(*, parameter: Document | None = None, field: tuple[str, Document] | None = None) -> Document:
    """A document with one operation that breaks a rule."""
    problem = {"properties": {"code": {"type": "string", "enum": ["a"]}}}
    operation: Document = {"operationId": "plans_list", "parameters": [parameter] if parameter else []}
    schemas: Document = {"ProblemOut": problem}
    if field:
        operation["requestBody"] = {"schema": {"$ref": "#/components/schemas/Command"}}
        schemas["Command"] = {"properties": dict([field])}
    return {"paths": {"/v1/plans": {"post": operation}}, "components": {"schemas": schemas}}


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (undescribed_parameters, planted(parameter={"name": "x", "in": "query", "schema": TEXT})),
        (
            open_phone_numbers,
            planted(parameter={"name": "phone_number", "in": "query", "schema": TEXT, "description": "?"}),
        ),
        (open_phone_numbers, planted(field=("phone_number", TEXT))),
        (open_codes, planted(field=("operator", TEXT))),
        (
            open_codes,
            planted(parameter={"name": "circle", "in": "query", "schema": TEXT, "description": "?"}),
        ),
        (open_event_names, planted(field=("events", {"type": "array", "items": TEXT}))),
        (fractions_of_rupees, planted(field=("amount", {"type": "number", "multipleOf": 0.01}))),
        (unused_components, planted()),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_breaks_a_rule_is_found(rule: Rule, broken: Document) -> None:
    assert len(list(rule(broken))) == 1


def test_an_open_error_code_is_found() -> None:
    broken = planted()
    broken["components"]["schemas"]["ProblemOut"]["properties"]["code"] = TEXT
    assert list(open_error_codes(broken)) == ["ProblemOut: code has no enum"]


def bodies(app: FastAPI) -> Iterator[type[BaseModel]]:
    """The class of each JSON body, each once."""
    seen: set[type] = set()
    for route in app.routes:
        field = route.body_field if isinstance(route, APIRoute) else None
        model = field.field_info.annotation if field else None
        if isinstance(model, type) and issubclass(model, BaseModel) and model not in seen:
            seen.add(model)
            yield model


def takes_null(model: type[BaseModel], name: str) -> bool:
    """Whether the body takes `null` in this field, whatever else it misses."""
    try:
        model.model_validate_json(f'{{"{name}": null}}')
    except ValidationError as refused:
        return not any(error["loc"][:1] == (name,) for error in refused.errors())
    return True


def nullable(schema: Document) -> bool:
    return {"type": "null"} in schema.get("anyOf", ()) or "null" in str(schema.get("type", ""))


def test_a_field_is_nullable_exactly_where_null_is_taken(app: FastAPI) -> None:
    fields, wrong = 0, []
    for model in bodies(app):
        for name, schema in model.model_json_schema().get("properties", {}).items():
            fields += 1
            if "$ref" not in schema and nullable(schema) != takes_null(model, name):
                wrong.append(f"{model.__name__}.{name}: the document and the check of null differ")
    assert wrong == []
    assert fields > 200


class Rejecting(BaseModel):
    """A body of which one field refuses what its schema says."""

    amount: int | None = None
    name: str


def test_a_null_that_is_refused_is_found() -> None:
    assert (takes_null(Rejecting, "amount"), takes_null(Rejecting, "name")) == (True, False)
    assert nullable(Rejecting.model_json_schema()["properties"]["amount"])
