"""Messages are read in batches, as the API answers now; where a store is away, a reset stands for them."""

from __future__ import annotations

import json

import pytest

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.live import messages_service
from gencharge.live.changes import Kind, Placed, Position
from tests.make.live import user
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.wallet import make_funded_user


async def test_of_many_changes_of_a_balance_the_last_is_sent(stores: Stores) -> None:
    owner = user(await make_funded_user(stores, 300))
    changes = [Placed(Position(1, number), owner, Kind.BALANCE, "") for number in range(1, 6)]
    ((recipient, message),) = await messages_service.messages_of(stores, changes)
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
    ((_, message),) = await messages_service.messages_of(shop, changes)
    content = json.loads(message.text)
    assert content["recharge_id"] == content["recharge"]["recharge_id"] == recharge_id
    assert content["recharge"]["status"] == "active"


async def test_a_store_that_is_away_makes_a_reset(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unavailable(*_arguments: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr("gencharge.wallet.service.show", unavailable)
    changes = [Placed(Position(1, number), user(new_id()), Kind.BALANCE, "") for number in (1, 2)]
    messages = await messages_service.messages_of(stores, changes)
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
    assert await messages_service.messages_of(stores, changes) == []
