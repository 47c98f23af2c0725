"""Which documents came after an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from gencharge.core.rooms.dated_documents import DatedDocuments
from gencharge.core.values.ids import new_id


def test_by_its_field_a_document_is_later_than_the_instant() -> None:
    instant = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert DatedDocuments("entries", "written_at").after(instant) == {"written_at": {"$gt": instant}}


def test_by_its_id_a_document_is_as_old_as_the_id_to_the_millisecond() -> None:
    before = new_id()
    instant = datetime.fromtimestamp((before.int >> 80) / 1000, UTC)
    bound: UUID = DatedDocuments("notices", "event_id", by_id=True).after(instant)["event_id"]["$gte"]
    assert before < bound
    later = instant + timedelta(milliseconds=1)
    assert DatedDocuments("notices", "event_id", by_id=True).after(later)["event_id"]["$gte"] > bound
    assert UUID(int=(before.int + (1 << 80))) >= bound
