"""The Postman collection: what the format demands, every operation once, and requests that work one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest
from fastapi import FastAPI

from gencharge.api.postman import SCHEMA, collection
from gencharge.core.stores.stores import Stores

Json = dict[str, Any]
BASE = "http://127.0.0.1:8000"
TEXT: Json = {"type": "string"}
ENTRIES: Json = {
    "type": "array",
    "items": {"type": "object", "required": ["key", "value"], "properties": {"key": TEXT, "value": TEXT}},
}
# What Postman's own schema of v2.1 demands of the parts that our collection has.
ESSENTIALS: Json = {
    "type": "object",
    "required": ["info", "item"],
    "properties": {
        "info": {
            "type": "object",
            "required": ["name", "schema"],
            "properties": {"name": TEXT, "schema": {"const": SCHEMA}},
        },
        "auth": {"$ref": "#/$defs/auth"},
        "variable": ENTRIES,
        "item": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/folder"}},
    },
    "additionalProperties": False,
    "$defs": {
        "auth": {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"enum": ["bearer", "noauth"]}, "bearer": ENTRIES},
        },
        "folder": {
            "type": "object",
            "required": ["name", "item"],
            "properties": {
                "name": TEXT,
                "item": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/request"}},
            },
        },
        "request": {
            "type": "object",
            "required": ["name", "request"],
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "response": {"type": "array"},
                "request": {
                    "type": "object",
                    "required": ["method", "url"],
                    "properties": {
                        "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
                        "auth": {"$ref": "#/$defs/auth"},
                        "header": ENTRIES,
                        "body": {
                            "type": "object",
                            "required": ["mode"],
                            "properties": {"mode": {"enum": ["raw", "formdata", "file"]}, "raw": TEXT},
                        },
                        "url": {
                            "type": "object",
                            "required": ["raw", "host", "path"],
                            "properties": {"raw": TEXT, "query": ENTRIES, "variable": ENTRIES},
                        },
                    },
                },
                "event": {
                    "type": "array",
                    "items": {"required": ["listen", "script"]},
                },
            },
        },
    },
}


@pytest.fixture(scope="module")
def exported(app: FastAPI) -> Json:
    return collection(app.openapi(), base_url=BASE)


def requests(exported: Json) -> Iterator[Json]:
    for folder in exported["item"]:
        yield from folder["item"]


def one(exported: Json, method: str, path: str) -> Json:
    raw = "{{baseUrl}}" + path
    return next(
        item
        for item in requests(exported)
        if (item["request"]["method"], item["request"]["url"]["raw"]) == (method, raw)
    )


def test_it_keeps_the_format(exported: Json) -> None:
    jsonschema.Draft202012Validator(ESSENTIALS).validate(exported)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(ESSENTIALS).validate({**exported, "item": [{"name": "plans"}]})


def test_each_operation_is_there_once_in_the_folder_of_its_tag(app: FastAPI, exported: Json) -> None:
    document = app.openapi()
    expected = {
        (operation["tags"][0], method.upper(), path.replace("{", ":").replace("}", ""))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    rows = [
        (folder["name"], item["request"]["method"], item["request"]["url"]["raw"].removeprefix("{{baseUrl}}"))
        for folder in exported["item"]
        for item in folder["item"]
    ]
    assert len(rows) == len(set(rows))
    assert set(rows) == expected


def test_all_that_is_needed_has_a_value(exported: Json) -> None:
    for item in requests(exported):
        request = item["request"]
        for header in request["header"]:
            assert header["value"] or header.get("disabled"), request["url"]["raw"]
        for parameter in [*request["url"].get("query", ()), *request["url"].get("variable", ())]:
            assert parameter["value"] or parameter.get("disabled"), request["url"]["raw"]
        if request.get("body", {}).get("mode") == "raw":
            assert isinstance(json.loads(request["body"]["raw"]), dict | list), request["url"]["raw"]


def test_a_recharge_has_a_new_key_and_the_token(exported: Json) -> None:
    request = one(exported, "POST", "/v1/recharge/subscribe")["request"]
    assert {"key": "Idempotency-Key", "value": "{{$guid}}"}.items() <= request["header"][0].items()
    assert "auth" not in request
    assert exported["auth"]["bearer"][0]["value"] == "{{accessToken}}"
    assert one(exported, "GET", "/v1/plans")["request"]["auth"] == {"type": "noauth"}
    plan = one(exported, "GET", "/v1/plans/:plan_id")["request"]["url"]
    assert plan["variable"][0]["key"] == "plan_id"
    assert plan["variable"][0]["value"]


def test_signing_in_keeps_what_the_next_requests_need(exported: Json) -> None:
    sent = one(exported, "POST", "/v1/auth/login")
    assert 'set("challengeId", pm.response.json().challenge_id)' in str(sent["event"])
    signed_in = one(exported, "POST", "/v1/auth/verify-otp-login")
    assert 'set("accessToken", pm.response.json().access_token)' in str(signed_in["event"])
    assert json.loads(signed_in["request"]["body"]["raw"])["challenge_id"] == "{{challengeId}}"


async def test_the_fields_that_it_keeps_are_those_that_the_api_answers(
    client: httpx.AsyncClient, stores: Stores, exported: Json
) -> None:
    # Files of tests before this one have asked for codes for the example's number, too.
    await stores.redis.flushdb()
    body = one(exported, "POST", "/v1/auth/login")["request"]["body"]["raw"]
    answer = await client.post("/v1/auth/login", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["challenge_id"]
