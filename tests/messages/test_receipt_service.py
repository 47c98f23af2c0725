"""Providers report what arrived: signed, in any order, and never sent twice because an answer got lost."""

from __future__ import annotations

import hmac
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from gencharge.core.message import ChannelDown
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.messages import service
from gencharge.messages.loop import MessageLoop
from gencharge.messages.models import MessageChannel, Outgoing, Receipt
from gencharge.messages.personal_data import PART
from tests.conftest import database_of, test_settings
from tests.make.factories import make_user
from tests.make.messages import empty_queue, enqueue, outgoing, stored

SMS_SECRET, MAIL_SECRET = "receipts-of-the-tests-1618033988", "bounces-of-the-tests-1618033988"


@pytest.fixture(scope="module")
def settings(servers: Any, worker_id: str) -> Settings:
    return test_settings(
        servers,
        database_of(servers, worker_id),
        bounce_secret=SecretStr(MAIL_SECRET),
        sms_receipt_secret=SecretStr(SMS_SECRET),
    )


@pytest.fixture(autouse=True)
async def _own_queue(stores: Stores) -> None:
    await empty_queue(stores)


class Provider:
    """Takes every message, but answers none while `is_silent`."""

    def __init__(self) -> None:
        self.taken = 0
        self.is_silent = False

    async def send(self, *_: Any) -> int:
        self.taken += 1
        if self.is_silent:
            raise ChannelDown("no answer")
        return 1

    async def close(self) -> None:
        pass


async def send(
    stores: Stores,
    channel: MessageChannel = MessageChannel.SMS,
    provider: Provider | None = None,
    **more: Any,
) -> Outgoing:
    """Queue a message to a new customer, and send it."""
    user = await stores.database.run(make_user)
    message = outgoing(recipient=Recipient("user", user.user_id), channel=channel, **more)
    await enqueue(stores, message)
    await drain(stores, channel, provider or Provider())
    return message


async def drain(stores: Stores, channel: MessageChannel, provider: Provider) -> None:
    loop = MessageLoop(stores, {channel: provider})
    await loop.drain()
    await loop.close()


def signed(
    client: httpx.AsyncClient, path: str, header: str, secret: str, events: list[dict[str, Any]]
) -> Any:
    body = orjson.dumps({"events": events})
    signature = hmac.digest(secret.encode(), body, "sha256").hex()
    return client.post(f"/v1/messages/{path}", content=body, headers={header: signature})


async def receipts(
    client: httpx.AsyncClient, *events: dict[str, Any], secret: str = SMS_SECRET
) -> httpx.Response:
    answer: httpx.Response = await signed(client, "receipts", "X-Receipt-Signature", secret, list(events))
    return answer


async def bounces(client: httpx.AsyncClient, *events: dict[str, Any]) -> httpx.Response:
    answer: httpx.Response = await signed(client, "bounces", "X-Bounce-Signature", MAIL_SECRET, list(events))
    return answer


def of_sms(message: Outgoing, outcome: str, reason: str = "") -> dict[str, Any]:
    return {"reference": str(message.id), "outcome": outcome, "reason": reason}


async def test_a_receipt_is_noted_with_its_sms_and_the_customer_can_export_it(
    client: httpx.AsyncClient, stores: Stores
) -> None:
    arrived, lost = await send(stores), await send(stores)
    answer = await receipts(client, of_sms(arrived, "delivered"), of_sms(lost, "failed", "absent subscriber"))
    assert answer.status_code == 204
    shown = []
    for message in (arrived, lost):
        assert PART.export is not None
        [one] = [each async for each in await PART.export(stores, message.recipient.id)]
        shown.append((one.status.value, one.receipt, one.receipt_reason, one.receipt_at is not None))
    assert shown == [
        ("sent", Receipt.DELIVERED, "", True),
        ("sent", Receipt.FAILED, "absent subscriber", True),
    ]


async def test_reports_in_any_order_end_in_the_channels_last_word(
    client: httpx.AsyncClient, stores: Stores
) -> None:
    sms = [await send(stores) for _ in range(2)]
    mails = [await send(stores, MessageChannel.EMAIL) for _ in range(2)]
    orders = [["failed", "delivered"], ["delivered", "failed"]]
    for message, order in zip(sms, orders, strict=True):
        for outcome in order * 2:
            await receipts(client, of_sms(message, outcome))
    for message, order in zip(mails, orders, strict=True):
        for outcome in order * 2:
            kind = {"failed": "hard_bounce", "delivered": "delivered"}[outcome]
            report = {"kind": kind, "email": "asha@example.com", "message_id": str(message.id)}
            assert (await bounces(client, report)).status_code == 204
    assert [(await stored(stores, each))["receipt"] for each in sms] == ["delivered"] * 2
    assert [(await stored(stores, each))["receipt"] for each in mails] == ["failed"] * 2
    # In one request, too.
    both = await send(stores)
    await receipts(client, of_sms(both, "delivered"), of_sms(both, "failed"))
    assert (await stored(stores, both))["receipt"] == "delivered"


async def test_what_arrived_is_not_sent_again_because_its_answer_got_lost(
    client: httpx.AsyncClient, stores: Stores
) -> None:
    provider = Provider()
    provider.is_silent = True
    message = await send(stores, provider=provider)
    assert ((await stored(stores, message))["state"], provider.taken) == ("waiting", 1)
    await receipts(client, of_sms(message, "delivered"))
    provider.is_silent = False
    with clock.later(minutes=2):
        await drain(stores, MessageChannel.SMS, provider)
    document = await stored(stores, message)
    assert (document["state"], document["content"], provider.taken) == ("sent", "", 1)
    assert "due_at" not in document


async def test_one_that_failed_on_its_way_is_still_tried_again(
    client: httpx.AsyncClient, stores: Stores
) -> None:
    provider = Provider()
    provider.is_silent = True
    message = await send(stores, provider=provider)
    await receipts(client, of_sms(message, "failed"))
    provider.is_silent = False
    with clock.later(minutes=2):
        await drain(stores, MessageChannel.SMS, provider)
    assert provider.taken == 2


async def test_a_batch_counts_what_was_reported(client: httpx.AsyncClient, stores: Stores) -> None:
    batch = new_id()
    messages = [await send(stores, batch=batch) for _ in range(3)]
    await receipts(client, of_sms(messages[0], "delivered"), of_sms(messages[1], "failed"))
    counts = await service.count_receipts_of_batch(stores.documents, batch)
    assert counts == {(MessageChannel.SMS, Receipt.DELIVERED): 1, (MessageChannel.SMS, Receipt.FAILED): 1}


async def test_receipts_of_others_or_of_what_was_never_sent_change_nothing(
    client: httpx.AsyncClient, stores: Stores
) -> None:
    waiting = outgoing(channel=MessageChannel.SMS)
    await enqueue(stores, waiting)
    mail = await send(stores, MessageChannel.EMAIL)
    unknown = {"reference": str(new_id()), "outcome": "delivered"}
    answer = await receipts(client, unknown, of_sms(waiting, "delivered"), of_sms(mail, "delivered"))
    assert answer.status_code == 204
    assert "receipt" not in await stored(stores, waiting)
    assert "receipt" not in await stored(stores, mail)


async def test_receipts_that_are_not_signed_or_make_no_sense_are_refused(
    client: httpx.AsyncClient, stores: Stores
) -> None:
    message = await send(stores)
    forged = await receipts(client, of_sms(message, "delivered"), secret=MAIL_SECRET)
    assert (forged.status_code, forged.json()["code"]) == (401, "receipt_signature_invalid")
    assert (await client.post("/v1/messages/receipts", content=b"{}")).status_code == 401
    assert (await receipts(client, of_sms(message, "buffered"))).status_code == 400
    assert (await receipts(client, {"reference": "1", "outcome": "delivered"})).status_code == 400
    assert "receipt" not in await stored(stores, message)


async def test_a_soft_bounce_and_a_report_that_names_no_e_mail_prove_nothing(
    client: httpx.AsyncClient, stores: Stores
) -> None:
    mail = await send(stores, MessageChannel.EMAIL)
    soft = {"kind": "soft_bounce", "email": "asha@example.com", "message_id": str(mail.id)}
    assert (await bounces(client, soft, {"kind": "delivered", "email": "a@example.com"})).status_code == 204
    assert "receipt" not in await stored(stores, mail)
