"""What waits is counted by kind, and a report stays open until it is closed."""

from __future__ import annotations

from uuid import uuid4

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.work import crud, service
from gencharge.work.models import WorkKind
from tests.make.work import add_parked_delivery

KIND = WorkKind.DISPUTED_DELIVERY


async def report(stores: Stores, item_id: str) -> None:
    await stores.database.run(
        lambda db: service.report(db, KIND, item_id, title="t", path="/v1", at=clock.now(), operator="JIO")
    )


async def find(stores: Stores, item_id: str) -> list[crud.Waiting]:
    rows = await stores.database.run(lambda db: crud.list_waiting(db, [KIND]))
    return [row for row in rows if row.item_id == item_id]


async def test_a_report_keeps_its_instant_until_it_is_closed_and_then_opens_anew(stores: Stores) -> None:
    item_id = str(uuid4())
    await report(stores, item_id)
    [first] = await find(stores, item_id)
    with clock.later(hours=1):
        await report(stores, item_id)
    assert await find(stores, item_id) == [first]
    assert await stores.database.run(lambda db: service.close(db, KIND, item_id))
    assert not await stores.database.run(lambda db: service.close(db, KIND, item_id))
    assert await find(stores, item_id) == []
    with clock.later(hours=2):
        await report(stores, item_id)
    [again] = await find(stores, item_id)
    assert again.since > first.since


async def test_each_kind_is_counted_with_its_oldest(stores: Stores) -> None:
    before = await stores.database.run(service.count_waiting)
    assert set(before) == set(WorkKind)
    await add_parked_delivery(stores)
    count, oldest = (await stores.database.run(service.count_waiting))[WorkKind.PARKED_DELIVERY]
    assert count == before[WorkKind.PARKED_DELIVERY][0] + 1
    assert oldest is not None
