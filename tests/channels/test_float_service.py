"""Our balance at an operator is known from its own answer, and who can refill it is told once when it runs low."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from gencharge.channels import float_service, health_crud, health_staff_service, staff_service
from gencharge.channels.client import OperatorClient
from gencharge.channels.models import ChannelFloat
from gencharge.channels.staff_schemas import ChannelHealthOut, ChannelUpdate
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.sessions.guards import Principal
from gencharge.work import crud as work
from gencharge.work.models import WorkKind
from tests.make.delivery import FIRST, SECOND, reach_jio
from tests.make.operators import set_maintenance
from tests.make.outside import Outside, reach_over_api, sandbox
from tests.make.recharge import list_events


@pytest.fixture(scope="module")
def running(shop: Stores) -> Iterator[Outside]:
    with sandbox(shop.settings) as outside:
        yield outside


@pytest.fixture
async def outside(shop: Stores, running: Outside) -> AsyncIterator[Outside]:
    """The sandbox; Jio is reached over two of its channels, and nobody was asked for a balance yet."""
    running.reset()
    await reach_jio(shop, running)
    async with shop.database.transaction() as db:
        await db.execute(text("SET LOCAL ROLE NONE"))
        await db.execute(text("TRUNCATE channel_floats, events"))
    yield running
    await reach_over_api(shop, "JIO")


def an_admin(*operators: str) -> Principal:
    return Principal(user_id=new_id(), kind="admin", session_id=new_id(), operator_scope=operators)


async def ask(stores: Stores) -> None:
    client = OperatorClient(stores.settings, timeout_seconds=5)
    try:
        await float_service.ask(stores, client)
    finally:
        await client.close()


async def float_of(stores: Stores, code: str = FIRST) -> ChannelFloat:
    row = await stores.database.run(lambda db: health_crud.get_float(db, code))
    assert row is not None
    return row


async def low_alerts(stores: Stores) -> list[dict[str, Any]]:
    return await list_events(stores, SYSTEM_USER_ID, "ChannelFloatLow")


async def health_of(stores: Stores, code: str = FIRST, *operators: str) -> ChannelHealthOut:
    return await stores.database.run(lambda db: health_staff_service.show(db, an_admin(*operators), code))


def set_float(outside: Outside, paise: int, code: str = FIRST) -> None:
    outside.control("PUT", f"/sandbox/operators/{code}", {"float_paise": paise})


async def test_a_balance_that_runs_low_is_announced_once_until_it_was_refilled(
    shop: Stores, outside: Outside
) -> None:
    await ask(shop)
    assert ((await float_of(shop)).low_since, await low_alerts(shop)) == (None, [])
    set_float(outside, 4_999_999)
    await ask(shop)
    low = await float_of(shop)
    assert (low.balance, low.failure, low.low_since is not None) == (4_999_999, None, True)
    [alert] = await low_alerts(shop)
    assert (alert["channel_id"], alert["operator"]) == (FIRST, "JIO")
    assert (alert["balance_paise"], alert["low_float_paise"]) == (4_999_999, 5_000_000)
    await ask(shop)
    assert (await float_of(shop)).low_since == low.low_since
    assert len(await low_alerts(shop)) == 1
    set_float(outside, 5_000_000)
    await ask(shop)
    assert (await float_of(shop)).low_since is None
    set_float(outside, 0)
    await ask(shop)
    assert len(await low_alerts(shop)) == 2


async def test_an_operator_that_works_on_its_systems_is_asked_nothing(shop: Stores, outside: Outside) -> None:
    await set_maintenance(shop, "JIO", hours=1)
    try:
        assert not set(await shop.database.run(health_crud.list_to_ask)) & {FIRST, SECOND}
    finally:
        await set_maintenance(shop, "JIO", hours=None)
    assert set(await shop.database.run(health_crud.list_to_ask)) >= {FIRST, SECOND}


async def test_an_operator_without_an_answer_keeps_the_balance_that_is_known(
    shop: Stores, outside: Outside
) -> None:
    set_float(outside, 7_000_000)
    await ask(shop)
    outside.script(FIRST, "balance", "server_error_before")
    await ask(shop)
    row = await float_of(shop)
    assert (row.balance, row.failure is not None) == (7_000_000, True)
    assert row.answered_at is not None
    assert row.asked_at > row.answered_at
    assert (await float_of(shop, SECOND)).failure is None, "the next channel was asked, too"
    assert await low_alerts(shop) == []


@pytest.mark.parametrize(
    "document", [None, [], {}, {"balance_paise": "5"}, {"balance_paise": True}, {"balance_paise": 2**60}]
)
async def test_an_answer_that_is_no_balance_is_none(document: object) -> None:
    with pytest.raises(ValueError, match="not a balance"):
        float_service._read(document)


async def test_a_low_balance_waits_in_the_work_queue_until_the_channel_is_paused(
    shop: Stores, outside: Outside
) -> None:
    set_float(outside, 1_234_500)
    await ask(shop)
    [item] = await shop.database.run(lambda db: work.list_waiting(db, [WorkKind.LOW_FLOAT]))
    assert (item.item_id, item.operator, item.path) == (FIRST, "JIO", f"/v1/channels/{FIRST}/health")
    assert item.title == f"Balance at {FIRST}: Rs 12345"
    pause = ChannelUpdate(is_active=False, pause_reason="no money until Monday")
    await shop.database.run(
        lambda db: staff_service.update(db, an_admin(), FIRST, pause, settings=shop.settings)
    )
    assert await shop.database.run(lambda db: work.list_waiting(db, [WorkKind.LOW_FLOAT])) == []
    assert (await health_of(shop)).pause_reason == "no money until Monday"
    resume = ChannelUpdate(is_active=True)
    await shop.database.run(
        lambda db: staff_service.update(db, an_admin(), FIRST, resume, settings=shop.settings)
    )
    assert ((await health_of(shop)).is_active, (await health_of(shop)).pause_reason) == (True, None)


@pytest.mark.parametrize("fields", [{"pause_reason": "later"}, {"is_active": True, "pause_reason": "later"}])
def test_a_reason_of_a_pause_is_only_for_a_pause(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="pause_reason is only for"):
        ChannelUpdate.model_validate(fields)
