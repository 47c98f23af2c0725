"""Standard Webhooks signatures."""

from __future__ import annotations

import time

from sqlalchemy import update

from gencharge.core.values import clock
from gencharge.core.vault.columns import Sealed
from gencharge.webhooks import staff_service
from gencharge.webhooks.loop import WebhookSender
from gencharge.webhooks.models import WebhookEndpoint
from tests.webhooks.conftest import Partners


async def test_a_message_comes_signed_as_standard_webhooks_says(
    partners: Partners, sender: WebhookSender
) -> None:
    endpoint = await partners.join()
    await partners.happen()
    await sender.drain()
    [came] = partners.receiver.received
    assert came.is_signed_by(endpoint.secret)
    assert not came.is_signed_by("whsec_" + "A" * 32)
    assert came.headers["content-type"] == "application/json"
    assert abs(int(came.headers["webhook-timestamp"]) - time.time()) < 10
    assert came.message["type"] == "recharge.failed"
    assert b'"amount":299.50' in came.body
    delivery = await partners.delivery(endpoint.endpoint_id)
    assert (delivery.status, came.id) == ("delivered", str(delivery.delivery_id))
    shown = await partners.stores.database.run(
        lambda db: staff_service.show_delivery(db, delivery.delivery_id)
    )
    [attempt] = shown.log
    assert (attempt.response_status, attempt.response, attempt.error) == (200, "thanks", "")


async def test_after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one_alone(
    partners: Partners, sender: WebhookSender
) -> None:
    old = await partners.join()
    new = await partners.stores.database.run(lambda db: staff_service.rotate_secret(db, old.endpoint_id))
    assert new.secret != old.secret
    assert new.previous_secret_until is not None
    await partners.happen()
    await sender.drain()
    with clock.later(hours=24, seconds=1):
        await partners.happen()
        await sender.drain()
        assert (await partners.look(old.endpoint_id)).previous_secret_until is None
    both, alone = partners.receiver.received
    assert both.is_signed_by(new.secret)
    assert both.is_signed_by(old.secret)
    assert len(both.headers["webhook-signature"].split(" ")) == 2
    assert alone.is_signed_by(new.secret)
    assert not alone.is_signed_by(old.secret)


async def test_without_the_key_nothing_is_sent(partners: Partners, sender: WebhookSender) -> None:
    endpoint = await partners.join()
    query = update(WebhookEndpoint).where(WebhookEndpoint.endpoint_id == endpoint.endpoint_id)
    await partners.stores.database.run(lambda db: db.execute(query.values(secret=Sealed("0" * 60))))
    await partners.happen()
    await sender.drain()
    delivery = await partners.delivery(endpoint.endpoint_id)
    assert await partners.log(delivery) == [(1, None, "secret_unreadable")]
    assert partners.receiver.received == []
