"""The hourly job that closes adjustments which nobody decided on."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from gencharge.core.values import clock
from gencharge.wallet import jobs
from tests.make.factories import headers_for
from tests.make.wallet import AdjustmentCase


async def test_what_nobody_decides_on_in_a_week_expires_and_can_no_longer_be_approved(
    case: AdjustmentCase,
) -> None:
    path = await case.requested()
    with clock.later(days=7, seconds=1):
        later = headers_for(
            case.settings,
            uuid4(),
            kind="admin",
            role="Manager",
            second_factor_at=int(clock.now().timestamp()),
        )
        refused = await case.decide(path, "approve", later)
        assert (refused.status_code, refused.json()["code"]) == (409, "adjustment_already_expired")
        await jobs.expire_adjustments(case.stores)
        await jobs.expire_adjustments(case.stores)  # again: changes nothing
        refused = await case.decide(path, "approve", later)
        assert (refused.status_code, refused.json()["code"]) == (409, "adjustment_already_decided")
    shown = (await case.client.get(path, headers=case.requester)).json()
    assert (shown["status"], shown["decided_by"]) == ("expired", None)
    assert await case.topics() == ["AdjustmentRequested", "AdjustmentExpired"]
    assert await case.rupees() == "1000.00"


async def test_every_overdue_request_is_closed_in_batches_and_no_other(
    case: AdjustmentCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    overdue = [await case.requested(amount=number) for number in range(1, 6)]
    with clock.later(days=3):
        recent = await case.requested(amount=9, headers=_later_headers(case))
    decided = await case.requested(amount=8)
    await case.decide(decided, "reject")
    with clock.later(days=7, seconds=1):
        await jobs.expire_adjustments(case.stores)
    statuses = [await _status(case, path) for path in (*overdue, recent, decided)]
    assert statuses == ["expired"] * 5 + ["pending", "rejected"]


@pytest.mark.parametrize(("seconds", "status"), [(-1, "pending"), (1, "expired")])
async def test_a_request_expires_seven_days_after_it_was_made_to_the_second(
    case: AdjustmentCase, seconds: int, status: str
) -> None:
    path = await case.requested()
    with clock.later(days=7, seconds=seconds):
        await jobs.expire_adjustments(case.stores)
    assert await _status(case, path) == status


async def test_two_workers_at_once_announce_each_expiry_once(case: AdjustmentCase) -> None:
    for number in range(1, 4):
        await case.requested(amount=number)
    with clock.later(days=8):
        await asyncio.gather(*(jobs.expire_adjustments(case.stores) for _ in range(4)))
    assert (await case.topics()).count("AdjustmentExpired") == 3


async def test_the_job_runs_every_hour_under_its_name() -> None:
    (job,) = jobs.JOBS
    assert (job.name, job.cron) == ("wallet.expire_adjustments", "17 * * * *")


async def _status(case: AdjustmentCase, path: str) -> str:
    status: str = (await case.client.get(path, headers=case.requester)).json()["status"]
    return status


def _later_headers(case: AdjustmentCase) -> dict[str, str]:
    return headers_for(
        case.settings,
        uuid4(),
        kind="admin",
        role="Manager",
        second_factor_at=int(clock.now().timestamp()),
    )
