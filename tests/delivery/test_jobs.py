"""The job that alerts the staff to stuck recharges."""

from __future__ import annotations

import pytest

from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.delivery import jobs
from tests.make.delivery import purchase
from tests.make.recharge import list_events


async def test_all_stuck_recharges_are_alerted_to_in_batches(
    jio: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    stuck = [await purchase(jio) for _ in range(5)]
    await jobs.alert_stuck_recharges(jio)
    assert [await list_events(jio, bought.user_id, "RechargeStuck") for bought in stuck] == [[]] * 5
    with clock.later(minutes=16):
        await jobs.alert_stuck_recharges(jio)
        await jobs.alert_stuck_recharges(jio)
    assert [len(await list_events(jio, bought.user_id, "RechargeStuck")) for bought in stuck] == [1] * 5


async def test_the_alert_is_in_the_audit_trail_once(jio: Stores, relay: Relay) -> None:
    bought = await purchase(jio)
    with clock.later(minutes=16):
        await jobs.alert_stuck_recharges(jio)
        await jobs.alert_stuck_recharges(jio)
    await relay.drain()
    entries = jio.documents["audit_entries"].find({"action": "recharge_stuck", "object.id": str(bought.id)})
    assert len(await entries.to_list()) == 1


def test_the_job_runs_every_minute() -> None:
    [job] = jobs.JOBS
    assert (job.name, job.cron) == ("delivery.alert_stuck", "20 * * * * *")
