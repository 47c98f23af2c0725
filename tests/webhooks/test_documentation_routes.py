"""The messages as OpenAPI describes them."""

from __future__ import annotations

from fastapi import FastAPI

from gencharge.webhooks.documentation_routes import example_of
from gencharge.webhooks.messages import MESSAGES, TYPES


def test_every_type_is_described_in_openapi_with_an_example(app: FastAPI) -> None:
    described = app.openapi()["webhooks"]
    assert set(described) == set(TYPES)
    for kind, (name, _) in MESSAGES.items():
        content = described[name]["post"]["requestBody"]["content"]["application/json"]
        assert content["examples"][name]["value"]["type"] == example_of(kind)["type"] == name
        assert example_of(kind)["data"]["amount"] == 299
