"""Scheduled reports: once a slot, whatever dies; each recipient with their own rights; ended with the right to make them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.admins.models import Admin, AdminStatus
from gencharge.core.background import jobs
from gencharge.core.errors import ValidationFailed
from gencharge.core.events.events import EventRow
from gencharge.core.http.paging import PageQuery
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.reports import schedule_service as service
from gencharge.reports.errors import ReportScheduleLimitExceeded, ReportScheduleNotFound
from gencharge.reports.models import ReportFile
from gencharge.reports.schedule_models import ReportSchedule
from gencharge.reports.schedule_schemas import ReportScheduleOut, ScheduleReport
from gencharge.sessions.guards import ALL, Principal
from tests.make.factories import make_admin
from tests.make.reports import make_waiting

# 06:30 in India, on a Sunday.
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


async def an_admin(stores: Stores, role: str = "Manager", **overrides: Any) -> Principal:
    async def unit(db: AsyncSession) -> Admin:
        await admins.seed_roles(db)
        return await make_admin(db, role, **overrides)

    admin = await stores.database.run(unit)
    return Principal(
        user_id=admin.admin_id,
        kind="admin",
        session_id=new_id(),
        role=role,
        operator_scope=tuple(admin.operator_scope),
    )


async def schedule(stores: Stores, admin: Principal, **command: Any) -> ReportScheduleOut:
    body = ScheduleReport.model_validate(
        {"report": "transactions", "every": "day", "hour": 7, "recipients": []} | command
    )
    with clock.at(NOW):
        return await stores.database.run(lambda db: service.create(db, admin, ALL, body))


async def files_of(stores: Stores, created: ReportScheduleOut) -> list[ReportFile]:
    async with stores.database.transaction() as db:
        query = select(ReportFile).where(ReportFile.schedule_id == created.report_schedule_id)
        return list(await db.scalars(query.order_by(ReportFile.file_id)))


async def ready_events(stores: Stores, admin: Principal) -> list[dict[str, Any]]:
    async with stores.database.transaction() as db:
        query = select(EventRow.payload).where(EventRow.topic == "ScheduledReportReady")
        return [row for row in await db.scalars(query) if row["admin_id"] == str(admin.user_id)]


async def test_a_slot_is_made_once_by_any_number_of_workers(shop: Stores) -> None:
    admin = await an_admin(shop)
    created = await schedule(shop, admin)
    assert created.next_at == datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
    with clock.at(NOW + timedelta(minutes=29)):
        await service.run_due(shop)
    assert await files_of(shop, created) == [], "not before its hour"
    with clock.at(NOW + timedelta(minutes=31)):
        await asyncio.gather(*(service.run_due(shop) for _ in range(5)))
        (file,) = await files_of(shop, created)
        assert file.requested_by == admin.user_id
        assert file.query["filters"] == {"from": "2026-11-21", "to": "2026-11-21"}
        await make_waiting(shop)
    (event,) = await ready_events(shop, admin)
    assert event["report_file_id"] == str(file.file_id)
    with clock.at(NOW + timedelta(days=1, minutes=31)):
        await service.run_due(shop)
    assert len(await files_of(shop, created)) == 2


async def test_a_worker_that_dies_in_a_slot_has_made_nothing_and_the_next_one_makes_all(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await an_admin(shop), await an_admin(shop)
    created = await schedule(shop, first, recipients=[first.user_id, second.user_id])
    with clock.at(NOW + timedelta(minutes=31)):
        with monkeypatch.context() as patch:
            calls = []

            async def die(*arguments: Any, **named: Any) -> None:
                calls.append(named)
                if len(calls) == 2:
                    raise KeyboardInterrupt

            patch.setattr(jobs, "defer", die)
            with pytest.raises(KeyboardInterrupt):
                await service.run_due(shop)
        assert await files_of(shop, created) == []
        await service.run_due(shop)
    assert {file.requested_by for file in await files_of(shop, created)} == {first.user_id, second.user_id}


async def test_of_slots_that_nobody_saw_the_last_one_is_made(shop: Stores) -> None:
    created = await schedule(shop, await an_admin(shop))
    with clock.at(NOW + timedelta(days=4)):
        await service.run_due(shop)
        await service.run_due(shop)
    (file,) = await files_of(shop, created)
    assert file.query["filters"] == {"from": "2026-11-24", "to": "2026-11-24"}


async def test_each_recipient_gets_what_they_may_see_when_it_is_made_and_a_blocked_one_nothing(
    shop: Stores,
) -> None:
    boss = await an_admin(shop)
    of_jio = await an_admin(shop, operator_scope=["JIO"])
    blocked, clerk = await an_admin(shop), await an_admin(shop, "Support")
    people = [boss, of_jio, blocked, clerk]
    created = await schedule(shop, boss, recipients=[person.user_id for person in people])

    async def block(db: AsyncSession) -> None:
        await db.execute(
            update(Admin).where(Admin.admin_id == blocked.user_id).values(status=AdminStatus.BLOCKED)
        )

    await shop.database.run(block)
    with clock.at(NOW + timedelta(minutes=31)):
        await service.run_due(shop)
        await make_waiting(shop)
    files = {file.requested_by: file for file in await files_of(shop, created)}
    assert files[boss.user_id].query["made_with"]["operators"] == []
    assert files[of_jio.user_id].query["made_with"]["operators"] == ["JIO"]
    for person in (blocked, clerk):
        assert files[person.user_id].status == "failed"
        assert await ready_events(shop, person) == []
    assert files[clerk.user_id].failure == "permission_denied"


async def test_a_schedule_ends_with_the_right_of_who_made_it(shop: Stores) -> None:
    boss, other = await an_admin(shop), await an_admin(shop)
    created = await schedule(shop, boss, recipients=[other.user_id])

    async def archive(db: AsyncSession) -> None:
        await db.execute(
            update(Admin).where(Admin.admin_id == boss.user_id).values(status=AdminStatus.BLOCKED)
        )

    await shop.database.run(archive)
    with clock.at(NOW + timedelta(minutes=31)):
        await service.run_due(shop)
    assert await files_of(shop, created) == []
    async with shop.database.transaction() as db:
        assert (await db.get_one(ReportSchedule, created.report_schedule_id)).next_at is None


@pytest.mark.parametrize(
    ("command", "field"),
    [
        ({"report": "nothing"}, "body.report"),
        ({"filters": {"from": "2026-11-01"}}, "body.filters.from"),
        ({"filters": {"colour": "red"}}, "body.filters.colour"),
        ({"filters": {"status": "nowhere"}}, "body.filters.status"),
        ({"columns": "nothing"}, "query.columns"),
        ({"recipients": [str(UUID(int=1))]}, "body.recipients"),
    ],
)
async def test_what_can_not_be_made_is_refused_at_once(
    shop: Stores, command: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await schedule(shop, await an_admin(shop), **command)
    assert [problem["field"] for problem in refused.value.errors or ()] == [field]


async def test_twenty_are_enough_and_only_who_made_one_ends_it(shop: Stores) -> None:
    admin, other = await an_admin(shop), await an_admin(shop)
    created = [
        await schedule(shop, admin, every="month", report="gst-services") for _ in range(service.MAXIMUM)
    ]
    with pytest.raises(ReportScheduleLimitExceeded):
        await schedule(shop, admin)
    with pytest.raises(ReportScheduleNotFound):
        await shop.database.run(lambda db: service.delete(db, other, created[0].report_schedule_id))
    await shop.database.run(lambda db: service.delete(db, admin, created[0].report_schedule_id))
    page = await shop.database.run(lambda db: service.list_schedules(db, admin, PageQuery(limit=100)))
    assert len(page.items) == service.MAXIMUM - 1
    await schedule(shop, admin)
