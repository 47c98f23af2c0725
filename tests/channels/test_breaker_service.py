"""A channel that is suspended in any process stands before the staff, with its age, until it works again or the process is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from gencharge.channels import breaker_crud, breaker_service, health_staff_service
from gencharge.channels.answers import Verdict
from gencharge.channels.breaker_service import ALERT_AGAIN, GRACE, RETENTION, Publisher
from gencharge.channels.routing import FAILURES_TO_OPEN, PAUSE_SECONDS, BreakerChange, Health
from gencharge.channels.staff_schemas import ChannelBreakerOut
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.sessions.guards import Principal
from gencharge.work import crud as work
from gencharge.work.models import WorkKind
from tests.make.delivery import FIRST
from tests.make.outside import NOBODY, reach_over_api
from tests.make.recharge import list_events


@pytest.fixture(autouse=True)
async def _no_breakers(shop: Stores) -> None:
    await reach_over_api(shop, "JIO", (FIRST, NOBODY))
    async with shop.database.transaction() as db:
        await db.execute(text("SET LOCAL ROLE NONE"))
        await db.execute(text("TRUNCATE channel_breakers, events"))
    return


def opened(failures: int = FAILURES_TO_OPEN) -> BreakerChange:
    return BreakerChange(FIRST, failures, clock.now() + timedelta(seconds=PAUSE_SECONDS))


CLOSED = BreakerChange(FIRST, 0, None)


async def note(stores: Stores, process: UUID, change: BreakerChange) -> None:
    await stores.database.run(lambda db: breaker_service.note(db, process, change))


async def breaker_of(stores: Stores) -> ChannelBreakerOut | None:
    admin = Principal(user_id=new_id(), kind="admin", session_id=new_id())
    return (await stores.database.run(lambda db: health_staff_service.show(db, admin, FIRST))).breaker


async def waiting(stores: Stores) -> list[work.Waiting]:
    return await stores.database.run(lambda db: work.list_waiting(db, [WorkKind.OPEN_BREAKER]))


async def alerts(stores: Stores) -> list[dict[str, Any]]:
    return await list_events(stores, SYSTEM_USER_ID, "ChannelSuspended")


async def test_a_process_publishes_the_fifth_failure_and_the_first_answer_and_nothing_between(
    shop: Stores,
) -> None:
    health, publisher = Health(), Publisher()
    for _ in range(FAILURES_TO_OPEN - 1):
        assert health.record(FIRST, Verdict.UNKNOWN) is None
    await publisher.publish(shop.database, health.record(FIRST, Verdict.UNKNOWN))
    shown = await breaker_of(shop)
    assert shown is not None
    assert (shown.failures, shown.processes) == (FAILURES_TO_OPEN, 1)
    assert PAUSE_SECONDS - 5 < (shown.probe_at - clock.now()).total_seconds() <= PAUSE_SECONDS
    await publisher.publish(shop.database, health.record(FIRST, Verdict.REFUSED))
    assert await breaker_of(shop) is None
    assert health.record(FIRST, Verdict.REFUSED) is None, "a channel that works publishes nothing"


async def test_it_waits_in_the_work_queue_since_the_first_process_opened_it_until_the_last_closed_it(
    shop: Stores,
) -> None:
    one, other = new_id(), new_id()
    since = clock.now()
    with clock.at(since):
        await note(shop, one, opened())
    with clock.at(since + timedelta(minutes=2)):
        await note(shop, other, opened(7))
        await note(shop, one, opened(6))
        [item] = await waiting(shop)
        assert (item.item_id, item.operator, item.since) == (FIRST, "JIO", since)
        assert item.path == f"/v1/channels/{FIRST}/health"
        assert item.title == f"{FIRST} gets no recharges: 7 failures in a row"
        shown = await breaker_of(shop)
        assert shown is not None
        assert (shown.opened_at, shown.processes, shown.failures) == (since, 2, 7)
        await note(shop, one, CLOSED)
        assert [item.since for item in await waiting(shop)] == [since + timedelta(minutes=2)]
        await note(shop, other, CLOSED)
        assert await waiting(shop) == []


async def test_the_staff_are_told_once_also_if_it_fails_and_recovers_in_turn(shop: Stores) -> None:
    one, since = new_id(), clock.now()
    with clock.at(since):
        for _ in range(3):
            await note(shop, one, opened())
            await note(shop, one, CLOSED)
        await note(shop, new_id(), opened())
        [alert] = await alerts(shop)
        assert (alert["channel_id"], alert["operator"], alert["failures"]) == (FIRST, "JIO", FAILURES_TO_OPEN)
    with clock.at(since + ALERT_AGAIN + GRACE):
        await note(shop, one, opened())
        assert len(await alerts(shop)) == 2


async def test_a_process_that_died_counts_for_a_while_and_is_forgotten_a_day_later(shop: Stores) -> None:
    since = clock.now()
    with clock.at(since):
        await note(shop, new_id(), opened())
    ends = since + timedelta(seconds=PAUSE_SECONDS) + GRACE
    with clock.at(ends - timedelta(seconds=1)):
        assert await breaker_of(shop) is not None
    with clock.at(ends):
        assert await breaker_of(shop) is None
        assert await waiting(shop) == []
        await breaker_service.delete_expired(shop)
    count = text("SELECT count(*) FROM channel_breakers")
    assert await shop.database.run(lambda db: db.scalar(count)) == 1
    with clock.at(ends + RETENTION + timedelta(seconds=1)):
        await breaker_service.delete_expired(shop)
    assert await shop.database.run(lambda db: db.scalar(count)) == 0


async def test_a_channel_that_is_paused_is_no_work(shop: Stores) -> None:
    await note(shop, new_id(), opened())
    async with shop.database.transaction() as db:
        await db.execute(
            text("UPDATE operator_channels SET is_active = false WHERE code = :code"), {"code": FIRST}
        )
    assert await waiting(shop) == []


async def test_a_channel_that_is_gone_and_a_database_that_is_away_break_no_call(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = Publisher()
    await publisher.publish(shop.database, BreakerChange("no-such", 5, clock.now()))
    assert await shop.database.run(lambda db: breaker_crud.list_open(db, "no-such")) == []

    async def away(*_: object, **__: object) -> None:
        raise OSError("away")

    monkeypatch.setattr(breaker_service, "note", away)
    await publisher.publish(shop.database, opened())
    assert await breaker_of(shop) is None
