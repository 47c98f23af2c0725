"""MongoDB from an older backup: every notice and audit entry of what PostgreSQL holds is there again, once, and nobody is told twice."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from gencharge import wiring
from gencharge.audit import crud as audit
from gencharge.audit import sealing_service as sealing
from gencharge.audit import verification_service as verification
from gencharge.backups import documents_crud, documents_service
from gencharge.core import faultpoints
from gencharge.core.events import delivered
from gencharge.core.events.relay import Relay
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.notifications.models import Recipient
from gencharge.notifications.service import open_inbox, read
from gencharge.run import replaying
from gencharge.run.embedded import ServerFailed
from tests.conftest import database_of, test_settings
from tests.make import factories, fork_server
from tests.make.backups import silent
from tests.make.money import buy, find_plan, fund, make_number, sell_sample_plans


@dataclass(slots=True)
class Life:
    """An installation in which things happen, and an older copy of its MongoDB."""

    stores: Stores
    user_id: UUID
    copies: int = 0

    async def sell(self, count: int) -> None:
        plan = await find_plan(self.stores)
        for _ in range(count):
            await buy(self.stores, self.user_id, await make_number(self.stores), plan.plan_id)

    async def deliver(self) -> None:
        await Relay(self.stores, wiring.LISTENERS).drain()

    async def instant(self) -> datetime:
        """PostgreSQL's own: that is what dates a backup."""
        at: datetime = await self.stores.database.run(lambda db: db.scalar(text("SELECT clock_timestamp()")))
        return at

    async def copy_documents(self) -> Settings:
        """The settings with a copy of MongoDB as it is now: what a backup of this instant would bring back."""
        self.copies += 1
        name = f"{self.stores.settings.mongo_database[:40]}_{self.copies}"
        own = self.stores.settings.model_copy(update={"mongo_database": name})
        with documents_crud.opened(own) as target, documents_crud.opened(self.stores.settings) as source:
            documents_crud.drop(target)
            documents_service.copy_live(source, target, silent)
        return own

    async def take(self, older: Settings) -> None:
        """Go on with the older copy."""
        await self.stores.close()
        self.stores = Stores.open(older)

    async def ids(self, collection: str, **conditions: Any) -> list[UUID]:
        return [
            row["_id"]
            async for row in self.stores.documents[collection].find(conditions, {"_id": 1}).sort("_id")
        ]


@pytest.fixture
async def life(servers: Path, worker_id: str) -> AsyncIterator[Life]:
    name = database_of(servers, worker_id, "replaying")
    stores = Stores.open(test_settings(servers, name))
    await stores.mongo.drop_database(name)
    await sell_sample_plans(stores)
    user = await stores.database.run(factories.make_user)
    await fund(stores, user.user_id, 1_000_000)
    life = Life(stores, user.user_id)
    await life.deliver()
    yield life
    for number in range(life.copies + 1):
        await life.stores.mongo.drop_database(f"{name[:40]}_{number}" if number else name)
    await life.stores.close()


async def replay(life: Life, since: datetime) -> replaying.Outcome:
    return await replaying.bring_up(life.stores.settings, wiring.LISTENERS, since, silent)


async def whole(life: Life) -> verification.Report:
    report = await verification.verify(life.stores)
    assert report.ok, report.lines
    return report


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_each_notice_and_entry_is_there_once_however_far_the_documents_are_behind(
    life: Life, seed: int
) -> None:
    """Three restores in a row, each from a copy that is some events behind, amid deliveries and seals that are not complete."""
    chance = random.Random(seed)
    for _ in range(3):
        await life.sell(chance.randint(0, 4))
        if chance.random() < 0.7:
            await life.deliver()
            await sealing.seal(life.stores, delay_seconds=0, batch=chance.randint(1, 5))
        since, older = await life.instant(), await life.copy_documents()
        await life.sell(chance.randint(1, 12))
        await life.deliver()
        if chance.random() < 0.8:
            await sealing.seal(life.stores, delay_seconds=0, batch=chance.randint(1, 7))
        await life.sell(chance.randint(0, 3))  # they wait in the outbox
        notices, entries = await life.ids("notices"), await life.ids("audit_entries")
        live = await inbox(life)
        await life.take(older)
        messages = await life.ids("messages")
        outcome = await replay(life, since)
        assert outcome.is_complete, list(replaying.lines_of(outcome))
        assert await life.ids("notices") == notices
        assert await life.ids("audit_entries") == entries
        assert await inbox(life) == live, "the same words"
        assert await life.ids("messages") == messages, "nothing is sent again"
        await whole(life)
        # And once more changes nothing.
        again = await replay(life, since)
        assert again.reanchored is None
        assert (await life.ids("notices"), await life.ids("audit_entries")) == (notices, entries)
    # What waited is delivered as ever, and the trail goes on.
    await life.deliver()
    await sealing.seal(life.stores, delay_seconds=0)
    report = await whole(life)
    sold = await life.stores.database.run(lambda db: db.scalar(text("SELECT count(*) FROM recharges")))
    assert len(await life.ids("audit_entries", action="plan_recharged")) == sold
    assert report.unsealed == 0


async def inbox(life: Life) -> list[tuple[str, str]]:
    """What the customer reads."""
    opened = await open_inbox(life.stores, Recipient("user", life.user_id))
    notices, _ = await read(life.stores, opened, limit=100, cursor=None)
    return [(notice.title, notice.body) for notice in notices]


async def test_the_seals_of_the_rebuilt_entries_go_by_their_events(life: Life) -> None:
    await life.sell(3)
    await life.deliver()
    await sealing.seal(life.stores, delay_seconds=0)
    since, older = await life.instant(), await life.copy_documents()
    await life.sell(6)
    await life.deliver()
    await sealing.seal(life.stores, delay_seconds=0)
    former = (await whole(life)).head
    await life.take(older)
    outcome = await replay(life, since)
    assert outcome.reanchored is not None
    assert outcome.reanchored.former == former
    entries = life.stores.documents["audit_entries"].find({"sealed": True}).sort("sequence", 1)
    ids = [entry["_id"] async for entry in entries]
    behind = outcome.reanchored.after.sequence
    assert ids[behind:] == sorted(ids[behind:])
    assert any(former.hash in line for line in replaying.lines_of(outcome))


async def test_the_lease_of_a_sealer_that_was_killed_is_waited_for(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    await life.sell(1)
    await life.deliver()
    since, older = await life.instant(), await life.copy_documents()
    await life.sell(2)
    await life.deliver()
    await sealing.seal(life.stores, delay_seconds=0)
    await life.take(older)
    await life.stores.database.run(lambda db: audit.take_lease(db, new_id(), seconds=600))
    monkeypatch.setattr(sealing, "LEASE_SECONDS", 0.2)
    with pytest.raises(ServerFailed, match="stop all workers"):
        await replay(life, since)
    await life.stores.database.run(
        lambda db: db.execute(text("UPDATE audit_sealers SET leased_until = now() + interval '1 second'"))
    )
    monkeypatch.setattr(sealing, "LEASE_SECONDS", 60.0)
    outcome = await replay(life, since)
    assert outcome.is_complete
    await whole(life)


async def test_events_that_were_not_stored_for_long_enough_are_missed_aloud(life: Life) -> None:
    await life.sell(2)
    await life.deliver()
    since, older = await life.instant(), await life.copy_documents()
    await life.sell(4)
    await life.deliver()
    await sealing.seal(life.stores, delay_seconds=0)
    await life.stores.database.run(delivered.delete_all)
    await life.sell(2)
    await life.deliver()
    await sealing.seal(life.stores, delay_seconds=0)
    await life.take(older)
    outcome = await replay(life, since)
    assert not outcome.is_complete
    lines = "\n".join(replaying.lines_of(outcome))
    assert "are missing (BACKUP_EVENT_DAYS)" in lines
    assert outcome.reanchored is not None
    assert outcome.reanchored.missing >= 4
    assert f"at least {outcome.reanchored.missing} of its entries are missing" in lines
    assert not outcome.reanchored.done
    assert not (await verification.verify(life.stores)).ok


async def test_who_was_erased_since_gets_no_notice_again(life: Life) -> None:
    await life.sell(1)
    await life.deliver()
    since, older = await life.instant(), await life.copy_documents()
    await life.sell(3)
    await life.deliver()
    entries = await life.ids("audit_entries")
    await life.stores.database.run(
        lambda db: db.execute(
            text("UPDATE users SET erased_at = now() WHERE user_id = :user"), {"user": life.user_id}
        )
    )
    await life.take(older)
    before = await life.ids("notices")
    outcome = await replay(life, since)
    assert outcome.is_complete
    assert await life.ids("notices") == before
    assert await life.ids("audit_entries") == entries


def replay_in_a_process(
    life: Life, folder: Path, since: datetime, point: str = ""
) -> subprocess.CompletedProcess[str]:
    """`gencharge backup replay-events`, killed at a point if there is one."""
    settings = life.stores.settings
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ENVIRONMENT": "test",
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.postgres_url,
        "MONGO_URL": settings.mongodb_url,
        "MONGO_DATABASE": settings.mongo_database,
        "REDIS_URL": settings.redis_server_url,
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "OTP_SECRET": settings.otp_secret.get_secret_value() if settings.otp_secret else "",
    } | ({faultpoints.VARIABLE: point} if point else {})
    words = ("backup", "replay-events", "--since", since.isoformat())
    return fork_server.run(*words, folder=folder, environment=environment, timeout=180)


async def test_one_that_is_killed_amid_the_replay_is_begun_again_and_does_all(
    life: Life, tmp_path: Path
) -> None:
    await life.sell(2)
    await life.deliver()
    await sealing.seal(life.stores, delay_seconds=0)
    since, older = await life.instant(), await life.copy_documents()
    for _ in range(4):
        await life.sell(3)
        await life.deliver()
    await sealing.seal(life.stores, delay_seconds=0)
    notices, entries = await life.ids("notices"), await life.ids("audit_entries")
    await life.take(older)
    for point in ("replay.batch", "replay.done", "replay.reanchored"):
        killed = replay_in_a_process(life, tmp_path, since, point)
        assert killed.returncode == -9, (point, killed.stdout, killed.stderr)
        if point == "replay.batch":
            assert len(entries) > len(await life.ids("audit_entries")) > 0
    done = replay_in_a_process(life, tmp_path, since)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "Nothing was sent to anybody." in done.stdout
    assert await life.ids("notices") == notices
    assert await life.ids("audit_entries") == entries
    await sealing.seal(life.stores, delay_seconds=0)
    await whole(life)


async def test_what_waited_in_an_older_copy_is_not_done_again(life: Life) -> None:
    now = await life.instant()
    messages = life.stores.documents["messages"]
    announcements = life.stores.documents["announcements"]
    await messages.insert_many(
        [
            {"_id": 1, "state": "waiting", "due_at": now - timedelta(minutes=5)},
            {"_id": 2, "state": "waiting", "due_at": now + timedelta(hours=5)},
            {"_id": 3, "state": "sent"},
        ]
    )
    await announcements.insert_many(
        [
            {"_id": 1, "next_at": now, "lease": 7},
            {"_id": 2, "next_at": now + timedelta(hours=5), "lease": None},
        ]
    )
    copied = documents_service.Copied()
    with documents_crud.opened(life.stores.settings) as target:
        documents_service.end_pending(target, wiring.PENDING_DOCUMENTS, now, copied)
    assert copied.done == {"messages": 1, "announcements": 1}
    assert [row["_id"] async for row in messages.find().sort("_id")] == [2, 3]
    assert await announcements.find_one({"_id": 1}) == {"_id": 1}
    assert "next_at" in (await announcements.find_one({"_id": 2}) or {})


def test_every_listener_that_writes_an_inbox_or_the_trail_can_be_replayed() -> None:
    replaying_listeners = {one.name for one in wiring.LISTENERS if getattr(one, "replay", None) is not None}
    assert {
        "audit.entries",
        "notifications.notices",
        "notifications.alerts",
        "notifications.cashbacks",
        "notifications.subscriptions",
    } <= replaying_listeners
    # These reach somebody outside: never.
    assert not replaying_listeners & {
        "webhooks",
        "webhooks.owners",
        "contact.visitors",
        "auth.contact-notices",
        "reports.ready",
    }
