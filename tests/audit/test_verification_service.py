"""Every kind of tampering shows."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from gencharge.audit import sealing_service as sealing
from gencharge.audit import verification_service as verification
from gencharge.audit.models import GENESIS, Head, canonical, link
from gencharge.core.stores.mongo import Document
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.audit.conftest import as_owner, entries, move, renumber, write
from tests.conftest import OTP_SECRET, SECRET
from tests.make import fork_server

Tamper = Callable[[Stores], Awaitable[None]]


async def kinds(stores: Stores) -> set[tuple[str, int]]:
    report = await verification.verify(stores)
    assert not report.ok
    assert report.lines
    return {(finding.kind, finding.sequence) for finding in report.findings}


async def test_an_empty_trail_is_whole(trail: Stores) -> None:
    report = await verification.verify(trail)
    assert report.ok
    assert (report.head, report.entries, report.unsealed) == (Head(), 0, 0)


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
    problems = await kinds(sealed)
    assert ("removed", 5) in problems
    assert ("truncated", 10) in problems


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
    problems = await kinds(sealed)
    assert {kind for kind, _ in problems} == {"reordered"}
    assert {5, 6} <= {sequence for _, sequence in problems}


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


async def verify(stores: Stores, **overrides: str) -> subprocess.CompletedProcess[str]:
    """Run the command against these stores."""
    settings = stores.settings
    environment = {
        **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
        "ENVIRONMENT": "test",
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "MONGO_URL": settings.mongo_url,
        "MONGO_DATABASE": settings.mongo_database,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": SECRET,
        "OTP_SECRET": OTP_SECRET,
        **overrides,
    }
    return await asyncio.to_thread(
        fork_server.run, "audit", "verify", folder=settings.data_dir, environment=environment, timeout=60
    )


async def test_a_whole_trail_is_said_to_be_whole_with_exit_code_0(sealed: Stores) -> None:
    answer = await verify(sealed)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == [
        "audit",
        "trail",
        "whole:",
        "10",
        "entries",
        "up",
        "to",
        "10,",
        "0",
        "not",
        "sealed",
        "yet",
    ]


async def _change(stores: Stores) -> None:
    await entries(stores).update_one({"sequence": 5}, {"$set": {"details.total_paid_paise": 1}})


async def _remove(stores: Stores) -> None:
    await entries(stores).delete_one({"sequence": 5})


async def _insert(stores: Stores) -> None:
    await renumber(stores, range(10, 5, -1), by=1)
    before = await entries(stores).find_one({"sequence": 5})
    forged: Document = {**before, "_id": new_id(), "sequence": 6, "previous_hash": before["hash"]}
    await entries(stores).insert_one({**forged, "hash": link(before["hash"], forged)})


async def _reorder(stores: Stores) -> None:
    await move(stores, {5: 6, 6: 5})


async def _cut(stores: Stores) -> None:
    await entries(stores).delete_many({"sequence": {"$gt": 7}})


@pytest.mark.parametrize(
    ("tamper", "line"),
    [
        (_change, "changed at 5: its content is not what was sealed"),
        (_remove, "removed at 5: entries 5 to 5 are missing"),
        (_insert, "inserted at 7: what is at 6 to 6 was not there when it was sealed"),
        (_reorder, "reordered at 5: it was sealed behind the entry that is now at 6"),
        (_cut, "truncated at 8: entries 8 to 10 are gone from the end"),
    ],
)
async def test_a_breach_is_told_by_kind_and_place_with_exit_code_1(
    sealed: Stores, tamper: Tamper, line: str
) -> None:
    await tamper(sealed)
    answer = await verify(sealed)
    assert answer.returncode == 1, answer.stderr
    first, *lines = answer.stdout.splitlines()
    assert first.startswith("audit trail BROKEN in ")
    assert line in lines
    assert answer.stderr == ""


async def test_without_mongodb_it_says_so_in_one_line_and_claims_nothing(sealed: Stores) -> None:
    answer = await verify(sealed, MONGO_URL="mongodb://127.0.0.1:1")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.count("\n") == 1
    assert "MONGO_URL" in answer.stderr
