"""The API as a Postman collection (format v2.1): a folder for each tag, a request for each operation.

Variables of the collection: `baseUrl`, `accessToken` and `challengeId`. The requests that send a code and sign in set the last two,
so that all others are signed in. Bodies and parameters are the examples of the document, which work with the sample data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from gencharge.core.http import openapi

Json = dict[str, Any]
SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
# Postman makes a new UUID for each request that is sent.
_NEW_KEY: Final = "{{$guid}}"
# What a request keeps of its answer for the requests after it.
_KEEPS: Final = {
    "auth_login": {"challengeId": "challenge_id"},
    "auth_sign_up": {"challengeId": "challenge_id"},
    "auth_verify_otp_login": {"accessToken": "access_token"},
    "auth_verify_otp_signup": {"accessToken": "access_token"},
    "auth_refresh": {"accessToken": "access_token"},
}


def collection(document: Json, *, base_url: str) -> Json:
    """The collection of an OpenAPI document that has examples (`try_it`). `base_url`: where the API answers, without `/v1`."""
    folders: dict[str, Json] = {
        tag["name"]: {"name": tag["name"], "description": tag.get("description", ""), "item": []}
        for tag in document.get("tags", ())
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = operation.get("tags", ["other"])[0]
            folder = folders.setdefault(tag, {"name": tag, "description": "", "item": []})
            folder["item"].append(_item(document, path, method.upper(), operation))
    return {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"].get("description", "").strip(),
            "version": document["info"]["version"],
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [_variable("token", "{{accessToken}}")]},
        "variable": [
            _variable("baseUrl", base_url),
            _variable("accessToken", ""),
            _variable("challengeId", ""),
        ],
        "item": [folder for folder in folders.values() if folder["item"]],
    }


def _item(document: Json, path: str, method: str, operation: Json) -> Json:
    parameters = [openapi.resolved(document, one) for one in operation.get("parameters", ())]
    request: Json = {
        "method": method,
        "header": list(_headers(document, parameters)),
        "url": _url(document, path, parameters),
        "description": operation.get("description", operation.get("summary", "")),
    }
    if not operation.get("security"):
        request["auth"] = {"type": "noauth"}
    body = _body(document, operation)
    if body is not None:
        request["body"] = body
        if body["mode"] == "raw":
            request["header"].append(_variable("Content-Type", "application/json"))
    item: Json = {
        "name": operation.get("summary", operation["operationId"]),
        "request": request,
        "response": [],
    }
    stored = _KEEPS.get(operation["operationId"])
    if stored:
        item["event"] = [_keeping(stored)]
    return item


def _headers(document: Json, parameters: list[Json]) -> Iterator[Json]:
    for parameter in parameters:
        if parameter["in"] == "header":
            key = parameter["name"] == "Idempotency-Key"
            value = _NEW_KEY if key else _text(_example(document, parameter))
            yield _described(parameter, {"key": parameter["name"], "value": value})


def _url(document: Json, path: str, parameters: list[Json]) -> Json:
    """An id of the path is a variable `:plan_id`. A filter that may be left out is there, but switched off."""
    shown = _PLACEHOLDER.sub(r":\1", path)
    url: Json = {
        "raw": "{{baseUrl}}" + shown,
        "host": ["{{baseUrl}}"],
        "path": shown.strip("/").split("/"),
    }
    for kind, name in (("query", "query"), ("path", "variable")):
        values = [
            _described(one, {"key": one["name"], "value": _text(_example(document, one))})
            for one in parameters
            if one["in"] == kind
        ]
        if values:
            url[name] = values
    return url


def _described(parameter: Json, entry: Json) -> Json:
    if parameter.get("description"):
        entry["description"] = parameter["description"]
    if not parameter.get("required"):
        entry["disabled"] = True
    return entry


def _example(document: Json, parameter: Json) -> Any:
    if "example" in parameter:
        return parameter["example"]
    schema = openapi.resolved(document, parameter["schema"])
    for values in (parameter["schema"].get("examples"), schema.get("examples"), schema.get("enum")):
        if values:
            return values[0]
    # A link's token, which no example can know: the name says what belongs there.
    return schema.get("default", f"<{parameter['name']}>" if parameter.get("required") else "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _body(document: Json, operation: Json) -> Json | None:
    contents = operation.get("requestBody", {}).get("content", {})
    if "application/json" in contents:
        example = contents["application/json"].get("example", {})
        if isinstance(example, dict) and "challenge_id" in example:
            example = example | {"challenge_id": "{{challengeId}}"}
        raw = json.dumps(example, indent=2, ensure_ascii=False)
        return {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    if "multipart/form-data" in contents:
        schema = openapi.resolved(document, contents["multipart/form-data"]["schema"])
        return {
            "mode": "formdata",
            "formdata": [{"key": name, "type": "file", "src": []} for name in schema.get("properties", {})],
        }
    return {"mode": "file", "file": {}} if contents else None


def _keeping(stored: dict[str, str]) -> Json:
    """The script that keeps fields of a good answer as variables."""
    lines = [
        f'pm.collectionVariables.set("{variable}", pm.response.json().{field});'
        for variable, field in stored.items()
    ]
    script = ["if (pm.response.code < 300) {", *(f"  {line}" for line in lines), "}"]
    return {"listen": "test", "script": {"type": "text/javascript", "exec": script}}


def _variable(key: str, value: str) -> Json:
    return {"key": key, "value": value, "type": "string"}
