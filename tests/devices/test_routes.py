"""Registering browsers and devices over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.http import vapid
from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from tests.make.factories import headers_for
from tests.make.push import browser_keys, push_settings

ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"


def browser(**overrides: Any) -> dict[str, Any]:
    body = {"endpoint": ENDPOINT, "expirationTime": None, "keys": browser_keys()}
    return body | overrides


async def test_my_devices_are_mine_alone(client: httpx.AsyncClient, settings: Settings) -> None:
    own, theirs = headers_for(settings, new_id()), headers_for(settings, new_id())
    registered = await client.put("/v1/devices/web", headers=own, json=browser())
    assert registered.status_code == 200, registered.text
    phone = {"platform": "android", "token": "a" * 140, "app_version": "4.2.1", "language": "hi"}
    assert (await client.put("/v1/devices/mobile", headers=own, json=phone)).status_code == 200
    own_devices = (await client.get("/v1/devices", headers=own)).json()["devices"]
    assert [each["platform"] for each in own_devices] == ["android", "web"]
    assert ENDPOINT not in str(own_devices)
    path = f"/v1/devices/{registered.json()['device_id']}"
    assert (await client.get("/v1/devices", headers=theirs)).json() == {"devices": []}
    assert (await client.delete(path, headers=theirs)).json()["code"] == "device_not_found"
    assert (await client.delete(path, headers=own)).status_code == 204
    assert len((await client.get("/v1/devices", headers=own)).json()["devices"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (browser(keys={"p256dh": "AAAA", "auth": "AAAA"}), "body.keys.p256dh"),
        (browser(keys=browser_keys() | {"auth": "AAAA"}), "body.keys.auth"),
        (browser(endpoint="x"), "body.endpoint"),
    ],
)
async def test_a_subscription_that_nothing_can_be_sent_to_is_refused(
    client: httpx.AsyncClient, settings: Settings, body: dict[str, Any], field: str
) -> None:
    answer = await client.put("/v1/devices/web", headers=headers_for(settings, new_id()), json=body)
    assert answer.status_code == 422
    assert field in [problem["field"] for problem in answer.json()["errors"]]


async def test_an_endpoint_that_is_no_push_service_is_refused(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    headers = headers_for(settings, new_id())
    for endpoint in ("https://169.254.169.254/latest", "https://evil.example/push"):
        answer = await client.put("/v1/devices/web", headers=headers, json=browser(endpoint=endpoint))
        assert (answer.status_code, answer.json()["code"]) == (422, "push_endpoint_invalid")


async def test_the_key_that_browsers_subscribe_with(app: FastAPI, client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/devices/web-key")).json()["code"] == "web_push_key_not_found"
    plain = app.state.settings
    app.state.settings = plain.model_copy(update=push_settings("http://127.0.0.1:1"))
    try:
        answer = await client.get("/v1/devices/web-key")
        assert answer.json() == {"public_key": vapid.public_key_of(app.state.settings)}
    finally:
        app.state.settings = plain
