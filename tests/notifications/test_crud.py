"""What a page of a full inbox costs MongoDB: it looks at about as many notices as it shows, whatever the filter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from gencharge.core.stores.mongo import Document
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.notifications import crud
from gencharge.notifications.models import NotificationType, Recipient

NOTICES = 2_000
REMINDERS = 3
LIMIT = 21


@pytest.fixture
async def owner(stores: Stores) -> AsyncIterator[Recipient]:
    """An inbox whose newer half is viewed, with three reminders among the oldest."""
    owner, now = Recipient("user", new_id()), clock.now()
    await crud.add_notices(stores.documents, [_notice(owner, number, now) for number in range(NOTICES)])
    yield owner
    await crud.delete_inbox(stores.documents, owner)


def _notice(owner: Recipient, number: int, now: datetime) -> Document:
    is_reminder = number >= NOTICES - REMINDERS
    return {
        "_id": new_id(),
        "recipient_kind": owner.kind,
        "recipient_id": owner.id,
        "type": NotificationType.REMINDER if is_reminder else NotificationType.TRANSACTIONAL,
        "created_at": now - timedelta(minutes=number),
        "viewed_at": now if number < NOTICES // 2 else None,
        "deleted_at": None,
    }


@asynccontextmanager
async def watched(stores: Stores) -> AsyncIterator[list[dict[str, Any]]]:
    """What MongoDB notes of the queries of the block: https://www.mongodb.com/docs/manual/reference/database-profiler/"""
    seen = list[dict[str, Any]]()
    await stores.documents.command("profile", 2)
    try:
        yield seen
    finally:
        await stores.documents.command("profile", 0)
        rows = stores.documents["system.profile"].find({"ns": {"$regex": f"[.]{crud.COLLECTION}$"}})
        seen += await rows.to_list()
        await stores.documents["system.profile"].drop()


@pytest.mark.parametrize("unread", [None, True, False])
@pytest.mark.parametrize("kind", [None, NotificationType.TRANSACTIONAL, NotificationType.REMINDER])
@pytest.mark.parametrize("is_first", [True, False])
async def test_a_page_looks_at_about_as_many_notices_as_it_shows(
    stores: Stores, owner: Recipient, kind: NotificationType | None, unread: bool | None, is_first: bool
) -> None:
    now = clock.now()
    after = None if is_first else (now - timedelta(minutes=NOTICES // 4), new_id())
    async with watched(stores) as seen:
        await crud.list_notices(
            stores.documents, owner, kind=kind, unread=unread, now=now, after=after, limit=LIMIT
        )
    (query,) = seen
    assert query["docsExamined"] <= 2 * LIMIT, query
    assert not query.get("hasSortStage"), query


@pytest.mark.parametrize("unread", [None, True, False])
@pytest.mark.parametrize("kind", [None, NotificationType.REMINDER])
async def test_a_count_reads_an_index_and_not_the_inbox(
    stores: Stores, owner: Recipient, kind: NotificationType | None, unread: bool | None
) -> None:
    async with watched(stores) as seen:
        await crud.count_notices(stores.documents, owner, kind=kind, unread=unread, now=clock.now())
    (query,) = seen
    # A count of viewed ones has to tell what was never viewed from what is null; nobody asks for it unless they want the total.
    assert query["docsExamined"] <= (NOTICES if unread is False and kind is None else REMINDERS), query
    assert query["keysExamined"] <= (NOTICES if kind is None else REMINDERS) + 2, query
