"""What was sent is recorded and billed once, whatever a worker dies of, and however many record at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from gencharge.core import faultpoints
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.recipient import Recipient
from gencharge.messages import queue_crud, sent_service
from gencharge.messages.loop import LEASE, MessageLoop
from gencharge.messages.models import MessageChannel, Outgoing
from gencharge.messages.senders import Task, prices_of
from gencharge.messages.sent_service import Sent
from tests.make.factories import make_user
from tests.make.messages import enqueue, outgoing, stored

EMAIL, SMS = MessageChannel.EMAIL, MessageChannel.SMS
RETENTION = timedelta(days=30)


class Nowhere:
    """Takes everything."""

    async def send(self, task: Task, content: object) -> int:
        return 1

    async def close(self) -> None:
        pass


async def queued(stores: Stores, count: int, **overrides: Any) -> list[Outgoing]:
    recipient = Recipient("user", (await stores.database.run(make_user)).user_id)
    messages = [outgoing(recipient=recipient, **overrides) for _ in range(count)]
    await enqueue(stores, *messages)
    return messages


async def claimed(stores: Stores, channel: MessageChannel = EMAIL) -> list[Task]:
    loop = MessageLoop(stores, {channel: Nowhere()})
    tasks = await loop._claim_of(channel, 32)
    await loop.close()
    return tasks


async def record(stores: Stores, sent: list[Sent]) -> None:
    await sent_service.record(stores.documents, prices_of(stores.settings), RETENTION, sent)


async def costs(stores: Stores) -> dict[str, Mapping[str, Any]]:
    day = clock.now().astimezone(clock.IST).date().isoformat()
    rows = await queue_crud.list_costs(stores.documents, day, day)
    assert all("batches" not in row for row in rows), (
        "what is remembered against counting twice is nobody's business"
    )
    return {row["channel"]: row for row in rows}


async def test_messages_of_several_claims_and_lengths_are_recorded_each_with_its_own_price(
    stores: Stores,
) -> None:
    first = await queued(stores, 3, channel=SMS)
    tasks = await claimed(stores, SMS)
    second = await queued(stores, 1, channel=SMS)
    tasks += await claimed(stores, SMS)
    now = clock.now()
    await record(stores, [Sent(task, 1 + number % 2, now) for number, task in enumerate(tasks)])
    documents = {each.id: await stored(stores, each) for each in (*first, *second)}
    price = prices_of(stores.settings)[SMS]
    for number, task in enumerate(tasks):
        document = documents[task.id]
        assert (document["state"], document["content"], "due_at" in document) == ("sent", "", False)
        assert (document["units"], document["millipaise"]) == (1 + number % 2, (1 + number % 2) * price)
        assert document["purge_at"] - document["sent_at"] == RETENTION
    row = (await costs(stores))["sms"]
    assert (row["messages"], row["units"], row["millipaise"]) == (4, 6, 6 * price)


async def test_a_worker_that_dies_before_it_records_has_billed_what_it_sent(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    (message,) = await queued(stores, 1)
    (task,) = await claimed(stores)

    async def die(name: str, *_: object) -> None:
        if name == "messages.costs_added":
            raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(faultpoints, "point", die)
        with pytest.raises(asyncio.CancelledError):
            await record(stores, [Sent(task, 1, clock.now())])
    assert (await stored(stores, message))["state"] == "sending"
    assert (await costs(stores))["email"]["messages"] == 1
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        (again,) = await claimed(stores)
        await record(stores, [Sent(again, 1, clock.now())])
        assert (await costs(stores))["email"]["messages"] == 2, "its provider took it twice"
    assert (await stored(stores, message))["state"] == "sent"


async def test_a_worker_whose_lease_ran_out_records_nothing(stores: Stores) -> None:
    (message,) = await queued(stores, 1)
    (late,) = await claimed(stores)
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        (task,) = await claimed(stores)
        await record(stores, [Sent(late, 1, clock.now())])
        document = await stored(stores, message)
        assert (document["state"], document["lease"]) == ("sending", task.lease_id)
