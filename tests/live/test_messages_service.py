"""Messages are read in batches, as the API answers now; where a store is away, a reset stands for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any
from uuid import UUID

import pytest

from gencharge.announcements import service as announcements
from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.live.changes import Kind, Placed, Position
from gencharge.live.messages_service import Addressed, Reading, prepared
from gencharge.live.schemas import Reset, message_of
from tests.make.announcements import announce
from tests.make.factories import know_roles, make_user, new_client
from tests.make.live import Served, user
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.staff_client import StaffClient
from tests.make.wallet import make_funded_user


async def test_of_many_changes_of_a_balance_the_last_is_sent(stores: Stores) -> None:
    owner = user(await make_funded_user(stores, 300))
    changes = [Placed(Position(1, number), owner, Kind.BALANCE, "") for number in range(1, 6)]
    ((recipient, message),) = await Reading(stores).messages_of(changes)
    assert recipient == owner
    assert message.position == Position(1, 5)
    assert json.loads(message.text)["wallet"]["balance"] == 300.00


async def test_a_recharge_is_as_the_api_answers_it_and_nobody_elses(shop: Stores) -> None:
    customer = await make_customer(shop)
    plan = await find_plan(shop, "JIO")
    sale = await buy(shop, customer, await make_number(shop, "JIO"), plan.plan_id, key="k")
    recharge_id = str(sale.answer.recharge_id)
    changes = [
        Placed(Position(1, 1), user(customer), Kind.RECHARGE, recharge_id),
        Placed(Position(1, 2), user(new_id()), Kind.RECHARGE, recharge_id),
    ]
    ((_, message),) = await Reading(shop).messages_of(changes)
    content = json.loads(message.text)
    assert content["recharge_id"] == content["recharge"]["recharge_id"] == recharge_id
    assert content["recharge"]["status"] == "active"


async def test_a_store_that_is_away_makes_a_reset(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unavailable(*_arguments: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr("gencharge.wallet.service.show", unavailable)
    changes = [Placed(Position(1, number), user(new_id()), Kind.BALANCE, "") for number in (1, 2)]
    messages = await Reading(stores).messages_of(changes)
    assert [json.loads(message.text) for _, message in messages] == [
        {"type": "reset", "id": "1-1"},
        {"type": "reset", "id": "1-2"},
    ]


async def test_what_is_gone_makes_no_message(stores: Stores) -> None:
    changes = [
        Placed(Position(1, 1), user(new_id()), Kind.NOTIFICATION, str(new_id())),
        Placed(Position(1, 2), user(new_id()), Kind.BALANCE, ""),
        Placed(Position(1, 3), user(new_id()), Kind.RECHARGE, str(new_id())),
    ]
    assert await Reading(stores).messages_of(changes) == []


async def test_an_announcement_is_read_once_for_all_batches_and_made_once_for_those_who_read_alike(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = served.stores
    await stores.documents["announcements"].delete_many({})
    people = [user((await stores.database.run(make_user)).user_id) for _ in range(4)]
    async with new_client(served.app) as http:
        await know_roles(served.app)
        staff = await StaffClient.open(served.app, http)
        announcement_id = await announce(staff)
        # One of them has another one to read.
        alone = {"kind": "customer", "user_id": str(people[3].id)}
        await announce(staff, audience=alone)
    reads = list[object]()
    get = announcements.get

    async def counted(*arguments: Any) -> Any:
        reads.append(arguments[-1])
        return await get(*arguments)

    monkeypatch.setattr(announcements, "get", counted)
    reading = Reading(stores)
    changes = [Placed(Position(1, 1), person, Kind.ANNOUNCEMENT, announcement_id) for person in people]
    stranger = Placed(Position(1, 1), user(new_id()), Kind.ANNOUNCEMENT, announcement_id)
    first = await reading.messages_of([*changes[:2], stranger])
    second = await reading.messages_of(changes[2:])
    assert [owner for owner, _ in (*first, *second)] == people
    assert reads == [UUID(announcement_id)]
    assert first[0][1] is first[1][1]
    unread = [json.loads(message.text)["unread_count"] for _, message in (*first, *second)]
    assert unread == [1, 1, 1, 2]
    # One that there is not makes no message, and is not looked for again and again.
    gone = [Placed(Position(1, 2), person, Kind.ANNOUNCEMENT, str(new_id())) for person in people]
    assert await reading.messages_of(gone) == []
    await stores.documents["announcements"].delete_many({})


class Recorded(Reading):
    """Makes a message for each change, and notes which batches it has begun with; `broken` fails."""

    def __init__(self, stores: Stores, broken: int | None = None) -> None:
        super().__init__(stores)
        self.begun = list[int]()
        self.broken = broken

    async def messages_of(self, changes: Sequence[Placed]) -> list[Addressed]:
        number = changes[0].position.number
        self.begun.append(number)
        await asyncio.sleep(0)
        if number == self.broken:
            raise DatabaseUnavailable
        return [(user(new_id()), message_of(Reset(id=str(each.position)), each.position)) for each in changes]


def batches(count: int) -> list[list[Placed]]:
    return [[Placed(Position(1, number), None, Kind.BALANCE, "")] for number in range(1, count + 1)]


async def test_the_next_batch_is_made_while_one_is_sent_and_they_come_in_order(stores: Stores) -> None:
    reading, seen = Recorded(stores), list[tuple[int, list[int]]]()
    async with aclosing(prepared(reading, batches(4))) as ready:
        async for messages in ready:
            await asyncio.sleep(0.01)  # the pauses of sending
            seen.append((messages[0][1].position.number, list(reading.begun)))  # type: ignore[union-attr]
    assert seen == [(1, [1, 2]), (2, [1, 2, 3]), (3, [1, 2, 3, 4]), (4, [1, 2, 3, 4])]


@pytest.mark.parametrize("count", [0, 1])
async def test_none_and_one_batch_are_all_there(stores: Stores, count: int) -> None:
    assert len([each async for each in prepared(Recorded(stores), batches(count))]) == count


async def test_what_fails_is_raised_where_it_belongs_and_nothing_goes_on_behind_it(stores: Stores) -> None:
    reading, seen = Recorded(stores, broken=2), list[int]()

    async def hand_out() -> None:
        async with aclosing(prepared(reading, batches(4))) as ready:
            async for messages in ready:
                seen.append(messages[0][1].position.number)  # type: ignore[union-attr]

    with pytest.raises(DatabaseUnavailable):
        await hand_out()
    await asyncio.sleep(0.01)
    assert (seen, reading.begun) == ([1], [1, 2])
