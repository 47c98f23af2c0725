"""Due messages are sent; what fails is tried again, parked or dropped, and hurts no other channel."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gencharge.core.message import ChannelDown, MessageRefused, NotSent, RecipientRefused
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.messages import queue_crud
from gencharge.messages.loop import LEASE, PER_CHANNEL, MessageLoop
from gencharge.messages.models import MessageChannel, Outgoing
from gencharge.messages.senders import Content, Task
from gencharge.users.models import User
from tests.make.factories import make_admin, make_user
from tests.make.messages import enqueue, outgoing, stored
from tests.make.push import register_both

EMAIL, SMS = MessageChannel.EMAIL, MessageChannel.SMS


class Provider:
    """Takes messages, or raises what it is given."""

    def __init__(self, *problems: Exception) -> None:
        self.problems = list(problems)
        self.sent: list[tuple[Task, Content]] = []
        self.down = False
        self.hold: asyncio.Event | None = None
        self.units = 1
        self.entered = asyncio.Event()

    async def send(self, task: Task, content: Content) -> int:
        self.entered.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.down:
            raise ChannelDown("away")
        if self.problems:
            raise self.problems.pop(0)
        self.sent.append((task, content))
        return self.units

    async def close(self) -> None:
        pass


Send = Callable[..., Outgoing]


@pytest.fixture
async def user(stores: Stores) -> User:
    return await stores.database.run(make_user)


@pytest.fixture
def to_user(user: User) -> Send:
    return lambda **overrides: outgoing(recipient=Recipient("user", user.user_id), **overrides)


async def run(stores: Stores, **senders: Provider) -> None:
    """Send what is due."""
    loop = MessageLoop(stores, {MessageChannel(name): provider for name, provider in senders.items()})
    await loop.drain()
    await loop.close()


async def test_a_due_message_is_sent_once_to_the_present_address_and_its_text_is_not_kept(
    stores: Stores, user: User, to_user: Send
) -> None:
    mail, sms = Provider(), Provider()
    message, text = to_user(html="<p>x</p>"), to_user(channel=SMS, dlt_template_id="1107")
    await enqueue(stores, message, text)
    await run(stores, email=mail, sms=sms)
    await run(stores, email=mail, sms=sms)
    ((task, content),) = mail.sent
    assert (task.contact.email, content.title, content.html) == (user.email, message.title, "<p>x</p>")
    ((task, content),) = sms.sent
    assert (task.contact.phone_number, content.dlt_template_id) == (user.phone_number, "1107")
    document = await stored(stores, message)
    assert (document["state"], document["content"], document["attempts"]) == ("sent", "", 1)
    assert "due_at" not in document
    assert document["purge_at"] > clock.now() + timedelta(days=29)


async def test_a_message_for_later_waits(stores: Stores, to_user: Send) -> None:
    mail, message = Provider(), to_user(not_before=clock.now() + timedelta(minutes=5))
    await enqueue(stores, message)
    await run(stores, email=mail)
    assert mail.sent == []
    with clock.later(minutes=6):
        await run(stores, email=mail)
    assert len(mail.sent) == 1


async def test_an_admin_is_reached_as_well(stores: Stores) -> None:
    admin = await stores.database.run(make_admin)
    mail = Provider()
    await enqueue(stores, outgoing(recipient=Recipient("admin", admin.admin_id)))
    await run(stores, email=mail)
    assert [task.contact.email for task, _ in mail.sent] == [admin.email]


async def test_what_can_not_be_sent_is_dropped_with_the_reason(
    stores: Stores, user: User, to_user: Send
) -> None:
    stranger = await stores.database.run(lambda db: make_user(db, email=None))
    blocked = await stores.database.run(make_user)

    async def block(db: Any) -> None:
        (await db.get(User, blocked.user_id)).status = "blocked"

    await stores.database.run(block)
    await register_both(stores, Recipient("user", user.user_id))
    messages = {
        "no_address": outgoing(recipient=Recipient("user", stranger.user_id)),
        "no_recipient": outgoing(recipient=Recipient("user", blocked.user_id)),
        "channel_off": to_user(channel=MessageChannel.MOBILE_PUSH),
        "unreadable": to_user(),
        "undeliverable": to_user(),
    }
    await enqueue(stores, *messages.values(), unknown := outgoing())
    wrong = (await stored(stores, messages["undeliverable"]))["content"]
    await stores.documents["messages"].update_one(
        {"_id": messages["unreadable"].id}, {"$set": {"content": wrong}}
    )
    mail = Provider(RecipientRefused("SMTP 550"))
    await run(stores, email=mail)
    assert mail.sent == []
    for reason, message in {**messages, "no_recipient": unknown}.items():
        document = await stored(stores, message)
        assert (document["state"], document["drop_reason"]) == ("dropped", reason)
        assert document["content"] == ""


async def test_a_failure_is_tried_again_after_growing_pauses_and_parked_at_last(
    stores: Stores, to_user: Send
) -> None:
    attempts = stores.settings.message_attempts
    mail, message = Provider(*(NotSent("SMTP 450") for _ in range(attempts))), to_user()
    await enqueue(stores, message)
    pauses = []
    with clock.later():
        for attempt in range(1, attempts):
            await run(stores, email=mail)
            document = await stored(stores, message)
            assert (document["state"], document["attempts"]) == ("waiting", attempt)
            pauses.append((document["due_at"] - clock.now()).total_seconds())
            clock._pins[-1] = document["due_at"] + timedelta(seconds=1)
        await run(stores, email=mail)
    assert 20 < pauses[0] < 40
    assert pauses[1] > 2 * pauses[0]
    assert pauses[-1] > 8 * 3600
    document = await stored(stores, message)
    assert (document["state"], document["last_error"]) == ("parked", "SMTP 450")
    assert document["content"], "it can be sent again"
    assert mail.sent == []


async def test_a_message_that_the_provider_refuses_is_parked_at_once(stores: Stores, to_user: Send) -> None:
    message = to_user()
    await enqueue(stores, message)
    await run(stores, email=Provider(MessageRefused("SMTP 554")))
    assert (await stored(stores, message))["state"] == "parked"


async def test_a_provider_that_is_away_costs_the_others_nothing_and_few_messages_an_attempt(
    stores: Stores, to_user: Send
) -> None:
    mail, sms = Provider(), Provider()
    mail.down = True
    mails = [to_user() for _ in range(PER_CHANNEL + 40)]
    texts = [to_user(channel=SMS) for _ in range(20)]
    await enqueue(stores, *mails, *texts)
    await run(stores, email=mail, sms=sms)
    assert len(sms.sent) == 20
    untouched = await stores.documents["messages"].count_documents({"channel": "email", "attempts": 0})
    assert untouched >= 40


async def test_what_a_dead_worker_was_sending_is_sent_when_its_lease_has_run_out(
    stores: Stores, to_user: Send
) -> None:
    message, mail = to_user(), Provider()
    await enqueue(stores, message)
    await MessageLoop(stores, {EMAIL: mail})._claim_of(EMAIL, 10)
    assert (await stored(stores, message))["attempts"] == 1, "written down before it is sent"
    await run(stores, email=mail)
    assert mail.sent == []
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        await run(stores, email=mail)
    assert len(mail.sent) == 1


async def test_a_worker_whose_lease_ran_out_changes_nothing_any_more(stores: Stores, to_user: Send) -> None:
    message, slow = to_user(), Provider(NotSent("SMTP 450"))
    await enqueue(stores, message)
    first = MessageLoop(stores, {EMAIL: slow})
    (task,) = await first._claim_of(EMAIL, 10)
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        await run(stores, email=Provider())
    await first.work(task)
    await first.close()
    assert (await stored(stores, message))["state"] == "sent"


async def test_twenty_claims_at_once_take_each_message_once(stores: Stores, to_user: Send) -> None:
    await enqueue(stores, *(to_user() for _ in range(100)))
    loops = [MessageLoop(stores, {EMAIL: Provider()}) for _ in range(20)]
    claims = await asyncio.gather(*(loop._claim_of(EMAIL, 32) for loop in loops))
    ids = [task.id for tasks in claims for task in tasks]
    assert len(ids) == len(set(ids)) > 0


async def test_important_messages_overtake_offers(stores: Stores, to_user: Send) -> None:
    mail = Provider()
    offers = [to_user(type=NotificationType.PROMOTIONAL) for _ in range(PER_CHANNEL + 5)]
    await enqueue(stores, *offers)
    await enqueue(stores, alert := to_user())
    tasks = await MessageLoop(stores, {EMAIL: mail})._claim_of(EMAIL, 5)
    assert alert.id in {task.id for task in tasks}


async def test_all_workers_together_keep_a_channels_rate(stores: Stores) -> None:
    async def take(count: int) -> int:
        return await queue_crud.take_places(stores.documents, SMS, 50, count)

    began_at = time.monotonic()
    taken = sum(await asyncio.gather(*(take(4) for _ in range(40))))
    assert 50 <= taken <= 51 + 50 * (time.monotonic() - began_at)


async def test_a_pause_saves_no_more_than_a_seconds_worth(stores: Stores) -> None:
    assert await queue_crud.take_places(stores.documents, SMS, 50, 50) == 50
    long_ago = {"$set": {"at": {"$subtract": ["$at", 3_600_000]}}}
    await stores.documents[queue_crud.RATES].update_one({"_id": "sms"}, [long_ago])
    assert await queue_crud.take_places(stores.documents, SMS, 50, 1_000) == 50


async def test_what_was_sent_is_counted_with_its_cost(
    stores: Stores, settings: Settings, to_user: Send
) -> None:
    sms = Provider()
    sms.units = 3
    with clock.at(clock.now()):
        await enqueue(stores, *(to_user(channel=SMS) for _ in range(5)), to_user())
        await run(stores, sms=sms, email=Provider())
        day = clock.now().astimezone(clock.IST).date().isoformat()
    costs = {each["channel"]: each for each in await queue_crud.list_costs(stores.documents, day, day)}
    assert (costs["sms"]["messages"], costs["sms"]["units"]) == (5, 15)
    assert costs["sms"]["millipaise"] == 15 * settings.sms_price_paise * 1000
    assert costs["email"]["messages"] == 1


async def test_a_message_that_is_being_sent_when_the_worker_stops_is_recorded(
    stores: Stores, to_user: Send
) -> None:
    message, mail = to_user(), Provider()
    mail.hold = asyncio.Event()
    await enqueue(stores, message)
    running = asyncio.create_task(MessageLoop(stores, {EMAIL: mail}).run())
    await mail.entered.wait()
    assert (await stored(stores, message))["state"] == "sending"
    asyncio.get_running_loop().call_later(0.2, mail.hold.set)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (await stored(stores, message))["state"] == "sent"
    assert len(mail.sent) == 1


async def test_a_recipient_who_was_erased_is_nobody(stores: Stores) -> None:
    message = outgoing(recipient=Recipient("user", new_id()))
    await enqueue(stores, message)
    await run(stores, email=Provider())
    assert (await stored(stores, message))["drop_reason"] == "no_recipient"


async def test_without_a_provider_what_lasts_is_set_aside_and_the_rest_dropped(
    stores: Stores, to_user: Send
) -> None:
    lasting, text = to_user(), to_user(channel=SMS)
    passing = [to_user(type=type) for type in NotificationType if type is not NotificationType.TRANSACTIONAL]
    await enqueue(stores, lasting, text, *passing)
    for _ in range(2):  # it is not tried again
        await run(stores)
        for message in (lasting, text):
            document = await stored(stores, message)
            assert (document["state"], document["attempts"]) == ("no_provider", 0)
            assert document["content"], "it can be sent once there is a provider"
            assert "due_at" not in document
            assert document["purge_at"] > clock.now() + timedelta(days=29)
    for message in passing:
        document = await stored(stores, message)
        assert (document["state"], document["drop_reason"], document["content"]) == (
            "dropped",
            "channel_off",
            "",
        )


async def test_a_visitor_is_reached_at_the_address_that_came_with_the_message(stores: Stores) -> None:
    mail = Provider(NotSent("SMTP 450"))
    message = outgoing(recipient=Recipient("visitor", new_id()), email="meera@example.com")
    await enqueue(stores, message)
    await run(stores, email=mail)
    with clock.later(minutes=1):
        await run(stores, email=mail)
    ((task, _),) = mail.sent
    assert task.contact.email == "meera@example.com"
    assert (await stored(stores, message))["content"] == ""


async def test_a_visitors_address_that_the_mail_server_does_not_know_is_written_to_once(
    stores: Stores,
) -> None:
    mail = Provider(RecipientRefused("SMTP 550"))
    first, second = (
        outgoing(recipient=Recipient("visitor", new_id()), email="nobody@example.com") for _ in range(2)
    )
    for message in (first, second):
        await enqueue(stores, message)
        await run(stores, email=mail)
        assert (await stored(stores, message))["drop_reason"] == "undeliverable"
    assert mail.sent == []


def tomorrow_at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """An instant of tomorrow in India: the customer's address is usable by then."""
    day = (clock.now() + timedelta(days=1)).astimezone(clock.IST)
    return day.replace(hour=hour, minute=minute, second=second, microsecond=0).astimezone(UTC)


async def test_an_offer_that_failed_in_the_evening_is_not_tried_again_before_the_morning(
    stores: Stores, to_user: Send
) -> None:
    offer, receipt = to_user(type=NotificationType.PROMOTIONAL), to_user()
    evening = tomorrow_at(20, 59, 50)
    morning = tomorrow_at(9) + timedelta(days=1)
    mail = Provider(NotSent("SMTP 450"), NotSent("SMTP 450"))
    with clock.at(evening):
        await enqueue(stores, offer, receipt)
        await run(stores, email=mail)
    with clock.at(evening + timedelta(minutes=2)):
        await run(stores, email=mail)
        assert [task.id for task, _ in mail.sent] == [receipt.id], "what is no offer is tried again at once"
        document = await stored(stores, offer)
        assert document["due_at"] == morning
        assert document["attempts"] == 1, "to wait is no attempt"
    with clock.at(morning):
        await run(stores, email=mail)
    assert [task.id for task, _ in mail.sent] == [receipt.id, offer.id]


async def test_offers_that_the_rate_held_up_until_the_night_hold_up_nobody(
    stores: Stores, to_user: Send
) -> None:
    offers = [to_user(type=NotificationType.PROMOTIONAL) for _ in range(2 * PER_CHANNEL)]
    mail = Provider()
    with clock.at(tomorrow_at(20)):
        await enqueue(stores, *offers)
    with clock.at(tomorrow_at(23)):
        await enqueue(stores, alert := to_user())
        await run(stores, email=mail)
        assert [task.id for task, _ in mail.sent] == [alert.id]
        left = {"_id": {"$in": [each.id for each in offers]}, "due_at": {"$lte": clock.now()}}
        assert await stores.documents["messages"].count_documents(left) == 0


class Staggered(Provider):
    """Takes messages one after the other, so that some are always under way."""

    begun = 0

    async def send(self, task: Task, content: Content) -> int:
        self.begun += 1
        await asyncio.sleep(0.005 * (self.begun % PER_CHANNEL))
        return await super().send(task, content)


async def test_a_channel_of_which_nothing_is_due_is_seldom_looked_at_while_others_are_busy(
    stores: Stores, to_user: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Counter[MessageChannel]()
    list_due = queue_crud.list_due

    async def counted(documents: Any, channel: MessageChannel, *rest: Any) -> Any:
        looks[channel] += 1
        return await list_due(documents, channel, *rest)

    monkeypatch.setattr(queue_crud, "list_due", counted)
    await enqueue(stores, *(to_user() for _ in range(3 * PER_CHANNEL)))
    mail = Staggered()
    loop = MessageLoop(stores, {EMAIL: mail, SMS: Provider()})
    loop._rates[EMAIL] = 10_000
    await loop.drain()
    await loop.close()
    assert len(mail.sent) == 3 * PER_CHANNEL
    assert 0 < looks[SMS] < looks[EMAIL] / 2


async def test_a_channel_without_a_provider_holds_up_no_other(stores: Stores, to_user: Send) -> None:
    texts = [to_user(channel=SMS, type=NotificationType.PROMOTIONAL) for _ in range(3 * PER_CHANNEL)]
    await enqueue(stores, *texts)
    loop = MessageLoop(stores, {EMAIL: Provider()})
    assert await loop.claim(PER_CHANNEL, Counter()) == []
    await loop.close()
    dropped = {"_id": {"$in": [each.id for each in texts]}, "drop_reason": "channel_off"}
    assert await stores.documents["messages"].count_documents(dropped) == len(texts)
