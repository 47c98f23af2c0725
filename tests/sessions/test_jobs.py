"""Deleting old sessions on a clock."""

from __future__ import annotations

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.sessions.models import Session
from tests.make.sessions import start_session


async def test_what_ended_long_ago_is_deleted_and_the_living_stay(stores: Stores) -> None:
    from gencharge.sessions.jobs import JOBS

    with clock.at(clock.now().replace(year=2020)):
        old = await start_session(stores)
    fresh = await start_session(stores)
    await JOBS[0].run(stores)
    async with stores.database.transaction() as db:
        assert await db.get(Session, (old.user_id, old.session_id)) is None
        assert await db.get(Session, (fresh.user_id, fresh.session_id)) is not None
