"""The lists of a customer's autopays and of their tries."""

from __future__ import annotations

import pytest

from gencharge.autopay import reading_service as reading
from gencharge.autopay import service as autopays
from gencharge.autopay.errors import AutopayNotFound
from gencharge.autopay.schemas import AutopayQuery
from gencharge.core.http.paging import PageQuery
from gencharge.core.stores.stores import Stores
from tests.make.autopay import make_autopay, make_owner


async def test_the_list_is_filtered_by_number_and_status(shop: Stores) -> None:
    user_id = await make_owner(shop)
    first, second = [await make_autopay(shop, user_id) for _ in range(2)]
    await make_autopay(shop, await make_owner(shop))
    await shop.database.run(lambda db: autopays.pause(db, user_id, first.autopay_id))

    async def ids(**query: object) -> list[object]:
        params = AutopayQuery.model_validate(query)
        page = await shop.database.run(lambda db: reading.list_autopays(db, user_id, params))
        return [item.autopay_id for item in page.items]

    assert await ids() == [second.autopay_id, first.autopay_id]
    assert await ids(status="paused") == [first.autopay_id]
    assert await ids(phone_number=second.phone_number) == [second.autopay_id]
    await shop.database.run(lambda db: autopays.remove(db, user_id, second.autopay_id))
    assert await ids() == [first.autopay_id]
    assert await ids(status="cancelled") == [second.autopay_id]


async def test_tries_are_paged_the_newest_first_and_only_for_their_owner(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    for _ in range(3):
        await shop.database.run(lambda db: autopays.skip(db, user_id, autopay.autopay_id))
    first = await shop.database.run(
        lambda db: reading.list_attempts(db, user_id, autopay.autopay_id, PageQuery(limit=2))
    )
    rest = await shop.database.run(
        lambda db: reading.list_attempts(
            db, user_id, autopay.autopay_id, PageQuery(limit=2, cursor=first.next_cursor)
        )
    )
    dates = [item.due_at for item in (*first.items, *rest.items)]
    assert len(dates) == 3
    assert dates == sorted(dates, reverse=True)
    stranger = await make_owner(shop)
    with pytest.raises(AutopayNotFound):
        await shop.database.run(
            lambda db: reading.list_attempts(db, stranger, autopay.autopay_id, PageQuery())
        )
