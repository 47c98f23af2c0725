"""The staff's routes of webhooks."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from tests.make.factories import headers_for, know_roles, make_admin, new_client
from tests.make.webhooks import (
    GOOD,
    _make,
)
from tests.webhooks.conftest import Partners


async def test_the_secret_is_shown_when_it_is_made_and_never_again(staff: httpx.AsyncClient) -> None:
    endpoint = await _make(staff, operators=["jio"])
    secret = endpoint.pop("secret")
    assert secret.startswith("whsec_")
    path = f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}"
    assert (await staff.get(path)).json() == endpoint
    assert (endpoint["operators"], endpoint["is_active"], endpoint["failures"]) == (["JIO"], True, 0)
    listed = await staff.get("/v1/webhooks/endpoints")
    assert listed.json()["items"] == [endpoint]
    renewed = (await staff.post(f"{path}/rotate-secret")).json()
    assert renewed["secret"] not in {secret, None}
    assert renewed["previous_secret_until"] is not None
    for answer in (await staff.get(path), await staff.patch(path, json={"description": "New"}), listed):
        assert "whsec_" not in answer.text


@pytest.mark.parametrize(
    ("overrides", "field", "code"),
    [
        ({"url": "https://169.254.169.254/latest"}, "body.url", "endpoint_url_invalid"),
        ({"url": "http://partner.example/hooks"}, "body.url", "endpoint_url_invalid"),
        ({"url": "https://a:b@partner.example/"}, "body.url", "endpoint_url_invalid"),
        ({"url": "nonsense"}, "body.url", "endpoint_url_invalid"),
        ({"url": ""}, "body.url", "validation_failed"),
        ({"url": None}, "body.url", "validation_failed"),
        ({"events": ["wallet.*"]}, "body.events", "endpoint_events_invalid"),
        ({"events": ["recharge."]}, "body.events", "endpoint_events_invalid"),
        ({"events": []}, "body.events", "validation_failed"),
        ({"operators": ["NOPE"]}, "body.operators", "operator_invalid"),
        ({"secret": "whsec_mine"}, "body.secret", "validation_failed"),
    ],
)
async def test_a_wrong_field_is_named(
    staff: httpx.AsyncClient, overrides: dict[str, Any], field: str, code: str
) -> None:
    answer = await staff.post("/v1/webhooks/endpoints", json=GOOD | overrides)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code)
    assert problem["errors"][0]["field"] == field
    endpoint = await _make(staff)
    answer = await staff.patch(f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}", json=overrides)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_message_that_is_not_there_is_not_found(staff: httpx.AsyncClient) -> None:
    path = f"/v1/webhooks/deliveries/{uuid4()}"
    for answer in (await staff.get(path), await staff.post(f"{path}/redeliver")):
        assert (answer.status_code, answer.json()["code"]) == (404, "webhook_delivery_not_found")


async def test_making_changing_and_rotating_want_the_second_factor_given_just_now(
    app: FastAPI, partners: Partners
) -> None:
    stores = partners.stores
    await know_roles(app)
    admin = await stores.database.run(make_admin)
    headers = headers_for(stores.settings, admin, second_factor_at=0)
    path = f"/v1/webhooks/endpoints/{uuid4()}"
    async with new_client(app, headers=headers) as client:
        for method, where, body in (
            ("POST", "/v1/webhooks/endpoints", GOOD),
            ("PATCH", path, {"is_active": False}),
            ("POST", f"{path}/rotate-secret", None),
        ):
            answer = await client.request(method, where, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")


async def test_an_admin_limited_to_an_operator_is_refused(app: FastAPI, partners: Partners) -> None:
    stores = partners.stores
    await know_roles(app)
    scoped = await stores.database.run(lambda db: make_admin(db, "Manager", operator_scope=("JIO",)))
    async with new_client(app, headers=headers_for(stores.settings, scoped, role="Manager")) as client:
        for where in ("endpoints", "deliveries"):
            answer = await client.get(f"/v1/webhooks/{where}")
            assert (answer.status_code, answer.json()["code"]) == (403, "operator_scope_too_narrow")
