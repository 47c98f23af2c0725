"""Requests: one for a target and one for a key, announced, and kept until somebody decides."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from gencharge.approvals import service as approvals
from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from tests.make.approvals import PERMISSION, ApprovalCase
from tests.make.users import events_of


@pytest.fixture
def case(stores: Stores) -> ApprovalCase:
    return ApprovalCase(stores)


async def test_a_request_waits_a_week_and_is_announced_to_those_who_may_decide(case: ApprovalCase) -> None:
    asked = (await case.ask("bell:1", operator="JIO")).answer
    assert (asked.status, asked.act, asked.target) == ("pending", case.act.name, "bell:1")
    assert asked.expires_at - asked.requested_at == approvals.EXPIRES_AFTER
    announced = await events_of(case.stores, SYSTEM_USER_ID, "ApprovalRequested")
    [event] = [each for each in announced if each["approval_id"] == str(asked.approval_id)]
    assert (event["permission"], event["operator"], event["reason"]) == (PERMISSION, "JIO", "asked for")
    assert case.done == []


async def test_a_target_has_one_request_at_a_time(case: ApprovalCase) -> None:
    first = (await case.ask("bell:1")).answer
    again = await case.ask("bell:1")
    assert (again.answer, again.replayed) == (first, True)
    for overrides in ({"payload": {"times": 2}}, {"by": new_id()}, {"key": "another", "request_hash": b"x"}):
        with pytest.raises(ApprovalAlreadyPending):
            await case.ask("bell:1", **overrides)
    assert (await case.ask("bell:2")).answer.approval_id != first.approval_id
    await case.decide("reject", first.approval_id)
    assert (await case.ask("bell:1")).answer.approval_id != first.approval_id


async def test_a_key_gets_its_first_answer_again_whatever_was_decided(case: ApprovalCase) -> None:
    first = (await case.ask("bell:1", key="k", request_hash=b"one")).answer
    await case.decide("reject", first.approval_id)
    again = await case.ask("bell:1", key="k", request_hash=b"one")
    assert (again.answer, again.replayed) == (first, True)
    with pytest.raises(IdempotencyKeyReused):
        await case.ask("bell:1", key="k", request_hash=b"two")
    others = await case.ask("bell:1", by=new_id(), key="k", request_hash=b"one")
    assert not others.replayed


async def test_twenty_at_once_are_one_request(case: ApprovalCase) -> None:
    answers = await asyncio.gather(*(case.ask("bell:1", key="k", request_hash=b"one") for _ in range(20)))
    assert len({answer.answer.approval_id for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    rows = await case.stores.database.run(
        lambda db: db.scalar(text("SELECT count(*) FROM approvals WHERE act = :act"), {"act": case.act.name})
    )
    assert rows == 1


async def test_an_expired_request_is_not_in_the_way_of_the_next_one(case: ApprovalCase) -> None:
    first = (await case.ask("bell:1")).answer
    with clock.later(days=7, seconds=1):
        # The job, which closes it within a minute, has not run.
        second = await case.ask("bell:1", by=new_id(), payload={"times": 2})
        assert not second.replayed
        announced = await events_of(case.stores, SYSTEM_USER_ID, "ApprovalExpired")
        assert [event["approval_id"] for event in announced].count(str(first.approval_id)) == 1


async def test_twenty_at_once_after_an_expired_one_are_one_request(case: ApprovalCase) -> None:
    await case.ask("bell:1")
    with clock.later(days=7, seconds=1):
        answers = await asyncio.gather(*(case.ask("bell:1") for _ in range(20)))
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 19
    assert len({answer.answer.approval_id for answer in answers}) == 1


async def test_a_used_key_of_an_expired_request_gets_its_first_answer(case: ApprovalCase) -> None:
    first = (await case.ask("bell:1", key="k", request_hash=b"one")).answer
    with clock.later(days=7, seconds=1):
        again = await case.ask("bell:1", key="k", request_hash=b"one")
    assert (again.answer.approval_id, again.replayed) == (first.approval_id, True)
