"""A wallet that runs low is told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from gencharge.core.events.events import Envelope, Event
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.core.vault.vault import Vault
from gencharge.notifications.balance_listeners import BALANCES
from gencharge.notifications.models import from_document
from gencharge.payments.models import GatewayMethod
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.make.money import buy, find_plan, make_customer, make_number, sell_sample_plans
from tests.make.notifications import recharged


@pytest.fixture
async def shop(stores: Stores) -> Any:
    """The sample plans are on sale, and what happened before is delivered."""
    await sell_sample_plans(stores)
    plan = await find_plan(stores, "JIO", 299)

    async def sell(user_id: UUID) -> None:
        await buy(stores, user_id, await make_number(stores), plan.plan_id)

    return sell


def envelope(event: Event, occurred_at: datetime | None = None) -> Envelope:
    return Envelope(new_id(), occurred_at or clock.now(), event, "", "", "system", "")


async def reminders(stores: Stores, user_id: UUID) -> list[str]:
    """What the reminders say."""
    await Relay(stores, [BALANCES]).drain()
    notices = await stores.documents["notices"].find({"recipient_id": user_id}).to_list()
    vault = Vault.of_database(stores.database)
    assert {notice["kind"] for notice in notices} <= {"balance_low"}
    return [(await from_document(vault, notice)).body for notice in notices]


@pytest.mark.parametrize(("rupees", "count"), [(318, 1), (319, 0), (299, 1)])
async def test_a_payment_that_takes_a_wallet_below_the_bound_is_told(
    stores: Stores, shop: Any, rupees: int, count: int
) -> None:
    user_id = await make_customer(stores, rupees)
    await shop(user_id)
    bodies = await reminders(stores, user_id)
    assert len(bodies) == count
    assert all(body.startswith(f"Rs {rupees - 299}.00 is left") for body in bodies)


async def test_a_wallet_that_was_filled_up_since_is_not_told(stores: Stores, shop: Any) -> None:
    user_id = await make_customer(stores, 300)
    await shop(user_id)
    await stores.database.run(
        lambda db: wallet.credit(
            db, user_id, Money.rupees(500), source_account=Account.OPENING, code=Code.OPENING, key="more"
        )
    )
    assert await reminders(stores, user_id) == []


async def test_what_was_low_before_is_not_told_again(stores: Stores) -> None:
    user_id = await make_customer(stores, 5)
    event = recharged(user_id=str(user_id), total_paid_paise=1_000, payment_method="wallet")
    await BALANCES.deliver(stores, [envelope(event)])
    assert await reminders(stores, user_id) == []


@pytest.mark.parametrize(
    ("changes", "age", "count"),
    [
        ({}, timedelta(), 1),
        ({"payment_method": GatewayMethod.UPI.value}, timedelta(), 0),
        ({}, timedelta(days=2), 0),
    ],
)
async def test_only_what_the_wallet_paid_lately_counts(
    stores: Stores, changes: dict[str, Any], age: timedelta, count: int
) -> None:
    user_id = await make_customer(stores, 5)
    event = recharged(
        user_id=str(user_id), **({"total_paid_paise": 29_900, "payment_method": "wallet"} | changes)
    )
    happened = envelope(event, occurred_at=clock.now() - age)
    for _ in range(2):  # the second time changes nothing
        await BALANCES.deliver(stores, [happened])
    assert len(await reminders(stores, user_id)) == count


async def test_zero_switches_the_reminder_off(stores: Stores) -> None:
    user_id = await make_customer(stores, 5)
    event = recharged(user_id=str(user_id), total_paid_paise=29_900, payment_method="wallet")
    off = stores.settings.model_copy(update={"low_balance_rupees": 0})
    await BALANCES.deliver(replace(stores, settings=off), [envelope(event)])
    assert await reminders(stores, user_id) == []
