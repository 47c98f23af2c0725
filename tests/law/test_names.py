"""Names on the wire: the rules of docs/API_CONVENTIONS.md that a test can check, on the OpenAPI document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import pytest

from gencharge.core.http.openapi import PROBLEM_JSON, resolved
from tests import one_document

Document = dict[str, Any]
Rule = Callable[[Document], Iterator[str]]
VERBS = {
    "GET": {"get", "list", "count", "look_up", "export", "live", "ready"},
    "PATCH": {"update"},
    "PUT": {"replace", "change", "correct", "assign"},
    "DELETE": {"delete", "archive", "end", "reset"},
}
# An id of another party, of no object, or one that is a secret: the words before `_id` say whose.
TEXT_IDS = re.compile(r"^(challenge|request|trace|actor|object|order|key|razorpay_\w+|gateway_\w+)_id$")
PEOPLE = re.compile(r"_by$")
INSTANT = re.compile(r"(_at|_from|_until|_since|^since|^at|^timestamp)$")
MONEY = re.compile(r"(^|_)(amount|price|balance|held|budget|total_paid|discount|cashback)$")
OLD = {
    "id": "<object>_id",
    "method": "payment_method",
    "from_date": "from",
    "to_date": "to",
    "from_day": "from",
    "to_day": "to",
    "date_from": "from",
    "date_to": "to",
}
# What the answer to a purchase repeats, because the specification names it so.
TWICE = {("SubscriptionOut", "subscription_id")}
# Of a version of terms, which is no lock.
VERSIONED_TERMS = re.compile(r"^(Staff)?(Plan|Offer)(Version)?(Out|Detail|Updated)$")
BARE = {"Reason", "Kind", "Status", "Method", "Direction", "Source", "Type", "Data", "Resolution", "Channel"}


@lru_cache
def document() -> Document:
    """The document of the whole application."""
    return one_document.plain_app().openapi()


def operations(doc: Document) -> Iterator[tuple[str, str, Document]]:
    """Method, path and operation of each route of a room."""
    for path, methods in doc["paths"].items():
        for method, operation in methods.items():
            if not path.startswith("/health"):
                yield method.upper(), path, operation


def fields(doc: Document) -> Iterator[tuple[str, str, Document]]:
    """Schema, name and type of each field of a body, an answer or a webhook, and of each parameter."""
    for schema, described in doc["components"]["schemas"].items():
        for name, kind in described.get("properties", {}).items():
            yield schema, name, kind
    for method, path, operation in operations(doc):
        for one in operation.get("parameters", ()):
            yield f"{method} {path}", one["name"], one["schema"]


def formats(kind: Document) -> set[str]:
    """The formats or types that a field may have, those of its alternatives included."""
    names = {str(kind.get("format") or kind.get("type"))}
    for part in (*kind.get("anyOf", ()), *([kind["items"]] if "items" in kind else [])):
        names |= formats(part)
    return names


def answer_of(doc: Document, operation: Document) -> Document:
    """The schema of the successful answer in JSON; nothing for a file."""
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            content = resolved(doc, response).get("content", {}).get("application/json", {})
            return resolved(doc, content.get("schema", {}))
    return {}


def misnamed_ids(doc: Document) -> Iterator[str]:
    """An id is called `<object>_id` (or `..._by` for a person) and is a UUID unless another party gave it."""
    for where, name, kind in fields(doc):
        uuid = formats(kind) & {"uuid"}
        if uuid and "array" not in formats(kind) and not (name.endswith("_id") or PEOPLE.search(name)):
            yield f"{where}: {name} is an id: call it <object>_id, or ..._by for the person who did it"
        if name.endswith("_id") and not uuid and not TEXT_IDS.match(name):
            yield f"{where}: {name} is no UUID: say whose id it is (gateway_..._id), or call it a code"


def old_names(doc: Document) -> Iterator[str]:
    """One word for one thing."""
    for where, name, _ in fields(doc):
        if name in OLD:
            yield f"{where}: {name} is called {OLD[name]} everywhere else"
        if name == "subscription_id" and (where, name) not in TWICE:
            yield f"{where}: subscription_id is called recharge_id everywhere else"
        if name in {"version", "revision"} and not VERSIONED_TERMS.match(where):
            yield f"{where}: {name} is no lock: take an If-Match, answer an etag (core.http.etags)"


def money_not_in_rupees(doc: Document) -> Iterator[str]:
    """Money is a number of rupees under its plain name, and no client has to divide floats to check it."""
    for where, name, kind in fields(doc):
        if name.endswith(("_paise", "_rupees")):
            yield f"{where}: {name}: outside, money is rupees under a name without the unit (core.values.money)"
        elif MONEY.search(name) and formats(kind) & {"integer", "string"}:
            yield f"{where}: {name} is money: its type is Money or SignedMoney"
        if "multipleOf" in str(kind):
            yield f"{where}: {name}: multipleOf breaks validators that calculate with floats; say it in words"


def instants_by_another_name(doc: Document) -> Iterator[str]:
    """The name of an instant says that it is one; `from` and `to` take a day or an instant, of days a day."""
    for where, name, kind in fields(doc):
        if name in {"from", "to"}:
            if "date" not in formats(kind):
                yield f"{where}: {name} takes a day or an instant: use core.http.history.Period"
        elif "date-time" in formats(kind) and not INSTANT.search(name):
            yield f"{where}: {name} is an instant: its name ends in _at, _from, _until or _since"


def examples_without_zone(doc: Document) -> Iterator[str]:
    """An instant in an example ends in Z, as in an answer."""
    for instant in re.findall(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}[^'\" ]*", str(doc)):
        if not instant.rstrip("`.,;)").endswith("Z"):
            yield f"the example {instant} does not end in Z"


def lists_without_pages(doc: Document) -> Iterator[str]:
    """A list is a page: `items` and `next_cursor` for `limit` and `cursor`; its function is called list_..."""
    for method, path, operation in operations(doc):
        answer, where = answer_of(doc, operation), f"{method} {path}"
        names = {one["name"] for one in operation.get("parameters", ())}
        page = {"items", "next_cursor", "total"} <= answer.get("properties", {}).keys()
        if answer.get("type") == "array" or (
            method == "GET" and "items" in answer.get("properties", {}) and not page
        ):
            yield f"{where} answers a list that is no page: answer Page[...], take PageParams or BoundedParams"
        if page and not {"limit", "cursor"} <= names:
            yield f"{where} answers a page, but takes no limit and cursor"
        if page != ("list" in operation["operationId"].split("_")):
            yield f"{where}: {operation['operationId']}: a function is called list_... exactly if it answers a page"


def errors_without_example(doc: Document) -> Iterator[str]:
    """Each error is a problem document with an example, written once for all routes."""
    for method, path, operation in operations(doc):
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            content = resolved(doc, response).get("content", {}).get(PROBLEM_JSON, {})
            for code, example in content.get("examples", {"": {}}).items():
                shown = resolved(doc, example).get("value", {})
                if (shown.get("code"), shown.get("status")) != (code, int(status)):
                    yield f"{method} {path} {status}: {code or 'no code'} has no example: use web.errors(...)"


def unreadable_operations(doc: Document) -> Iterator[str]:
    """An operation is the room and a verb: `plans_list`, below /admin `plans_staff_list`; each is unique."""
    ids = [operation["operationId"] for _, _, operation in operations(doc)]
    for name, count in Counter(ids).items():
        if count > 1:
            yield f"{name} names {count} operations: give the functions of the routes different names"
    for method, path, operation in operations(doc):
        name, room = operation["operationId"], operation["tags"][0].replace("-", "_")
        act = name.removeprefix(f"{room}_")
        if act == name or not re.fullmatch(r"[a-z]+(_[a-z]+)*", name) or len(name) > 45:
            yield f"{method} {path}: {name} is not <room>_<verb>: name the function of the route for what it does"
        if act.startswith("staff_") != ("/admin/" in f"{path}/"):
            yield f"{method} {path}: {name}: a function begins with staff_ exactly if its path has /admin"
        act = act.removeprefix("staff_")
        if method in VERBS and not act.startswith(tuple(VERBS[method])):
            yield f"{method} {path}: {name}: {method} is {', '.join(sorted(VERBS[method]))}"


def unreadable_schemas(doc: Document) -> Iterator[str]:
    """The name of a schema says what it is about, without the path of its module."""
    for name in doc["components"]["schemas"]:
        if not re.fullmatch(r"([A-Z][a-z]+)+", name) or name in BARE:
            yield f"{name}: name the class for what it is about (AdjustmentReason, not Reason), in plain CamelCase"


RULES: list[Rule] = [
    misnamed_ids,
    old_names,
    money_not_in_rupees,
    instants_by_another_name,
    examples_without_zone,
    lists_without_pages,
    errors_without_example,
    unreadable_operations,
    unreadable_schemas,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_document_keeps_the_conventions(rule: Rule) -> None:
    assert list(rule(document())) == [], rule.__doc__


def planted(
    *, method: str = "get", path: str = "/v1/plans", schemas: Document | None = None, **operation: Any
) -> Document:
    """A document with one route, and with what breaks a rule."""
    described = {"operationId": "plans_get", "tags": ["plans"], "responses": {"200": {}}} | operation
    return {"paths": {path: {method: described}}, "components": {"schemas": schemas or {}}}


def with_field(name: str, kind: Document) -> Document:
    return planted(schemas={"PlanOut": {"properties": {name: kind}}})


def with_parameter(name: str, kind: Document) -> Document:
    return planted(parameters=[{"name": name, "in": "query", "schema": kind}])


UUID, TEXT, WHOLE, INSTANTLY = (
    {"format": "uuid"},
    {"type": "string"},
    {"type": "integer"},
    {"format": "date-time"},
)
ARRAY = {"200": {"content": {"application/json": {"schema": {"type": "array"}}}}}
ITEMS = {"200": {"content": {"application/json": {"schema": {"properties": {"items": {}}}}}}}
PAGE_FIELDS: Document = {"items": {}, "next_cursor": {}, "total": {}}
PAGE = {"200": {"content": {"application/json": {"schema": {"properties": PAGE_FIELDS}}}}}
LIMITS = [{"name": name, "in": "query", "schema": WHOLE} for name in ("limit", "cursor")]
NO_EXAMPLE = {"404": {"content": {PROBLEM_JSON: {"examples": {"plan_not_found": {}}}}}}


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (misnamed_ids, with_field("owner", UUID)),
        (misnamed_ids, with_field("plan_id", TEXT)),
        (misnamed_ids, with_parameter("id", {"anyOf": [UUID, {"type": "null"}]})),
        (old_names, with_field("id", UUID)),
        (old_names, with_field("method", TEXT)),
        (old_names, with_parameter("from_date", INSTANTLY)),
        (old_names, with_field("subscription_id", UUID)),
        (old_names, planted(schemas={"PlanUpdate": {"properties": {"version": WHOLE}}})),
        (money_not_in_rupees, with_field("price_paise", WHOLE)),
        (money_not_in_rupees, with_field("amount", WHOLE)),
        (money_not_in_rupees, with_parameter("min_amount", TEXT)),
        (money_not_in_rupees, with_field("share", {"type": "number", "multipleOf": 0.01})),
        (instants_by_another_name, with_field("created", INSTANTLY)),
        (instants_by_another_name, with_parameter("from", INSTANTLY)),
        (examples_without_zone, with_field("created_at", {"examples": ["2026-11-20T10:00:00+05:30"]})),
        (lists_without_pages, planted(responses=ARRAY)),
        (lists_without_pages, planted(responses=ITEMS)),
        (lists_without_pages, planted(operationId="plans_list", responses=PAGE)),
        (lists_without_pages, planted(responses=PAGE, parameters=LIMITS)),
        (lists_without_pages, planted(operationId="plans_list")),
        (errors_without_example, planted(responses={"404": {}})),
        (errors_without_example, planted(responses=NO_EXAMPLE)),
        (unreadable_operations, planted(operationId="list_plans_v1_plans_get")),
        (unreadable_operations, planted(operationId="plans_staff_get")),
        (unreadable_operations, planted(path="/v1/plans/admin")),
        (unreadable_operations, planted(operationId="plans_show")),
        (unreadable_operations, planted(operationId="plans_edit", method="patch")),
        (unreadable_schemas, planted(schemas={"Page_PlanOut_": {}})),
        (unreadable_schemas, planted(schemas={"Reason": {}})),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_breaks_a_convention_is_found(rule: Rule, broken: Document) -> None:
    assert len(list(rule(broken))) == 1


def test_two_operations_of_one_name_are_found() -> None:
    broken = planted()
    broken["paths"]["/v1/plans/{plan_id}"] = broken["paths"]["/v1/plans"]
    assert len(list(unreadable_operations(broken))) == 1
