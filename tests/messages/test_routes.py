"""Unsubscribing and reports of bounces over HTTP, and what they change."""

from __future__ import annotations

import hmac
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.messages.loop import MessageLoop
from gencharge.messages.models import MessageChannel, Outgoing
from gencharge.messages.unsubscribing import Subscription, token_of
from tests.conftest import database_of, test_settings
from tests.make.factories import make_user
from tests.make.messages import enqueue, outgoing, stored

SECRET = "bounces-of-the-tests-1618033988"


@pytest.fixture(scope="module")
def settings(servers: Any, worker_id: str) -> Settings:
    return test_settings(servers, database_of(servers, worker_id), bounce_secret=SecretStr(SECRET))


class Mailbox:
    """Takes every e-mail."""

    async def send(self, *_: Any) -> int:
        return 1

    async def close(self) -> None:
        pass


async def send(stores: Stores, *messages: Outgoing) -> list[str]:
    """Queue and send these at noon in India, when no hour is quiet; what became of each."""
    await enqueue(stores, *messages)
    with clock.later(hours=(12 - clock.now().astimezone(clock.IST).hour) % 24):
        loop = MessageLoop(stores, {MessageChannel.EMAIL: Mailbox()})
        await loop.drain()
        await loop.close()
    documents = [await stored(stores, message) for message in messages]
    return [document.get("drop_reason") or document["state"] for document in documents]


async def test_one_click_ends_e_mails_of_that_type_and_undo_brings_them_back(
    client: httpx.AsyncClient, stores: Stores, settings: Settings
) -> None:
    recipient = Recipient("user", (await stores.database.run(make_user)).user_id)
    query = {"token": token_of(settings, Subscription(recipient, NotificationType.PROMOTIONAL))}

    def mails() -> list[Outgoing]:
        types = (NotificationType.PROMOTIONAL, NotificationType.REMINDER, NotificationType.TRANSACTIONAL)
        return [outgoing(recipient=recipient, type=each) for each in types]

    page = await client.get("/v1/messages/unsubscribe", params=query)
    assert page.status_code == 200
    assert "offers" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert await send(stores, *mails()) == ["sent"] * 3, "opening the link changes nothing"
    click = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):
        answer = await client.post("/v1/messages/unsubscribe", params=query, data=click)
        assert answer.status_code == 200
    assert await send(stores, *mails()) == ["unsubscribed", "sent", "sent"]
    assert (await client.post("/v1/messages/resubscribe", params=query)).status_code == 200
    assert await send(stores, *mails()) == ["sent"] * 3


async def test_the_page_of_a_link_is_in_the_language_of_the_reader(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    subscription = Subscription(Recipient("user", new_id()), NotificationType.PROMOTIONAL)
    query = {"token": token_of(settings, subscription)}
    page = await client.get("/v1/messages/unsubscribe", params=query, headers={"Accept-Language": "hi"})
    assert "GenCharge से ऑफ़र वाले ई-मेल बंद करें?" in page.text
    assert page.headers["Content-Language"] == "hi"


async def test_a_forged_link_changes_nothing(client: httpx.AsyncClient) -> None:
    for token in ("x", "user.0198c0de-0000-7000-8000-000000000000.promotional.00"):
        answer = await client.post("/v1/messages/unsubscribe", params={"token": token})
        assert (answer.status_code, answer.json()["code"]) == (422, "unsubscribe_link_invalid")


async def report(client: httpx.AsyncClient, *events: dict[str, str], secret: str = SECRET) -> httpx.Response:
    body = orjson.dumps({"events": events})
    signature = hmac.digest(secret.encode(), body, "sha256").hex()
    return await client.post("/v1/messages/bounces", content=body, headers={"X-Bounce-Signature": signature})


async def test_an_address_that_bounced_gets_nothing_until_it_is_another_one(
    client: httpx.AsyncClient, stores: Stores
) -> None:
    user = await stores.database.run(make_user)
    recipient = Recipient("user", user.user_id)
    assert user.email
    soft = {"kind": "soft_bounce", "email": user.email}
    assert (await report(client, soft)).status_code == 204
    assert await send(stores, outgoing(recipient=recipient)) == ["sent"]
    hard = {"kind": "hard_bounce", "email": user.email.upper()}
    assert (await report(client, hard)).status_code == 204
    assert await send(stores, outgoing(recipient=recipient)) == ["undeliverable"]

    async def move(db: Any) -> None:
        (await db.get(type(user), user.user_id)).email = f"new-{user.email}"

    await stores.database.run(move)
    assert await send(stores, outgoing(recipient=recipient)) == ["sent"]


async def test_a_report_that_is_not_signed_or_makes_no_sense_is_refused(client: httpx.AsyncClient) -> None:
    hard = {"kind": "hard_bounce", "email": "asha@example.com"}
    assert (await report(client, hard, secret="another")).json()["code"] == "bounce_signature_invalid"
    assert (await report(client, {"kind": "gone", "email": "asha@example.com"})).status_code == 400
