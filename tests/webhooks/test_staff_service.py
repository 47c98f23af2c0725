"""What the staff do with endpoints and deliveries."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from gencharge.core.events.relay import Relay
from gencharge.core.values import clock
from gencharge.webhooks import staff_service
from gencharge.webhooks.errors import EndpointDisabled
from gencharge.webhooks.loop import WebhookSender
from tests.make.webhooks import (
    GOOD,
    _make,
)
from tests.webhooks.conftest import Partners


async def test_a_message_is_sent_again_under_its_id_for_another_day(
    partners: Partners, sender: WebhookSender
) -> None:
    endpoint = await partners.join()
    await partners.happen()
    await sender.drain()
    delivery = await partners.delivery(endpoint.endpoint_id)
    run = partners.stores.database.run
    with clock.later(days=3):
        again = await run(lambda db: staff_service.redeliver(db, delivery.delivery_id))
        assert again.status == "pending"
        await sender.drain()
    first, second = partners.receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    delivery = await partners.delivery(endpoint.endpoint_id)
    assert (delivery.status, delivery.attempts) == ("delivered", 2)
    assert [number for number, _, _ in await partners.log(delivery)] == [1, 2]
    await partners.change(endpoint.endpoint_id, is_active=False)
    with pytest.raises(EndpointDisabled):
        await run(lambda db: staff_service.redeliver(db, delivery.delivery_id))


async def test_secrets_stand_in_no_event_and_in_no_entry(
    staff: httpx.AsyncClient, partners: Partners, relay: Relay
) -> None:
    endpoint = await _make(staff)
    path = f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}"
    renewed = (await staff.post(f"{path}/rotate-secret")).json()
    await staff.patch(path, json={"url": "https://other.example/hooks", "events": ["*"]})
    await staff.post(f"{path}/test")
    await staff.delete(path)
    async with partners.stores.database.transaction() as db:
        rows = await db.execute(text("SELECT topic, payload::text FROM events ORDER BY id"))
        events = [(topic, payload) for topic, payload in rows if endpoint["endpoint_id"] in payload]
    assert [topic for topic, _ in events] == [
        "WebhookEndpointCreated",
        "WebhookSecretRotated",
        "WebhookEndpointUpdated",
        "WebhookTested",
        "WebhookEndpointDeleted",
    ]
    await relay.drain()
    entries = (
        await partners.stores.documents["audit_entries"]
        .find({"object.id": endpoint["endpoint_id"]})
        .to_list()
    )
    assert len(entries) == 5
    for secret in (endpoint["secret"], renewed["secret"]):
        assert secret.removeprefix("whsec_") not in f"{events}{entries}"
    changed = next(entry for entry in entries if entry["action"] == "webhook_endpoint_updated")
    assert changed["changes"]["url"] == {"old": GOOD["url"], "new": "https://other.example/hooks"}


async def test_what_changes_nothing_leaves_no_event(staff: httpx.AsyncClient, partners: Partners) -> None:
    endpoint = await _make(staff)
    same = {"url": GOOD["url"], "events": ["recharge.*", "recharge.*"], "is_active": True}
    answer = await staff.patch(f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}", json=same)
    assert answer.json()["updated_at"] == endpoint["updated_at"]
    async with partners.stores.database.transaction() as db:
        count = await db.scalar(
            text(
                "SELECT count(*) FROM events WHERE topic = 'WebhookEndpointUpdated' AND payload->>'endpoint_id' = :id"
            ),
            {"id": endpoint["endpoint_id"]},
        )
    assert count == 0


async def test_a_test_event_is_sent_and_stands_in_the_log(
    staff: httpx.AsyncClient, partners: Partners, sender: WebhookSender
) -> None:
    endpoint = await _make(staff, url=f"{partners.receiver.base}/hooks")
    path = f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}"
    answer = await staff.post(f"{path}/test")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    await sender.drain()
    [came] = partners.receiver.received
    assert came.is_signed_by(endpoint["secret"])
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
