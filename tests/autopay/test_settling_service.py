"""The end of a step is written once, and only while the step is the present one."""

from __future__ import annotations

import pytest

from gencharge.autopay import run_service as runs
from gencharge.autopay import settling_service as settling
from gencharge.autopay.models import AttemptOutcome, RunOutcome
from gencharge.autopay.settling_service import DueAutopay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.make.autopay import attempts_of, make_autopay, make_owner, row_of
from tests.make.recharge import run_sql


@pytest.mark.parametrize(
    "change",
    [
        "tries = tries + 1",
        "cycle = cycle + 1",
        "next_due = next_due + interval '1 day'",
        "recharge_id = user_id",
    ],
)
async def test_a_step_that_is_over_is_not_written_down(shop: Stores, change: str) -> None:
    autopay = await make_autopay(shop, await make_owner(shop))
    task = DueAutopay(await row_of(shop, autopay), is_owner_active=True)
    await run_sql(shop, f"UPDATE autopays SET {change} WHERE autopay_id = :id", id=autopay.autopay_id)
    run = await settling.settle(
        shop.database,
        task,
        RunOutcome.RETRYING,
        {"wake_at": clock.now()},
        attempt=AttemptOutcome.FAILED,
        reason="x",
    )
    assert run.outcome is RunOutcome.SUPERSEDED
    assert await attempts_of(shop, autopay) == []


async def test_a_step_is_written_with_its_try_and_gives_the_lease_back(shop: Stores) -> None:
    autopay = await make_autopay(shop, await make_owner(shop))
    with clock.later(days=2, minutes=3):
        [task] = [
            task
            for task in await shop.database.run(lambda db: runs.claim(db, limit=100))
            if task.row.autopay_id == autopay.autopay_id
        ]
        assert task.late_seconds in {179, 180}
        run = await settling.settle(
            shop.database,
            task,
            RunOutcome.RETRYING,
            {"wake_at": clock.now(), "tries": 1},
            attempt=AttemptOutcome.FAILED,
            reason="operator_down",
            recharge_id=new_id(),
        )
    assert (run.outcome, run.reason) == (RunOutcome.RETRYING, "operator_down")
    assert run.late_seconds in {179, 180}
    row = await row_of(shop, autopay)
    assert (row.leased_until, row.tries) == (None, 1)
    assert await attempts_of(shop, autopay) == [("failed", "operator_down")]
