"""`/v1/webhooks` over HTTP: what the staff can do, and what they are refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.webhooks.loop import WebhookSender
from tests.factories import headers_for, know_roles, make_admin, new_client
from tests.webhooks.conftest import Partners

GOOD = {"url": "https://partner.example/hooks", "events": ["recharge.*"], "description": "Partner"}


@pytest.fixture
async def staff(app: FastAPI, partners: Partners) -> AsyncIterator[httpx.AsyncClient]:
    """An admin who may do everything, and gave the second factor just now."""
    stores: Stores = app.state.stores
    await know_roles(app)
    admin = await stores.database.run(make_admin)
    async with new_client(app, headers=headers_for(stores.settings, admin)) as client:
        yield client


async def _make(staff: httpx.AsyncClient, **but: Any) -> dict[str, Any]:
    answer = await staff.post("/v1/webhooks/endpoints", json=GOOD | but)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_the_secret_is_shown_when_it_is_made_and_never_again(staff: httpx.AsyncClient) -> None:
    made = await _make(staff, operators=["jio"])
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    path = f"/v1/webhooks/endpoints/{made['endpoint_id']}"
    assert (await staff.get(path)).json() == made
    assert (made["operators"], made["is_active"], made["failures"]) == (["JIO"], True, 0)
    listed = await staff.get("/v1/webhooks/endpoints")
    assert listed.json()["items"] == [made]
    renewed = (await staff.post(f"{path}/rotate-secret")).json()
    assert renewed["secret"] not in {secret, None}
    assert renewed["previous_secret_until"] is not None
    for answer in (await staff.get(path), await staff.patch(path, json={"description": "New"}), listed):
        assert "whsec_" not in answer.text


async def test_secrets_stand_in_no_event_and_in_no_entry(
    staff: httpx.AsyncClient, partners: Partners, relay: Relay
) -> None:
    made = await _make(staff)
    path = f"/v1/webhooks/endpoints/{made['endpoint_id']}"
    renewed = (await staff.post(f"{path}/rotate-secret")).json()
    await staff.patch(path, json={"url": "https://other.example/hooks", "events": ["*"]})
    await staff.post(f"{path}/test")
    await staff.delete(path)
    async with partners.stores.database.transaction() as db:
        rows = await db.execute(text("SELECT topic, payload::text FROM events ORDER BY id"))
        told = [(topic, payload) for topic, payload in rows if made["endpoint_id"] in payload]
    assert [topic for topic, _ in told] == [
        "WebhookEndpointCreated",
        "WebhookSecretRotated",
        "WebhookEndpointUpdated",
        "WebhookTested",
        "WebhookEndpointDeleted",
    ]
    await relay.drain()
    found = (
        await partners.stores.documents["audit_entries"].find({"object.id": made["endpoint_id"]}).to_list()
    )
    assert len(found) == 5
    for secret in (made["secret"], renewed["secret"]):
        assert secret.removeprefix("whsec_") not in f"{told}{found}"
    changed = next(entry for entry in found if entry["action"] == "webhook_endpoint_updated")
    assert changed["changes"]["url"] == {"old": GOOD["url"], "new": "https://other.example/hooks"}


@pytest.mark.parametrize(
    ("but", "field", "code"),
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
    staff: httpx.AsyncClient, but: dict[str, Any], field: str, code: str
) -> None:
    answer = await staff.post("/v1/webhooks/endpoints", json=GOOD | but)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code)
    assert problem["errors"][0]["field"] == field
    made = await _make(staff)
    answer = await staff.patch(f"/v1/webhooks/endpoints/{made['endpoint_id']}", json=but)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_what_changes_nothing_leaves_no_event(staff: httpx.AsyncClient, partners: Partners) -> None:
    made = await _make(staff)
    same = {"url": GOOD["url"], "events": ["recharge.*", "recharge.*"], "is_active": True}
    answer = await staff.patch(f"/v1/webhooks/endpoints/{made['endpoint_id']}", json=same)
    assert answer.json()["updated_at"] == made["updated_at"]
    async with partners.stores.database.transaction() as db:
        told = await db.scalar(
            text(
                "SELECT count(*) FROM events WHERE topic = 'WebhookEndpointUpdated' AND payload->>'endpoint_id' = :id"
            ),
            {"id": made["endpoint_id"]},
        )
    assert told == 0


async def test_a_test_event_is_sent_and_stands_in_the_log(
    staff: httpx.AsyncClient, partners: Partners, sender: WebhookSender
) -> None:
    made = await _make(staff, url=f"{partners.receiver.base}/hooks")
    path = f"/v1/webhooks/endpoints/{made['endpoint_id']}"
    answer = await staff.post(f"{path}/test")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    await sender.drain()
    [came] = partners.receiver.received
    assert came.is_signed_by(made["secret"])
    assert (came.message["type"], came.id) == ("webhook.test", answer.json()["delivery_id"])
    shown = (await staff.get(f"/v1/webhooks/deliveries/{came.id}")).json()
    assert (shown["status"], shown["attempts"], shown["body"].encode()) == ("delivered", 1, came.body)
    assert shown["log"][0]["response_status"] == 200
    again = await staff.post(f"/v1/webhooks/deliveries/{came.id}/redeliver")
    assert (again.status_code, again.json()["status"]) == (202, "pending")
    await sender.drain()
    assert [one.id for one in partners.receiver.received] == [came.id] * 2
    await staff.patch(path, json={"is_active": False})
    for refused in (f"{path}/test", f"/v1/webhooks/deliveries/{came.id}/redeliver"):
        answer = await staff.post(refused)
        assert (answer.status_code, answer.json()["code"]) == (409, "endpoint_disabled")


async def test_what_was_sent_is_listed_by_endpoint_status_type_and_day(
    staff: httpx.AsyncClient, partners: Partners, sender: WebhookSender
) -> None:
    good, bad = await partners.join("/good"), await partners.join("/bad")
    partners.receiver.statuses["/bad"] = 500
    await partners.happen()
    await partners.happen()
    await sender.drain()

    async def count(**query: Any) -> int:
        answer = await staff.get("/v1/webhooks/deliveries", params=query)
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await count() == 4
    assert await count(endpoint_id=str(good.endpoint_id)) == 2
    assert await count(status="delivered") == 2
    assert await count(status="pending") == 2
    assert await count(status="pending", endpoint_id=str(good.endpoint_id)) == 0
    assert await count(status="failed") == 0
    assert await count(type="recharge.failed", endpoint_id=str(bad.endpoint_id)) == 2
    assert await count(type="recharge.placed") == 0
    assert await count(**{"from": "2020-01-01", "to": "2020-01-02"}) == 0
    assert await count(**{"from": "2020-01-01"}) == 4
    seen, cursor = [], None
    while True:
        query = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = (await staff.get("/v1/webhooks/deliveries", params=query)).json()
        seen.extend(item["delivery_id"] for item in page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 4
    for wrong in ({"status": "nope"}, {"nope": "1"}, {"from": "2026-02-02", "to": "2026-02-01"}):
        assert (await staff.get("/v1/webhooks/deliveries", params=wrong)).status_code == 422
    assert (await staff.get("/v1/webhooks/deliveries", params={"cursor": "x"})).status_code == 422


async def test_a_deleted_endpoint_gets_nothing_more_and_its_log_stays(
    staff: httpx.AsyncClient, partners: Partners, sender: WebhookSender
) -> None:
    endpoint = await partners.join()
    await partners.happen()
    path = f"/v1/webhooks/endpoints/{endpoint.endpoint_id}"
    assert (await staff.delete(path)).status_code == 204
    await partners.happen()
    await sender.drain()
    assert partners.receiver.received == []
    assert (await partners.delivery(endpoint.endpoint_id)).status == "discarded"
    delivery_id = (await partners.delivery(endpoint.endpoint_id)).delivery_id
    assert (await staff.get(f"/v1/webhooks/deliveries/{delivery_id}")).status_code == 200
    assert (await staff.post(f"/v1/webhooks/deliveries/{delivery_id}/redeliver")).status_code == 409
    for method, rest in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("POST", "/rotate-secret"),
    ):
        body = {"json": {}} if method == "PATCH" else {}
        answer = await staff.request(method, path + rest, **body)
        assert (answer.status_code, answer.json()["code"]) == (404, "endpoint_not_found")


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
