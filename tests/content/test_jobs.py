"""What a request left unannounced is announced."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gencharge.content import crud, staff_service
from gencharge.content.events import ContentUnpublished
from gencharge.content.jobs import JOBS
from gencharge.core.events import document_events
from gencharge.core.events.events import EventRow
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from tests.make.audit import drained
from tests.make.staff_client import StaffClient


async def test_a_change_that_could_not_be_announced_is_announced_later(
    staff: StaffClient, page: dict[str, Any], stores: Stores, relay: Relay
) -> None:
    """As if the process had ended between MongoDB and the commit."""
    await drained(stores, relay)
    content = await staff_service.get(stores.documents, UUID(page["content_id"]))
    with clock.at(clock.now() - timedelta(minutes=5)):
        carried = document_events.carry(
            ContentUnpublished(user_id=str(SYSTEM_USER_ID), content_id=page["content_id"])
        )
    await crud.change_content(stores.documents, content.content_id, content.generation, {}, carried)
    await JOBS[0].run(stores)
    await JOBS[0].run(stores)  # a second time changes nothing
    async with stores.database.transaction() as db:
        rows = (await db.scalars(select(EventRow.id).where(EventRow.id == carried["_id"]))).all()
    assert rows == [carried["_id"]]
    await drained(stores, relay)
    document = await crud.get_content(stores.documents, content.content_id)
    assert document is not None
    assert document[document_events.FIELD] == []
    assert await stores.documents["audit_entries"].count_documents({"_id": carried["_id"]}) == 1
