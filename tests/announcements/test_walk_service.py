"""One worker at a time walks through an audience, and one that lost its lease notes nothing."""

from __future__ import annotations

from uuid import UUID

import pytest

from gencharge.announcements import walk_service
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.users.models import User
from tests.make.announcements import announce
from tests.make.staff_client import StaffClient


async def test_a_leased_one_is_nobody_elses_until_the_lease_runs_out(
    staff: StaffClient, customer: User, stores: Stores
) -> None:
    announcement_id = UUID(await announce(staff))
    first = await walk_service.take(stores)
    assert first is not None
    assert first.announcement.announcement_id == announcement_id
    assert await walk_service.take(stores) is None
    with clock.later(seconds=31):
        second = await walk_service.take(stores)
        assert second is not None
        assert not await walk_service.advance(stores, first, None, recipients=1, in_app=1)
        assert await walk_service.advance(stores, second, new_id(), recipients=2, in_app=1)
        await walk_service.rest(stores, first, None)
    document = await stores.documents["announcements"].find_one({"_id": announcement_id})
    assert document is not None
    assert (document["recipients"], document["in_app"], document["counted"]) == (2, 1, False)
    assert "next_at" in document


async def test_slices_have_each_customer_of_the_audience_once(
    staff: StaffClient, customer: User, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk_service, "SLICE", 1)
    await announce(staff)
    walk = await walk_service.take(stores)
    assert walk is not None
    cursor, seen = None, list[UUID]()
    while True:
        readers, cursor = await stores.database.run(
            lambda db, at=cursor: walk_service.next_readers(db, walk.announcement, at)
        )
        seen += [reader.recipient.id for reader in readers]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert customer.user_id in seen
