"""The trail is sealed again only behind what is whole, only if nothing is missing, and never by the application's login."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from gencharge.audit import crud
from gencharge.audit import reanchoring_service as reanchoring
from gencharge.audit import sealing_service as sealing
from gencharge.audit import verification_service as verification
from gencharge.audit.models import SEAL_FIELDS
from gencharge.audit.sealing_service import SealingInterrupted
from gencharge.core.events.events import emit
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.audit.conftest import as_owner, entries
from tests.make.notifications import recharged


@asynccontextmanager
async def owned(stores: Stores) -> AsyncIterator[Stores]:
    """The same stores with the login of the migrations."""
    changes = {"database_url": stores.settings.migration_url, "database_app_role": ""}
    own = Stores.open(stores.settings.model_copy(update=changes))
    try:
        yield own
    finally:
        await own.close()


async def take_away(stores: Stores, *, after: int) -> list[dict[str, Any]]:
    """What an older backup does not have."""
    newer: list[dict[str, Any]] = await entries(stores).find({"sequence": {"$gt": after}}).to_list()
    await entries(stores).delete_many({"sequence": {"$gt": after}})
    return newer


async def write_again(stores: Stores, documents: list[dict[str, Any]]) -> None:
    """As a replay does: the same entries, recorded now, not sealed."""
    again = [
        {name: value for name, value in document.items() if name not in SEAL_FIELDS}
        | {"recorded_at": datetime.now(UTC), "sealed": False}
        for document in documents
    ]
    await entries(stores).insert_many(again[::-1])


async def test_what_was_written_again_is_sealed_in_the_order_of_its_events(sealed: Stores) -> None:
    order = [entry["_id"] async for entry in entries(sealed).find().sort("sequence", 1)]
    former = await sealed.database.run(crud.get_head)
    await write_again(sealed, await take_away(sealed, after=6))
    async with owned(sealed) as own:
        outcome = await reanchoring.reanchor(own, is_complete=True)
    assert outcome is not None
    # The last anchor that the backup has is the one at 4: 5 and 6 get their places again, too.
    assert (outcome.after.sequence, outcome.former, outcome.entries, outcome.missing) == (4, former, 6, 0)
    assert await sealing.seal(sealed, delay_seconds=0) == 6
    report = await verification.verify(sealed)
    assert report.ok, report.lines
    assert [entry["_id"] async for entry in entries(sealed).find().sort("sequence", 1)] == order
    assert (await sealed.database.run(crud.get_head)).hash != former.hash
    event = await sealed.database.run(
        lambda db: db.scalar(text("SELECT payload FROM events WHERE topic = 'AuditTrailReanchored'"))
    )
    assert (event["former_sequence"], event["former_hash"]) == (10, former.hash)


async def test_what_is_missing_is_not_forgiven(sealed: Stores) -> None:
    await as_owner(sealed, "TRUNCATE events, deliveries")
    newer = await take_away(sealed, after=8)
    await write_again(sealed, newer[:1])
    async with owned(sealed) as own:
        outcome = await reanchoring.reanchor(own, is_complete=True)
    assert outcome is not None
    assert (outcome.missing, outcome.done) == (1, False)
    assert not (await verification.verify(sealed)).ok
    assert (await sealed.database.run(crud.get_head)).sequence == 10


async def test_an_event_that_waits_hides_nothing_that_a_replay_missed(sealed: Stores) -> None:
    await as_owner(sealed, "TRUNCATE events, deliveries")
    newer = await take_away(sealed, after=8)
    await write_again(sealed, newer[:1])
    waiting = recharged()
    await sealed.database.run(lambda db: emit(db, waiting))
    async with owned(sealed) as own:
        outcome = await reanchoring.reanchor(own, is_complete=False)
    assert outcome is not None
    assert (outcome.missing, outcome.done) == (0, False)
    assert (await sealed.database.run(crud.get_head)).sequence == 10


async def test_a_trail_that_was_changed_is_left_as_it_is(sealed: Stores) -> None:
    await write_again(sealed, await take_away(sealed, after=8))
    await entries(sealed).update_one({"sequence": 2}, {"$set": {"action": "nothing"}})
    async with owned(sealed) as own:
        assert await reanchoring.reanchor(own, is_complete=True) is None
    assert (await sealed.database.run(crud.get_head)).sequence == 10


async def test_a_whole_trail_stays_as_it_is(sealed: Stores) -> None:
    async with owned(sealed) as own:
        assert await reanchoring.reanchor(own, is_complete=True) is None
        assert await reanchoring.reanchor(own, is_complete=True) is None


async def test_it_is_known_which_heads_belong_to_the_trail(sealed: Stores) -> None:
    head = await sealed.database.run(crud.get_head)
    assert await reanchoring.is_anchored(sealed.settings, head.sequence, head.hash)
    assert not await reanchoring.is_anchored(sealed.settings, head.sequence, "0" * 64)
    assert not await reanchoring.is_anchored(sealed.settings, head.sequence - 1, head.hash)


async def test_it_waits_for_no_sealer(sealed: Stores) -> None:
    await sealed.database.run(lambda db: crud.take_lease(db, new_id(), seconds=60))
    async with owned(sealed) as own:
        with pytest.raises(SealingInterrupted):
            await reanchoring.reanchor(own, is_complete=True)
    await as_owner(sealed, "TRUNCATE audit_sealers")


async def test_the_login_of_the_application_may_not(sealed: Stores) -> None:
    await write_again(sealed, await take_away(sealed, after=4))
    with pytest.raises(Exception, match="permission denied"):
        await reanchoring.reanchor(sealed, is_complete=True)
    assert (await sealed.database.run(crud.get_head)).sequence == 10
