"""SIGTERM to a worker that has its hands full, while a store is up, away or frozen: it ends in time, and no recharge is lost or delivered twice."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.crowd import Crowd, Purchase
from tests.faults.site import Site
from tests.faults.test_crowd import outside
from tests.faults.test_faults import ledger_lines, wait_for
from tests.test_serving import TROUBLES

STOP_SECONDS = 15
RECHARGES = 60
SETTINGS = {
    "OPERATOR_TIMEOUT_SECONDS": "4",
    "OPERATOR_CHECK_SECONDS": "[0.5, 1, 2]",
    "DATABASE_POOL_SIZE": "60",
    "ACCESS_LOG": "false",
}
SHORT = [("postgres", "frozen")]
LONG = [
    (store, trouble)
    for store in ("postgres", "mongo", "redis")
    for trouble in TROUBLES
    if (store, trouble) not in SHORT and (trouble != "up" or store == "postgres")
]


@pytest.fixture
def site() -> Iterator[Site]:
    """An installation of this test's own, with operators that take their time."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-worker-"))
    site = Site(folder, more=SETTINGS)
    try:
        site.start_stores()
        site.start_api()
        site.start_sandbox()
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _begin(site: Site, crowd: Crowd) -> list[Purchase]:
    """Recharges of which some are done, some under way at the operators, and some not taken up yet."""
    slow = {"target": "*", "operation": "submit", "script": "slow", "seconds": 2.0, "share": 0.7}
    await crowd.control("PUT", "/sandbox/scripts", slow)
    site.start_process("worker")
    purchases = crowd.purchases(RECHARGES, upi_share=0.0)
    await crowd.buy(list(purchases), tries=3)
    under_way = "SELECT count(*) FROM operator_attempts WHERE outcome IS NULL"
    await wait_for(lambda: crowd.rows(under_way)[0][0] > 0, 60)
    return purchases


@pytest.mark.parametrize(
    ("store", "trouble"), [*SHORT, *(pytest.param(*row, marks=pytest.mark.soak) for row in LONG)]
)
async def test_a_worker_at_work_ends_on_sigterm_and_another_one_finishes_everything_once(
    site: Site, store: str, trouble: str
) -> None:
    crowd = Crowd(site)
    await crowd.open()
    try:
        purchases = await _begin(site, crowd)
        worker = site.processes.pop("worker")
        with TROUBLES[trouble](getattr(site, store)):
            await asyncio.sleep(1)  # so that it has noticed
            started = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            try:
                code = await asyncio.to_thread(worker.wait, 60)
            finally:
                worker.send_signal(signal.SIGKILL)
            seconds = time.monotonic() - started
        log = (site.folder / "worker.log").read_text()[-3000:]
        assert seconds < STOP_SECONDS, log
        assert code == 0, log
        await crowd.control("DELETE", "/sandbox/scripts")
        site.start_process("worker")
        left = await crowd.wait_until_ended(120)
        await wait_for(lambda: crowd.rows("SELECT count(*) FROM events") == [(0,)], 60)
        await wait_for(lambda: crowd.rows("SELECT count(*) FROM deliveries") == [(0,)], 60)
    finally:
        await crowd.close()
        if "worker" in site.processes:
            site.kill("worker")
    keys = [purchase.key for purchase in purchases]
    ours = crowd.rows(
        "SELECT idempotency_key, status, operator_attempts.reference FROM recharges JOIN operator_attempts"
        " ON operator_attempts.user_id = recharges.user_id AND recharge_id = id"
        " WHERE idempotency_key = ANY(%s) AND outcome = 'delivered'",
        keys,
    )
    assert left == 0
    assert all(purchase.answer is not None for purchase in purchases)
    assert sorted(key for key, _, _ in ours) == sorted(keys)
    assert {status for _, status, _ in ours} == {"delivered"}
    times = Counter(reference for (reference,) in outside(site, "SELECT reference FROM delivered"))
    assert {reference: times[reference] for _, _, reference in ours} == {each[2]: 1 for each in ours}
    assert await ledger_lines(site) == []
