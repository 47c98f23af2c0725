"""What a form takes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.make.contact import visit


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"email": None}, "body", "contact_required"),
        ({"message": " \r\n "}, "body.message", "text_required"),
        ({"message": "x" * 4_001}, "body.message", "string_too_long"),
        ({"message": "a\x00b"}, "body.message", "text"),
        ({"message": "a\x1bb"}, "body.message", "text"),
        ({"name": "<script>"}, "body.name", "name"),
        ({"email": "a@b.example\r\nBcc: x@y.example"}, "body.email", "value_error"),
        ({"phone_number": "12345"}, "body.phone_number", "mobile_number"),
        ({"category": "love"}, "body.category", "enum"),
        ({"attachment": "x"}, "body.attachment", "extra_forbidden"),
    ],
)
async def test_a_wrong_field_is_named(
    app: FastAPI, client: httpx.AsyncClient, fields: dict[str, Any], field: str, code: str
) -> None:
    answer = await visit(client, app, **fields)
    assert answer.status_code == 422
    problem = answer.json()["errors"][0]
    assert (problem["field"], problem["code"]) == (field, code)


async def test_a_phone_number_is_enough(app: FastAPI, client: httpx.AsyncClient) -> None:
    answer = await visit(client, app, email=None, phone_number="9876543210")
    assert answer.status_code == 201, answer.text
