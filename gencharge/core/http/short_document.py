"""The OpenAPI document as it is sent: small, and each thing said once.

The whole document (`openapi.complete`) has each parameter in its place and an example of each error, for the pages that
are made of it. What goes out names the codes of each error response; what a code means is said by its page
(`/errors/{code}`) and by the enum of all codes. It goes out in parts, for customers and for the staff (decision 0048).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson

from gencharge.core.http.answer_examples import json_answers
from gencharge.core.http.answer_headers import drop_common
from gencharge.core.http.answer_links import drop_broken, drop_next
from gencharge.core.http.openapi import PROBLEM_JSON, objects_of, operations_of, resolved
from gencharge.core.http.short_models import share_fields

Json = dict[str, Any]
# What an answer's only example is called.
_USUAL: Final = "usual"
# Every route of the staff may answer it.
_ADMINS_ONLY: Final = "admins_only"
# Operations that have a parameter or a response, from which on it is written once.
_SHARED_FROM: Final = 2
# Of a reference to a shared response, which stands in hundreds of places.
_LONGEST_NAME: Final = 24
# Values that stand in dozens of objects, by the description that each of them has.
_NAMED: Final = {
    "Rupees, at most two decimals.": "Rupees",
    "Rupees with two decimals; may be negative.": "SignedRupees",
    "Give it as `cursor` for the next page; null on the last one.": "NextCursor",
    "Only with `include_total=true`.": "Total",
    'Changes with the object. Send it as `If-Match: "<etag>"` with a change.': "Etag",
    "Your own name for it, such as an order number: unique among what you make of this kind, for ever. In answers, lists,"
    " webhooks and reports. Readable by the staff, so put no personal data into it.": "OwnReference",
    "Up to 10 short texts of your own, given back with it and in webhooks. Encrypted where they are kept.": "OwnMetadata",
    "What the caller noted; null for staff without `PersonalData:read`.": "Metadata",
    "Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.": "PhoneNumber",
}


def shorten(document: Json) -> Json:
    """A copy of the document that says the same in less space. The document itself stays as it is."""
    short: Json = orjson.loads(orjson.dumps(document))
    _drop_error_examples(short)
    _share_examples(short)
    for node in objects_of(short):
        _merge_null(node)
    _share_values(short)
    _share_responses(short)
    _share_parameters(short)
    share_fields(short["components"]["schemas"])
    return short


def for_customers(document: Json) -> Json:
    """A short document of what customers, visitors and partners may call: what answers `admins_only` is left out."""
    return _part(document, lambda _tag, is_staffs: not is_staffs)


def for_staff(document: Json, has_tag: Callable[[str], bool]) -> Json:
    """A short document of what only the staff may call, in the rooms whose tag is one of those.

    Without webhooks and without examples of answers: integrators get them.
    """
    return _part(document, lambda tag, is_staffs: is_staffs and has_tag(tag), is_for_integrators=False)


def _part(document: Json, keeps: Callable[[str, bool], bool], *, is_for_integrators: bool = True) -> Json:
    """A short document of the operations that `keeps` wants, by their tag and whether only the staff may call them."""
    short: Json = orjson.loads(orjson.dumps(document))
    if not is_for_integrators:
        short.pop("webhooks", None)
        for _, content in json_answers(short):
            content.pop("example", None)
    for path, methods in list(short["paths"].items()):
        for method, operation in list(methods.items()):
            if not keeps(operation["tags"][0], _ADMINS_ONLY in _codes(short, operation)):
                del methods[method]
        if not methods:
            del short["paths"][path]
    drop_broken(short)
    drop_next(short)
    drop_common(short)
    used = {operation["tags"][0] for operation in operations_of(short)}
    short["tags"] = [tag for tag in short.get("tags", ()) if tag["name"] in used]
    # Before, so that no field is shared with an answer that is left out, and after, for what is shared once less.
    _prune(short)
    short = shorten(short)
    _prune(short)
    return short


def _codes(document: Json, operation: Json) -> set[str]:
    answers = (resolved(document, answer) for answer in operation["responses"].values())
    return {
        code
        for answer in answers
        for code in answer.get("content", {}).get(PROBLEM_JSON, {}).get("examples", ())
    }


def _prune(short: Json) -> None:
    """Leave out the components that nothing refers to any more."""
    components = short["components"]
    referred = _referred(short, [short["paths"], short.get("webhooks", {})])
    for kind in ("schemas", "responses", "parameters", "headers", "examples"):
        components[kind] = {
            name: part
            for name, part in components.get(kind, {}).items()
            if f"#/components/{kind}/{name}" in referred
        }


def _referred(short: Json, parts: list[Any]) -> set[str]:
    """What these parts refer to, and what that refers to, and so on."""
    referred: set[str] = set()
    waiting = list(parts)
    while waiting:
        for node in objects_of(waiting.pop()):
            target = node.get("$ref")
            if isinstance(target, str) and target not in referred:
                referred.add(target)
                waiting.append(resolved(short, node))
    return referred


def _drop_error_examples(short: Json) -> None:
    short["components"].pop("examples", None)
    for node in objects_of(short):
        problem = node.get(PROBLEM_JSON)
        if isinstance(problem, dict):
            problem.pop("examples", None)


def _share_examples(short: Json) -> None:
    """Write the example of an answer once, under the name of its schema. A field of an answer needs no example of its own then."""
    shared: Json = {}
    for _, content in json_answers(short):
        name = str(content["schema"].get("$ref", "")).rpartition("/")[2]
        if (
            name
            and "example" in content
            and shared.setdefault(name, content["example"]) == content["example"]
        ):
            del content["example"]
            content["examples"] = {_USUAL: {"$ref": f"#/components/examples/{name}"}}
    if not shared:
        return
    short["components"]["examples"] = {name: {"value": value} for name, value in sorted(shared.items())}
    requests = [operation | {"responses": {}} for operation in operations_of(short)]
    sent = _referred(short, [*requests, short.get("webhooks", {})])
    for name, schema in short["components"]["schemas"].items():
        if f"#/components/schemas/{name}" not in sent:
            for field in schema.get("properties", {}).values():
                field.pop("examples", None)


def _merge_null(node: Json) -> None:
    """Write "text or null" as one type with two names (JSON Schema 2020-12), if nothing else is said of the text."""
    union = node.get("anyOf")
    if not isinstance(union, list) or len(union) != 2 or {"type": "null"} not in union:
        return
    value = next(part for part in union if part != {"type": "null"})
    plain = isinstance(value.get("type"), str) and not {"enum", "const", "description"} & value.keys()
    if plain and value["type"] not in {"object", "array"}:
        del node["anyOf"]
        node.update(value, type=[value["type"], "null"])


def _share_values(short: Json) -> None:
    """Give the values of `_NAMED` a name. One with a description of its own keeps that beside the reference."""
    schemas = short["components"]["schemas"]
    forms: dict[str, Counter[bytes]] = {name: Counter() for name in _NAMED.values()}
    for node in objects_of(short):
        name = _NAMED.get(str(node.get("description")))
        if name is not None and _is_schema(node):
            forms[name][orjson.dumps(_bare(node), option=orjson.OPT_SORT_KEYS)] += 1
    chosen = {counted.most_common(1)[0][0]: name for name, counted in forms.items() if counted}
    for node in list(objects_of(short)):
        if not _is_schema(node):
            continue
        bare = _bare(node)
        name = chosen.get(orjson.dumps(bare, option=orjson.OPT_SORT_KEYS))
        description = node.get("description")
        # Any text is a text like an ETag: such values are told apart by their description only.
        if name is None or (len(bare) == 1 and _NAMED.get(str(description)) != name):
            continue
        whole = bare | {"description": next(text for text, one in _NAMED.items() if one == name)}
        schemas.setdefault(name, whole)
        node.clear()
        node["$ref"] = f"#/components/schemas/{name}"
        if description is not None and description != whole["description"]:
            node["description"] = description
    short["components"]["schemas"] = dict(sorted(schemas.items()))


def _is_schema(node: Json) -> bool:
    """Whether it says of which type a value is. Properties of an object may be called `type`, too."""
    return isinstance(node.get("type"), str | list) or isinstance(node.get("anyOf"), list)


def _bare(node: Json) -> Json:
    return {key: value for key, value in node.items() if key not in {"description", "examples"}}


def _share_responses(short: Json) -> None:
    """Write a response that several operations have once, under the first of its codes or its schema's name."""
    components = short["components"]
    known = components.pop("responses", {})
    uses: Counter[bytes] = Counter()
    for responses in _responses(short):
        for status, response in responses.items():
            whole = known[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
            responses[status] = whole
            uses[orjson.dumps(whole)] += 1
    names: dict[bytes, str] = {}
    for written, count in sorted(uses.items()):
        if count >= _SHARED_FROM:
            names[written] = _free_name(_response_name(orjson.loads(written)), names.values())
    for responses in _responses(short):
        for status, response in responses.items():
            name = names.get(orjson.dumps(response))
            if name is not None:
                responses[status] = {"$ref": f"#/components/responses/{name}"}
    components["responses"] = {name: orjson.loads(written) for written, name in names.items()}


def _response_name(response: Json) -> str:
    content = response.get("content", {})
    if PROBLEM_JSON in content:
        return str(response["description"]).split("`")[1][:_LONGEST_NAME]
    for part in content.values():
        if "$ref" in part.get("schema", {}):
            return str(part["schema"]["$ref"]).rpartition("/")[2]
    return "answer" if content else "empty"


def _share_parameters(short: Json) -> None:
    uses = Counter(
        orjson.dumps(parameter)
        for operation in operations_of(short)
        for parameter in operation.get("parameters", ())
    )
    shared: dict[bytes, str] = {}
    for written in sorted(written for written, count in uses.items() if count >= _SHARED_FROM):
        shared[written] = _free_name(orjson.loads(written)["name"].replace("-", ""), shared.values())
    for operation in operations_of(short):
        for place, parameter in enumerate(operation.get("parameters", ())):
            name = shared.get(orjson.dumps(parameter))
            if name is not None:
                operation["parameters"][place] = {"$ref": f"#/components/parameters/{name}"}
    short["components"]["parameters"] = {name: orjson.loads(written) for written, name in shared.items()}


def _free_name(name: str, taken: Any) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    return free


def _responses(short: Json) -> Iterator[Json]:
    for operation in operations_of(short):
        yield operation["responses"]
