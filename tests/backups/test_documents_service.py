"""MongoDB as of an instant: copied with its indexes, without what came later; the source stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gencharge.backups import documents_crud, documents_service, service
from gencharge.backups.documents_service import Documents
from gencharge.core.rooms.dated_documents import DatedDocuments
from gencharge.core.settings import Settings
from tests.make.backups import make_backup, silent

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DATED = (DatedDocuments("dated", "at"), DatedDocuments("never_written", "at"))


@pytest.fixture
def source(own: Settings) -> Iterator[Documents]:
    with documents_crud.opened(own) as documents:
        documents["dated"].drop()
        documents["dated"].insert_many(
            [{"_id": number, "at": NOON + timedelta(minutes=number)} for number in range(-3, 4)]
        )
        documents["dated"].create_index("at", name="by_date")
        yield documents
        documents["dated"].drop()


@pytest.fixture
def target(own: Settings) -> Iterator[Documents]:
    with documents_crud.opened(own, f"until_{own.mongo_database}") as documents:
        documents_crud.drop(documents)
        yield documents
        documents_crud.drop(documents)


def check(target: Documents) -> None:
    assert [each["_id"] for each in target["dated"].find(sort=[("_id", 1)])] == [-3, -2, -1, 0]
    assert "by_date" in target["dated"].index_information()


def test_what_is_live_is_copied_without_what_came_later(source: Documents, target: Documents) -> None:
    seen = list[int]()
    copied = documents_service.copy_live(source, target, lambda _stage, done: seen.append(done))
    assert copied.documents == seen[-1] >= 7
    assert documents_service.remove_after(target, DATED, NOON, copied) == {"dated": 3, "never_written": 0}
    check(target)
    assert source["dated"].count_documents({}) == 7


async def test_a_backup_gives_its_documents_and_says_of_when_they_are(
    own: Settings, source: Documents, target: Documents
) -> None:
    backup_id = await make_backup(own)
    source["dated"].delete_many({})
    location = service.location_of(own, await service.get_backup(own, backup_id))
    copied, instant = await documents_service.copy_archived(own, location, target, silent)
    assert abs(datetime.now(UTC) - instant) < timedelta(minutes=1)
    assert copied.documents >= 7
    documents_service.remove_after(target, DATED, NOON, copied)
    check(target)
