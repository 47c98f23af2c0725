"""The SQL functions of the queue, and the states that tables and enums share."""

from __future__ import annotations

import re
from enum import StrEnum
from uuid import uuid4

import pytest
from sqlalchemy import CheckConstraint, text
from sqlalchemy.exc import IntegrityError

from gencharge.channels.models import (
    AttemptOutcome,
    Fulfilment,
    FulfilmentState,
    OperatorAttempt,
    OperatorChannel,
)
from gencharge.core.postgres.database import Base
from gencharge.core.stores.stores import Stores
from tests.make.channels import get_fulfilment, queue

END = text("SELECT end_fulfilment(p_user => :u, p_recharge => :r, p_state => :s, p_error => :e)")


async def end(stores: Stores, key: tuple[object, object], state: str, error: str | None = None) -> None:
    values = {"u": key[0], "r": key[1], "s": state, "e": error}
    await stores.database.run(lambda db: db.execute(END, values))


async def test_a_queued_recharge_is_due_at_once_and_has_no_attempt(stores: Stores) -> None:
    key = await queue(stores)
    row = await get_fulfilment(stores, key)
    assert (row.state, row.attempt, row.asked, row.last_error) == ("due", 0, 0, "")
    assert row.next_attempt_at == row.created_at
    assert (row.channel, row.reference, row.leased_until, row.alerted_at) == (None, None, None, None)


async def test_a_recharge_is_queued_once(stores: Stores) -> None:
    user_id, recharge_id = await queue(stores)
    with pytest.raises(IntegrityError):
        await queue(stores, user=user_id, recharge=recharge_id)


@pytest.mark.parametrize("state", ["settled", "failed"])
async def test_an_ended_recharge_leaves_the_queue_and_its_lease(stores: Stores, state: str) -> None:
    key = await queue(stores)
    await end(stores, key, state)
    row = await get_fulfilment(stores, key)
    assert (row.state, row.next_attempt_at, row.leased_until) == (state, None, None)


async def test_the_reason_of_a_failure_is_kept_and_no_reason_keeps_the_last_one(stores: Stores) -> None:
    key = await queue(stores)
    await end(stores, key, "failed", "blocked")
    assert (await get_fulfilment(stores, key)).last_error == "blocked"
    await end(stores, key, "failed", None)
    assert (await get_fulfilment(stores, key)).last_error == "blocked"


async def test_only_the_recharge_itself_is_ended_and_an_unknown_one_changes_nothing(stores: Stores) -> None:
    key, other = await queue(stores), await queue(stores)
    await end(stores, (key[0], uuid4()), "settled")
    await end(stores, (uuid4(), key[1]), "settled")
    await end(stores, key, "settled")
    assert (await get_fulfilment(stores, other)).state == "due"


@pytest.mark.parametrize("state", ["due", "pending", "delivered", ""])
async def test_a_fulfilment_can_not_be_ended_with_a_state_that_goes_on(stores: Stores, state: str) -> None:
    key = await queue(stores)
    with pytest.raises(IntegrityError):
        await end(stores, key, state)
    assert (await get_fulfilment(stores, key)).state == "due"


@pytest.mark.parametrize(
    ("table", "name", "kind"),
    [(Fulfilment, "state", FulfilmentState), (OperatorAttempt, "outcome", AttemptOutcome)],
)
def test_the_table_admits_exactly_the_members_of_the_enum(
    table: type[Base], name: str, kind: type[StrEnum]
) -> None:
    [rule] = [
        each
        for each in table.__table__.constraints  # type: ignore[attr-defined]
        if isinstance(each, CheckConstraint) and str(each.name).endswith(f"_{name}")
    ]
    assert set(re.findall(r"'(\w+)'", str(rule.sqltext))) == {member.value for member in kind}


@pytest.mark.parametrize(
    "fault",
    [
        {"code": "Jio"},
        {"code": "j"},
        {"code": "jio direct"},
        {"operator": "NOBODY"},
        {"priority": -1},
        {"weight": 0},
        {"min_amount": 0},
        {"min_amount": 300, "max_amount": 200},
        {"commission_bp": -1},
        {"commission_bp": 10_000},
    ],
    ids=str,
)
async def test_the_table_of_channels_refuses_what_routing_could_not_use(
    shop: Stores, fault: dict[str, object]
) -> None:
    values: dict[str, object] = {"code": "jio-bad", "operator": "JIO", "name": "Bad", "url": "http://x"}
    with pytest.raises(IntegrityError):
        async with shop.database.transaction() as db:
            db.add(OperatorChannel(**(values | fault)))
