"""The job that closes requests which nobody decided on."""

from __future__ import annotations

import asyncio

import pytest

from gencharge.approvals import jobs
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from tests.approvals.test_staff_service import listed
from tests.make.approvals import ApprovalCase
from tests.make.users import events_of


@pytest.fixture
def case(stores: Stores) -> ApprovalCase:
    return ApprovalCase(stores)


async def test_every_overdue_request_is_closed_once_and_no_other(
    case: ApprovalCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    overdue = [(await case.ask(f"bell:{number}")).answer for number in range(5)]
    with clock.later(days=3):
        await case.ask("bell:recent")
    with clock.later(days=7, seconds=1):
        await asyncio.gather(*(jobs.expire_approvals(case.stores) for _ in range(3)))
    assert len(await listed(case, case.other, status="expired")) == 5
    assert await listed(case, case.other, status="pending") == ["bell:recent"]
    announced = await events_of(case.stores, SYSTEM_USER_ID, "ApprovalExpired")
    ids = [event["approval_id"] for event in announced]
    assert sorted(ids.count(str(each.approval_id)) for each in overdue) == [1] * 5


async def test_a_target_is_free_again_after_its_request_expired(case: ApprovalCase) -> None:
    first = (await case.ask("bell:1")).answer
    with clock.later(days=7, seconds=1):
        await jobs.expire_approvals(case.stores)
        assert (await case.ask("bell:1")).answer.approval_id != first.approval_id


async def test_the_job_runs_every_minute_under_its_name() -> None:
    (job,) = jobs.JOBS
    assert (job.name, job.cron) == ("approvals.expire", "47 * * * * *")
