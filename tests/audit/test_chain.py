"""The chain: whatever is changed, removed, inserted, reordered, cut off or made anew shows. And races of sealers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from gencharge.audit import crud
from gencharge.audit import sealing_service as sealing
from gencharge.audit import service as audit
from gencharge.audit import verification_service as verification
from gencharge.audit.models import GENESIS, Head, canonical, link
from gencharge.core.events.events import Envelope
from gencharge.core.stores.mongo import Document
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.audit.conftest import as_owner, entries, move, renumber, write
from tests.notifications.test_templates import recharged

Tamper = Callable[[Any], Awaitable[Any]]


async def kinds(stores: Stores) -> set[tuple[str, int]]:
    report = await verification.verify(stores)
    assert not report.ok
    assert report.lines
    return {(finding.kind, finding.sequence) for finding in report.findings}


async def test_an_empty_trail_is_whole(trail: Stores) -> None:
    report = await verification.verify(trail)
    assert report.ok
    assert (report.head, report.entries, report.unsealed) == (Head(), 0, 0)


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
    found = await entries(trail).find().sort("sequence", 1).to_list()
    assert [entry["_id"] for entry in found] == [envelope.id for envelope in batch]


async def test_a_repeated_delivery_leaves_a_sealed_entry_alone(trail: Stores) -> None:
    envelope = Envelope(new_id(), datetime.now(UTC), recharged(), "r", "", "user", "u")
    await audit.record(trail, [envelope])
    await sealing.seal(trail, delay_seconds=0)
    before = await entries(trail).find_one()
    await audit.record(trail, [envelope])
    assert await entries(trail).find().to_list() == [before]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", "plan_refunded"),
        ("details.total_paid_paise", 1),
        ("details.total_paid_paise", 19900.0),
        ("occurred_at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("actor.id", "somebody else"),
        ("added", True),
        ("hash", "f" * 64),
        ("hash", None),
        ("previous_hash", "nonsense"),
    ],
)
async def test_a_changed_entry_shows(sealed: Stores, field: str, value: object) -> None:
    await entries(sealed).update_one({"sequence": 5}, {"$set": {field: value}})
    assert ("changed", 5) in await kinds(sealed)


async def test_a_date_that_becomes_the_same_text_shows(sealed: Stores) -> None:
    entry = await entries(sealed).find_one({"sequence": 5})
    text_of_it = entry["occurred_at"].isoformat(timespec="milliseconds")
    await entries(sealed).update_one({"sequence": 5}, {"$set": {"occurred_at": text_of_it}})
    assert await kinds(sealed) == {("changed", 5)}


async def test_a_removed_field_shows(sealed: Stores) -> None:
    await entries(sealed).update_one({"sequence": 5}, {"$unset": {"request_id": ""}})
    assert await kinds(sealed) == {("changed", 5)}


@pytest.mark.parametrize("sequence", [1, 4, 5])
async def test_a_removed_entry_shows(sealed: Stores, sequence: int) -> None:
    await entries(sealed).delete_one({"sequence": sequence})
    assert await kinds(sealed) == {("removed", sequence)}


async def test_a_removed_entry_shows_when_the_rest_isrenumbered(sealed: Stores) -> None:
    await entries(sealed).delete_one({"sequence": 5})
    await renumber(sealed, range(6, 11), by=-1)
    found = await kinds(sealed)
    assert ("removed", 5) in found
    assert ("truncated", 10) in found


@pytest.mark.parametrize("last", [9, 5, 0])
async def test_a_truncated_tail_shows(sealed: Stores, last: int) -> None:
    await entries(sealed).delete_many({"sequence": {"$gt": last}})
    assert await kinds(sealed) == {("truncated", last + 1)}


async def test_a_truncated_tail_shows_when_its_anchors_are_the_only_witness(sealed: Stores) -> None:
    await sealed.mongo.drop_database(sealed.settings.mongo_database)
    assert await kinds(sealed) == {("truncated", 1)}


async def test_a_forged_entry_between_two_shows(sealed: Stores) -> None:
    await renumber(sealed, range(10, 5, -1), by=1)
    before = await entries(sealed).find_one({"sequence": 5})
    forged: Document = {**before, "_id": new_id(), "sequence": 6, "previous_hash": before["hash"]}
    await entries(sealed).insert_one({**forged, "hash": link(before["hash"], forged)})
    assert ("inserted", 7) in await kinds(sealed)


@pytest.mark.parametrize("sequence", [5.5, 0, -1])
async def test_an_entry_beside_the_numbers_shows(sealed: Stores, sequence: float) -> None:
    entry = await entries(sealed).find_one({"sequence": 5})
    await entries(sealed).insert_one({**entry, "_id": new_id(), "sequence": sequence})
    report = await verification.verify(sealed)
    assert [finding.kind for finding in report.findings] == ["inserted"]


async def test_a_second_entry_of_one_number_shows_when_the_index_was_dropped(sealed: Stores) -> None:
    entry = await entries(sealed).find_one({"sequence": 5})
    await entries(sealed).drop_index("chain")
    await entries(sealed).insert_one({**entry, "_id": new_id()})
    assert await kinds(sealed) == {("inserted", 5)}


async def test_two_entries_that_changed_places_show(sealed: Stores) -> None:
    await move(sealed, {5: 6, 6: 5})
    found = await kinds(sealed)
    assert {kind for kind, _ in found} == {"reordered"}
    assert {5, 6} <= {sequence for _, sequence in found}


async def test_an_entry_moved_to_a_later_place_shows(sealed: Stores) -> None:
    await move(sealed, {2: 6, 3: 2, 4: 3, 5: 4, 6: 5})
    assert "reordered" in {kind for kind, _ in await kinds(sealed)}


async def test_a_chain_that_was_made_anew_from_a_changed_entry_shows_by_the_anchors(sealed: Stores) -> None:
    await entries(sealed).update_one({"sequence": 5}, {"$set": {"details.total_paid_paise": 1}})
    previous = (await entries(sealed).find_one({"sequence": 4}))["hash"]
    for sequence in range(5, 11):
        entry = await entries(sealed).find_one({"sequence": sequence})
        own = link(previous, entry)
        await entries(sealed).update_one(
            {"_id": entry["_id"]}, {"$set": {"previous_hash": previous, "hash": own}}
        )
        previous = own
    assert await kinds(sealed) == {("rewritten", 8), ("rewritten", 10)}


async def test_a_changed_anchor_shows(sealed: Stores) -> None:
    await as_owner(sealed, f"UPDATE audit_anchors SET hash = '{'0' * 64}' WHERE sequence = 8")
    assert await kinds(sealed) == {("rewritten", 8)}


async def test_an_entry_taken_out_of_the_chain_shows_even_after_it_is_sealed_anew(sealed: Stores) -> None:
    await entries(sealed).update_one({"sequence": 5}, {"$set": {"sealed": False}})
    assert await sealing.seal(sealed, delay_seconds=0) == 1
    assert await kinds(sealed) == {("removed", 5)}


async def test_many_breaches_are_counted_and_the_first_hundred_told(trail: Stores) -> None:
    await write(trail, 150)
    await sealing.seal(trail, delay_seconds=0)
    await entries(trail).update_many({}, {"$set": {"action": "nothing"}})
    report = await verification.verify(trail)
    assert (report.breaches, len(report.findings)) == (150, 100)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_anchors SET hash = hash", "DELETE FROM audit_anchors", "TRUNCATE audit_anchors"],
)
async def test_the_application_may_not_change_an_anchor(sealed: Stores, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        await sealed.database.run(lambda db: db.execute(text(statement)))


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


async def test_verifying_while_others_write_and_seal_finds_nothing_wrong(trail: Stores) -> None:
    stop = asyncio.Event()

    async def work() -> None:
        while not stop.is_set():
            await write(trail, 20)
            await sealing.seal(trail, delay_seconds=0, batch=10)

    worker = asyncio.create_task(work())
    try:
        for _ in range(10):
            report = await verification.verify(trail)
            assert report.ok, report.lines
    finally:
        stop.set()
        await worker


@examples(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5),
        st.one_of(
            st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=10), st.uuids()
        ),
        max_size=5,
    )
)
def test_the_canonical_form_does_not_depend_on_the_order_of_fields(entry: dict[str, Any]) -> None:
    backwards = dict(reversed(entry.items()))
    assert canonical(entry) == canonical(backwards)
    assert link(GENESIS, entry) == link(GENESIS, backwards)


def test_the_hash_of_a_known_entry_never_changes() -> None:
    entry = {"_id": "e", "action": "plan_recharged", "occurred_at": datetime(2026, 1, 1, tzinfo=UTC), "n": 1}
    expected = (
        '{"_id":"e","action":"plan_recharged","n":1,"occurred_at":{"$date":"2026-01-01T00:00:00.000+00:00"}}'
    )
    assert canonical(entry) == expected.encode()
    assert (
        canonical({**entry, "sealed": True, "sequence": 1, "hash": "h", "previous_hash": "p"})
        == expected.encode()
    )
    assert timedelta(0) <= timedelta(seconds=sealing.DELAY_SECONDS)
