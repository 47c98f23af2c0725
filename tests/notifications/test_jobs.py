"""What a request left unannounced is announced."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from gencharge.core.events import document_events
from gencharge.core.events.events import EventRow
from gencharge.core.events.relay import Relay
from gencharge.core.rooms import snapshots
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.recipient import Recipient
from gencharge.notifications import template_crud as crud
from gencharge.notifications import writing_service
from gencharge.notifications.events import NoticeTemplatePublished
from gencharge.notifications.jobs import JOBS, announce_appeared
from gencharge.notifications.kinds import Draft
from gencharge.notifications.recharge_notices import PLAN_EXPIRED
from gencharge.notifications.template_service import NAME
from gencharge.notifications.writing_service import Entry
from tests.make.audit import drained


async def test_a_change_that_could_not_be_announced_is_announced_later_and_counts(
    stores: Stores, relay: Relay
) -> None:
    """As if the process had ended between MongoDB and the commit."""
    await drained(stores, relay)
    kind, language = "clock_rejected", "hi"
    before = await crud.get_template(stores.documents, kind, language)
    with clock.at(clock.now() - timedelta(minutes=5)):
        carried = document_events.carry(
            NoticeTemplatePublished(user_id=str(SYSTEM_USER_ID), kind=kind, language=language, changes={})
        )
    generation = before["generation"] if before else 0
    values = {"published": 0, "updated_at": None}
    assert await crud.change_template(stores.documents, kind, language, generation, values, carried)
    version = await stores.database.run(lambda db: snapshots.version_of(db, NAME))
    await JOBS[0].run(stores)
    await JOBS[0].run(stores)  # a second time changes nothing but the version
    async with stores.database.transaction() as db:
        rows = (await db.scalars(select(EventRow.id).where(EventRow.id == carried["_id"]))).all()
    assert rows == [carried["_id"]]
    assert await stores.database.run(lambda db: snapshots.version_of(db, NAME)) > version
    await drained(stores, relay)
    document = await crud.get_template(stores.documents, kind, language)
    assert document is not None
    assert document[document_events.FIELD] == []
    assert await stores.documents["audit_entries"].count_documents({"_id": carried["_id"]}) == 1


async def test_a_notice_that_waited_is_announced_once_its_time_has_come(stores: Stores) -> None:
    owner = Recipient("user", new_id())
    noon = clock.now().replace(microsecond=0)
    later = noon + timedelta(hours=2)
    entry = Entry(new_id(), noon, Draft(owner, PLAN_EXPIRED, PLAN_EXPIRED.samples()), not_before=later)

    async def announced() -> list[dict[str, str]]:
        async with stores.database.transaction() as db:
            rows = await db.scalars(select(EventRow).where(EventRow.topic == "NoticesWritten"))
            recipients = [row.payload["recipients"] for row in rows]
        return [each for each in recipients if f"user:{owner.id}" in each.values()]

    with clock.at(noon):
        await writing_service.write(stores, [entry])
        await announce_appeared(stores)
        assert await announced() == []
    with clock.at(later):
        for _ in range(2):
            await announce_appeared(stores)
        assert len(await announced()) == 1
