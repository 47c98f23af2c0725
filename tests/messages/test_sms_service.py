"""A recipient gets so many SMS in 24 hours, and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.recipient import Recipient
from gencharge.messages.models import MessageChannel
from gencharge.users.models import User
from tests.make.factories import make_user
from tests.make.messages import enqueue, outgoing, stored
from tests.messages.test_loop import Provider, run

LIMIT = 3


@pytest.fixture
def frugal(stores: Stores) -> Stores:
    """The same stores, with settings that allow three SMS."""
    return replace(stores, settings=stores.settings.model_copy(update={"sms_per_recipient_day": LIMIT}))


async def _make_two(stores: Stores) -> tuple[User, User]:
    return await stores.database.run(make_user), await stores.database.run(make_user)


async def test_the_fourth_sms_in_24_hours_is_dropped_and_others_get_theirs(frugal: Stores) -> None:
    many, other = await _make_two(frugal)
    sms, mail = Provider(), Provider()
    texts = [
        outgoing(recipient=Recipient("user", many.user_id), channel=MessageChannel.SMS) for _ in range(5)
    ]
    await enqueue(frugal, *texts[:2])
    await run(frugal, sms=sms, email=mail)
    await enqueue(frugal, *texts[2:])
    await enqueue(frugal, outgoing(recipient=Recipient("user", other.user_id), channel=MessageChannel.SMS))
    await enqueue(frugal, outgoing(recipient=Recipient("user", many.user_id)))
    await run(frugal, sms=sms, email=mail)
    reached = [task.recipient.id for task, _ in sms.sent]
    assert (reached.count(many.user_id), reached.count(other.user_id)) == (LIMIT, 1)
    assert len(mail.sent) == 1
    documents = [await stored(frugal, text) for text in texts]
    ends = [(document["state"], document.get("drop_reason")) for document in documents]
    assert ends.count(("dropped", "too_many")) == 2


async def test_a_day_later_there_is_room_again(frugal: Stores) -> None:
    user = await frugal.database.run(make_user)
    sms = Provider()
    for count in (4, 4):
        await enqueue(
            frugal,
            *(
                outgoing(recipient=Recipient("user", user.user_id), channel=MessageChannel.SMS)
                for _ in range(count)
            ),
        )
        await run(frugal, sms=sms)
    assert len(sms.sent) == LIMIT
    with clock.at(clock.now() + timedelta(hours=25)):
        await enqueue(frugal, outgoing(recipient=Recipient("user", user.user_id), channel=MessageChannel.SMS))
        await run(frugal, sms=sms)
    assert len(sms.sent) == LIMIT + 1
