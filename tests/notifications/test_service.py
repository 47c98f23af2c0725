"""Notices and announcements are one list: in order, paged without a gap, and exported together."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.http.paging import CursorInvalid
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.notifications import personal_data, service, writing_service
from gencharge.notifications.kinds import Draft
from gencharge.notifications.recharge_notices import PLAN_RECHARGED
from gencharge.notifications.writing_service import Entry
from tests.make.announcements import announce
from tests.make.factories import know_roles, make_user
from tests.make.staff_client import StaffClient


async def _filled(app: FastAPI, client: httpx.AsyncClient, stores: Stores) -> tuple[Recipient, list[UUID]]:
    """An inbox with three notices and three announcements, turn by turn; the ids of these, the newest first."""
    await know_roles(app)
    staff = await StaffClient.open(app, client)
    await stores.documents["announcements"].delete_many({})
    owner = Recipient("user", (await stores.database.run(make_user)).user_id)
    announced = []
    for _ in range(3):
        announced.append(UUID(await announce(staff)))
        entry = Entry(new_id(), clock.now(), Draft(owner, PLAN_RECHARGED, PLAN_RECHARGED.samples()))
        await writing_service.write(stores, [entry])
    return owner, announced[::-1]


@pytest.mark.parametrize("limit", [1, 2, 4, 6])
async def test_pages_of_any_size_have_each_once_in_order(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores, limit: int
) -> None:
    owner, announced = await _filled(app, client, stores)
    inbox = await service.open_inbox(stores, owner)
    notices, cursor = await service.read(stores, inbox, limit=limit)
    while cursor is not None:
        page, cursor = await service.read(stores, inbox, limit=limit, cursor=cursor)
        assert page, "a page that a cursor leads to is not empty"
        notices += page
    assert len({notice.id for notice in notices}) == len(notices) == 6
    assert [notice.id for notice in notices][1::2] == announced
    assert [notice.created_at for notice in notices] == sorted(
        (notice.created_at for notice in notices), reverse=True
    )


async def test_a_type_is_one_type_and_the_counts_agree(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores
) -> None:
    owner, announced = await _filled(app, client, stores)
    inbox = await service.open_inbox(stores, owner)
    page, _ = await service.read(stores, inbox, kind=NotificationType.ANNOUNCEMENT)
    assert [notice.id for notice in page] == announced
    assert await service.count(stores, inbox, kind=NotificationType.TRANSACTIONAL) == 3
    assert await service.count(stores, inbox, kind=NotificationType.REMINDER) == 0
    assert await service.count(stores, inbox, unread=True) == 6
    stranger = Recipient("user", new_id())
    inboxes = await service.open_inboxes(stores, [owner, stranger])
    assert await service.count_unread_of(stores, inboxes) == {owner: 6, stranger: 0}
    assert await service.view_all(stores, inbox) == 6
    assert await service.count_unread_of(stores, inboxes) == {owner: 0, stranger: 0}


async def test_the_export_has_the_announcements_too(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores
) -> None:
    owner, announced = await _filled(app, client, stores)
    assert personal_data.PART.export is not None
    exported = [item async for item in await personal_data.PART.export(stores, owner.id)]
    assert len(exported) == 6
    assert {item.notification_id for item in exported} >= set(announced)


async def test_a_wrong_cursor_is_refused_and_a_fast_clock_shows_nothing_early(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores
) -> None:
    owner, announced = await _filled(app, client, stores)
    inbox = await service.open_inbox(stores, owner)
    with pytest.raises(CursorInvalid):
        await service.read(stores, inbox, cursor="nonsense")
    with clock.at(clock.now() - timedelta(hours=1)):
        page, _ = await service.read(stores, inbox)
        assert not {notice.id for notice in page} & set(announced)
