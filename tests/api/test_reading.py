"""`/redoc`: one page of HTML that holds every route, object and error, and links that lead somewhere."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api import reading


@pytest.fixture(scope="module")
def page(app: FastAPI) -> str:
    return reading.page(app.openapi())


def document(**changes: Any) -> dict[str, Any]:
    return {
        "info": {"version": "1", "description": "About."},
        "paths": {},
        "components": {"schemas": {}, "examples": {}},
        "tags": [],
        **changes,
    }


def test_every_route_webhook_object_and_error_is_on_the_page(app: FastAPI, page: str) -> None:
    described = app.openapi()
    operations = [
        operation
        for part in ("paths", "webhooks")
        for methods in described[part].values()
        for operation in methods.values()
    ]
    names = {operation["operationId"] for operation in operations}
    names |= {f"object-{name}" for name in described["components"]["schemas"]}
    names |= {f"error-{code}" for code in described["components"]["examples"]}
    assert len(names) > 400
    anchors = re.findall(r'id="([^"]+)"', page)
    assert names <= set(anchors)
    assert len(anchors) == len(set(anchors))


def test_every_link_on_the_page_leads_somewhere(page: str) -> None:
    anchors = set(re.findall(r'id="([^"]+)"', page))
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links
    assert links <= anchors


async def test_the_page_needs_no_inline_script_and_no_inline_style(client: httpx.AsyncClient) -> None:
    answer = await client.get("/redoc")
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert not re.search(r"<style|<script>| style=| on\w+=", answer.text)


def test_what_a_description_holds_is_text() -> None:
    page = reading.page(
        document(info={"version": "1", "description": "<b>x</b> `<i>` **bold**\n\n- one\n- two"})
    )
    assert "<p>&lt;b&gt;x&lt;/b&gt; <code>&lt;i&gt;</code> <b>bold</b></p>" in page
    assert "<ul><li>one</li><li>two</li></ul>" in page


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/components/schemas/Plan"}, '<a href="#object-Plan">Plan</a>'),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": "array", "items": {"type": "integer"}}, "list of integer"),
        ({"enum": ["a", "b"]}, "<code>a</code>, <code>b</code>"),
        ({"const": "x"}, "<code>x</code>"),
        ({"type": "string", "format": "uuid"}, "uuid"),
        ({}, "any"),
    ],
)
def test_a_type_is_said_in_words(schema: dict[str, Any], words: str) -> None:
    assert reading._type(schema) == words


def test_a_field_says_whether_it_is_required_and_what_it_is_otherwise() -> None:
    fields = {"a": {"type": "string"}, "b": {"type": "integer", "default": 5}, "c": {"type": "boolean"}}
    rows = list(reading._fields({"properties": fields, "required": ["a"]}))
    assert "string, required" in rows[0]
    assert "integer, default <code>5</code>" in rows[1]
    assert rows[2].endswith("<td>boolean</td></tr>")
