"""A replay hands stored events to those who can take them again, loses none with a bad one, and says what it could not do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from gencharge.core.events import delivered
from gencharge.core.events.events import Envelope, Event, Inside, Outside, emit
from gencharge.core.events.relay import Relay
from gencharge.core.events.replay import replay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import ids
from tests.conftest import database_of, test_settings
from tests.make.backups import silent

USER = str(ids.new_id())


@dataclass(frozen=True, slots=True, kw_only=True)
class LanternLit(Event):
    """An event of these tests."""

    number: int


@dataclass
class Notebook:
    """What a listener was given, by delivery and by replay."""

    delivered: list[int] = field(default_factory=list)
    replayed: list[int] = field(default_factory=list)
    poison: set[int] = field(default_factory=set)
    problem: Exception | None = None

    async def deliver(self, _stores: Any, batch: list[Envelope]) -> None:
        self.delivered += [envelope.event.number for envelope in batch]  # type: ignore[attr-defined]

    async def replay(self, _stores: Any, batch: list[Envelope]) -> None:
        numbers = [envelope.event.number for envelope in batch]  # type: ignore[attr-defined]
        if self.problem is not None:
            raise self.problem
        if self.poison & set(numbers):
            raise ValueError("not this one")
        self.replayed += numbers

    def listeners(self) -> list[Any]:
        async def inside(_db: Any, envelope: Envelope) -> None:
            del envelope

        return [
            Outside("notebook", (LanternLit,), self.deliver, replay=self.replay),
            Outside("horn", (LanternLit,), self.deliver),
            Inside("books", (LanternLit,), inside),
        ]


@pytest.fixture(scope="module")
async def database(servers: Path, worker_id: str) -> AsyncIterator[Stores]:
    stores = Stores.open(test_settings(servers, database_of(servers, worker_id, "replay")))
    yield stores
    await stores.close()


@pytest.fixture
async def empty(database: Stores) -> Stores:
    await database.database.run(delivered.delete_all)
    return database


async def light(stores: Stores, notebook: Notebook, *numbers: int) -> None:
    lamps = [LanternLit(user_id=USER, number=number) for number in numbers]
    await stores.database.run(lambda db: emit(db, *lamps))
    await Relay(stores, notebook.listeners()).drain()


def now() -> datetime:
    return datetime.now(UTC)


async def test_what_was_delivered_since_is_replayed_and_nothing_is_delivered_again(empty: Stores) -> None:
    notebook, beginning = Notebook(), now()
    await light(empty, notebook, 1, 2)
    between = now()
    await light(empty, notebook, 3, 4)
    before = list(notebook.delivered)
    outcome = await replay(empty, notebook.listeners(), between, silent)
    assert notebook.replayed == [3, 4]
    assert notebook.delivered == before
    assert (outcome.events, dict(outcome.handed_out), outcome.is_complete) == (2, {"notebook": 2}, True)
    outcome = await replay(empty, notebook.listeners(), beginning, silent)
    assert notebook.replayed == [3, 4, 1, 2, 3, 4]
    # The first relay began after that instant: what another one delivered before is not there.
    assert not outcome.is_complete


async def test_one_bad_event_is_left_out_and_named(empty: Stores) -> None:
    notebook = Notebook(poison={2})
    await light(empty, notebook)
    since = now()
    await light(empty, notebook, 1, 2, 3)
    outcome = await replay(empty, notebook.listeners(), since, silent)
    assert notebook.replayed == [1, 3]
    assert (dict(outcome.refused), outcome.is_complete) == ({"notebook": 1}, False)


async def test_a_store_that_is_away_ends_it_and_the_next_one_does_all(empty: Stores) -> None:
    notebook = Notebook(problem=ServerSelectionTimeoutError("away"))
    await light(empty, notebook)
    since = now()
    await light(empty, notebook, 1, 2)
    with pytest.raises(ServerSelectionTimeoutError):
        await replay(empty, notebook.listeners(), since, silent)
    notebook.problem = None
    assert (await replay(empty, notebook.listeners(), since, silent)).is_complete
    assert notebook.replayed == [1, 2]


async def test_a_topic_that_this_version_does_not_know_is_counted(
    empty: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = Notebook()
    await light(empty, notebook)
    since = now()
    await light(empty, notebook, 1)
    monkeypatch.delitem(Event.registry, "LanternLit")
    outcome = await replay(empty, notebook.listeners(), since, silent)
    assert (outcome.events, outcome.unreadable, outcome.is_complete) == (1, 1, False)


async def test_without_stored_events_nothing_is_complete(empty: Stores) -> None:
    outcome = await replay(empty, Notebook().listeners(), now() - timedelta(days=1), silent)
    assert (outcome.events, outcome.stored_since, outcome.is_complete) == (0, None, False)
