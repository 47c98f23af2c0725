"""Decisions: by the other admin, once, and only with the act's permission and within the scope."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from gencharge.approvals import jobs, staff_service
from gencharge.approvals.errors import (
    ApprovalAlreadyDecided,
    ApprovalAlreadyExpired,
    ApprovalNotFound,
    ApprovalRequesterOnly,
    ApprovalSecondAdminRequired,
)
from gencharge.approvals.models import Approval
from gencharge.approvals.staff_schemas import ApprovalQuery
from gencharge.approvals.staff_service import Reviewer
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from tests.make.approvals import ApprovalCase, NotNow
from tests.make.users import events_of


@pytest.fixture
def case(stores: Stores) -> ApprovalCase:
    return ApprovalCase(stores)


async def listed(case: ApprovalCase, reviewer: Reviewer, **query: str) -> list[str]:
    page = await case.stores.database.run(
        lambda db: staff_service.list_all(db, reviewer, ApprovalQuery(**query, limit=100))
    )
    return [item.target for item in page.items]


async def test_what_a_second_admin_approves_is_done_once(case: ApprovalCase) -> None:
    asked = (await case.ask("bell:1")).answer
    approved = await case.decide("approve", asked.approval_id)
    assert (approved.status, approved.decided_by) == ("approved", case.other.admin.user_id)
    [done] = case.done
    assert (done.payload, done.requested_by) == ({"times": 1}, case.asker.admin.user_id)
    assert done.approved_by == case.other.admin.user_id
    with pytest.raises(ApprovalAlreadyDecided):
        await case.decide("approve", asked.approval_id)
    announced = await events_of(case.stores, SYSTEM_USER_ID, "ApprovalGranted")
    assert str(asked.approval_id) in {event["approval_id"] for event in announced}


async def test_what_was_asked_for_is_kept_while_it_waits_only(case: ApprovalCase) -> None:
    async def payloads() -> list[dict[str, object]]:
        async with case.stores.database.transaction() as db:
            rows = await db.scalars(select(Approval.payload).where(Approval.act == case.act.name))
            return list(rows)

    for number, verb in enumerate(("approve", "reject", "cancel")):
        asked = (await case.ask(f"bell:{number}", payload={"email": "a@example.com"})).answer
        assert {"email": "a@example.com"} in await payloads()
        await case.decide(verb, asked.approval_id)
        assert {"email": "a@example.com"} not in await payloads()
    await case.ask("bell:8", payload={"email": "a@example.com"})
    await case.ask("bell:9", payload={"email": "a@example.com"})
    with clock.later(days=8):
        await case.ask("bell:9")  # closes the one that expired
        await jobs.expire_approvals(case.stores)
    assert {"email": "a@example.com"} not in await payloads()


@pytest.mark.parametrize("verb", ["approve", "reject"])
async def test_nobody_decides_on_their_own_request(case: ApprovalCase, verb: str) -> None:
    asked = (await case.ask("bell:1")).answer
    with pytest.raises(ApprovalSecondAdminRequired):
        await case.decide(verb, asked.approval_id, case.asker)
    assert case.done == []


async def test_only_who_asked_cancels(case: ApprovalCase) -> None:
    asked = (await case.ask("bell:1")).answer
    with pytest.raises(ApprovalRequesterOnly):
        await case.decide("cancel", asked.approval_id, case.other)
    assert (await case.decide("cancel", asked.approval_id)).status == "cancelled"
    with pytest.raises(ApprovalAlreadyDecided):
        await case.decide("approve", asked.approval_id)
    assert case.done == []


async def test_who_lacks_the_permission_or_the_operator_finds_nothing(case: ApprovalCase) -> None:
    asked = (await case.ask("bell:1", operator="JIO")).answer
    general = (await case.ask("bell:2")).answer
    for reviewer in (case.reviewer("Plans:edit"), case.reviewer(scope=("VI",))):
        assert await listed(case, reviewer) == []
        for verb in ("approve", "reject", "cancel"):
            with pytest.raises(ApprovalNotFound):
                await case.decide(verb, asked.approval_id, reviewer)
    jio = case.reviewer(scope=("JIO",))
    assert await listed(case, jio) == ["bell:1"]
    with pytest.raises(ApprovalNotFound):
        await case.decide("approve", general.approval_id, jio)
    assert (await case.decide("approve", asked.approval_id, jio)).status == "approved"


async def test_the_list_is_the_newest_first_and_filtered(case: ApprovalCase) -> None:
    first = (await case.ask("bell:1")).answer
    await case.ask("bell:2")
    assert await listed(case, case.other) == ["bell:2", "bell:1"]
    await case.decide("reject", first.approval_id)
    assert await listed(case, case.other, status="pending") == ["bell:2"]
    assert await listed(case, case.other, status="rejected") == ["bell:1"]
    assert await listed(case, case.other, act="other") == []
    assert await listed(case, case.other, requested_by=str(case.other.admin.user_id)) == []


async def test_an_act_that_is_refused_leaves_the_request_as_it_was(case: ApprovalCase) -> None:
    asked = (await case.ask("bell:1")).answer
    with case.shut(), pytest.raises(NotNow):
        await case.decide("approve", asked.approval_id)
    shown = await case.stores.database.run(lambda db: staff_service.get(db, case.other, asked.approval_id))
    assert shown == asked
    assert (await case.decide("approve", asked.approval_id)).status == "approved"


async def test_of_twenty_approvals_at_once_one_does_it(case: ApprovalCase) -> None:
    asked = (await case.ask("bell:1")).answer
    outcomes = await asyncio.gather(
        *(case.decide("approve", asked.approval_id, case.reviewer()) for _ in range(20)),
        return_exceptions=True,
    )
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)} == {
        ApprovalAlreadyDecided
    }
    assert len(case.done) == 1


async def test_after_a_week_nobody_decides(case: ApprovalCase) -> None:
    asked = (await case.ask("bell:1")).answer
    with clock.later(days=7, seconds=1):
        for verb in ("approve", "reject", "cancel"):
            with pytest.raises(ApprovalAlreadyExpired):
                await case.decide(verb, asked.approval_id)
    assert case.done == []


async def test_an_expired_request_reads_as_expired_before_and_after_the_job(case: ApprovalCase) -> None:
    asked = (await case.ask("bell:1")).answer
    with clock.later(days=7, seconds=1):
        for closed in (0, 1):
            assert await listed(case, case.other, status="pending") == []
            assert await listed(case, case.other, status="expired") == ["bell:1"]
            shown = await case.stores.database.run(
                lambda db: staff_service.get(db, case.other, asked.approval_id)
            )
            assert (shown.status, shown.decided_at, shown.decided_by) == ("expired", asked.expires_at, None)
            with pytest.raises(ApprovalAlreadyExpired):
                await case.decide("approve", asked.approval_id)
            if not closed:
                await jobs.expire_approvals(case.stores)
