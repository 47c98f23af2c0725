"""Sealing: order, leases, dead sealers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from gencharge.audit import crud
from gencharge.audit import sealing_service as sealing
from gencharge.audit import service as audit
from gencharge.audit import verification_service as verification
from gencharge.audit.models import GENESIS, Head, link
from gencharge.core.events.events import Envelope
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.audit.conftest import entries, write
from tests.make.notifications import recharged


async def test_the_chain_is_sha256_of_the_hash_before_and_the_canonical_entry(sealed: Stores) -> None:
    previous = GENESIS
    async for entry in entries(sealed).find().sort("sequence", 1):
        assert entry["previous_hash"] == previous
        previous = link(previous, entry)
        assert entry["hash"] == previous
    assert await sealed.database.run(crud.get_head) == Head(10, previous)


async def test_entries_wait_until_they_are_older_than_the_delay(trail: Stores) -> None:
    await write(trail, 3)
    assert await sealing.seal(trail) == 0
    assert (await verification.verify(trail)).unsealed == 3
    with clock.later(seconds=sealing.DELAY_SECONDS + 1):
        assert await sealing.seal(trail) == 3


async def test_entries_are_sealed_in_the_order_of_their_events_whatever_the_order_of_arrival(
    trail: Stores,
) -> None:
    now = datetime.now(UTC)
    batch = [Envelope(new_id(), now, recharged(), "r", "", "user", "u") for _ in range(6)]
    for envelope in reversed(batch):
        await audit.record(trail, [envelope])
    await sealing.seal(trail, delay_seconds=0, batch=2)
    sealed_entries = await entries(trail).find().sort("sequence", 1).to_list()
    assert [entry["_id"] for entry in sealed_entries] == [envelope.id for envelope in batch]


async def test_a_repeated_delivery_leaves_a_sealed_entry_alone(trail: Stores) -> None:
    envelope = Envelope(new_id(), datetime.now(UTC), recharged(), "r", "", "user", "u")
    await audit.record(trail, [envelope])
    await sealing.seal(trail, delay_seconds=0)
    before = await entries(trail).find_one()
    await audit.record(trail, [envelope])
    assert await entries(trail).find().to_list() == [before]


async def test_while_one_seals_another_does_nothing(trail: Stores) -> None:
    await write(trail, 5)
    holder = new_id()
    assert await trail.database.run(lambda db: crud.take_lease(db, holder, seconds=60))
    assert await sealing.seal(trail, delay_seconds=0) == 0
    await trail.database.run(lambda db: crud.renew_lease(db, holder, seconds=0))
    assert await sealing.seal(trail, delay_seconds=0) == 5


async def test_five_sealers_at_once_make_one_whole_chain(trail: Stores) -> None:
    await write(trail, 100)
    sealed = 0
    while sealed < 100:
        sealed += sum(
            await asyncio.gather(*(sealing.seal(trail, delay_seconds=0, batch=7) for _ in range(5)))
        )
    report = await verification.verify(trail)
    assert report.ok, report.lines
    assert (report.entries, report.unsealed) == (100, 0)


async def test_what_a_dead_sealer_left_beyond_the_anchor_is_taken_back_and_sealed_anew(
    trail: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(trail, 10)

    async def die(*_arguments: Any) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as broken:
        broken.setattr(sealing, "_anchor", die)
        with pytest.raises(RuntimeError):
            await sealing.seal(trail, delay_seconds=0, batch=4)
    assert await entries(trail).count_documents({"sealed": True}) == 4
    report = await verification.verify(trail)
    assert report.ok, "what is not anchored is no part of the chain"
    assert await sealing.seal(trail, delay_seconds=0) == 10
    assert (await verification.verify(trail)).ok


async def test_a_sealer_that_lost_its_lease_can_not_anchor(
    trail: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(trail, 6)
    set_seals = crud.set_seals
    others: list[int] = []

    async def pause_for_another(documents: Any, seals: Any) -> int:
        written = await set_seals(documents, seals)
        if not others:
            others.append(0)
            await trail.database.run(
                lambda db: db.execute(text("UPDATE audit_sealers SET leased_until = now() - interval '1 s'"))
            )
            others[0] = await sealing.seal(trail, delay_seconds=0)
        return written

    monkeypatch.setattr(crud, "set_seals", pause_for_another)
    with pytest.raises(sealing.SealingInterrupted):
        await sealing.seal(trail, delay_seconds=0, batch=3)
    assert others == [6]
    report = await verification.verify(trail)
    assert report.ok, report.lines
    assert report.head.sequence == 6
