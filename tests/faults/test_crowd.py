"""10,000 recharges with one in twenty of every fault mixed in: `make soak`. CROWD=number makes it another number."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gencharge.core.values.clock import IST
from tests.faults.crowd import Crowd
from tests.faults.matrix import SETTINGS
from tests.faults.site import Site
from tests.faults.test_faults import ledger_lines

pytestmark = pytest.mark.soak
# With time-outs of half a second a busy machine's sandbox would be silent to everybody.
PATIENT = {
    "OPERATOR_TIMEOUT_SECONDS": "2",
    "OPERATOR_CHECK_SECONDS": "[0.5, 2, 5, 10]",
    "PAYMENT_TIMEOUT_SECONDS": "2",
    "PAYMENT_CHECK_SECONDS": "[1, 3, 5, 10]",
    "ACCESS_LOG": "false",
}


@pytest.fixture
def crowded() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="gencharge-crowd-"))
    site = Site(folder, more=SETTINGS | PATIENT)
    try:
        site.start()
        site.start_sandbox()
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


def outside(site: Site, query: str) -> list[tuple[Any, ...]]:
    file = site.folder / "sandbox" / "sandbox.sqlite3"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5) as connection:
        return connection.execute(query).fetchall()


async def test_ten_thousand_recharges_amid_every_fault_leave_none_stuck_and_no_paisa_unexplained(
    crowded: Site,
) -> None:
    count, crowd = int(os.environ.get("CROWD", "10000")), Crowd(crowded)
    await crowd.open()
    kinds = await crowd.break_everything()
    purchases = crowd.purchases(count, upi_share=0.3)
    started = time.monotonic()
    await crowd.buy(purchases, tries=3)
    sold = time.monotonic() - started
    left_amid_faults = await crowd.wait_until_ended(300)
    settled = time.monotonic() - started
    await crowd.mend_everything()
    await crowd.buy([each for each in purchases if each.answer is None], tries=20)
    stuck = await crowd.wait_until_ended(300)
    seconds = time.monotonic() - started

    ended = Counter(dict(crowd.rows("SELECT status, count(*) FROM recharges GROUP BY status")))
    reasons = crowd.rows("SELECT failure_reason, count(*) FROM recharges WHERE status = 'failed' GROUP BY 1")
    delivered = outside(crowded, "SELECT reference FROM delivered")
    twice = [reference for (reference,), times in Counter(delivered).items() if times > 1]
    ours = {
        reference
        for (reference,) in crowd.rows(
            "SELECT operator_attempts.reference FROM operator_attempts JOIN recharges"
            " ON recharges.user_id = operator_attempts.user_id AND id = recharge_id"
            " WHERE outcome = 'delivered' AND status = 'delivered'"
        )
    }
    lines = [
        f"{len(purchases)} recharges, {sum(each.method == 'upi' for each in purchases)} of them by UPI;"
        f" {kinds} faults, each for 1 in 20",
        f"sold in {sold:.0f} s ({count / sold:.0f}/s); {left_amid_faults} under way when the faults ended,"
        f" after {settled:.0f} s; all over after {seconds:.0f} s",
        f"ended: {dict(ended)}; failed because: {dict(reasons)}; stuck: {stuck}",
        f"deliveries: {len(delivered)} by the operators, {len(ours)} in our books, {len(twice)} twice",
    ]
    await crowd.close()
    books = subprocess.run(
        [sys.executable, "-m", "gencharge", "reconcile", "--day", datetime.now(IST).date().isoformat()],
        cwd=crowded.folder,
        env=os.environ | crowded.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    print("\n".join(["", *lines, books.stdout]))  # noqa: T201 - what the run is for
    assert stuck == 0
    assert twice == []
    assert {reference for (reference,) in delivered} == ours
    assert sum(ended.values()) == count
    assert await ledger_lines(crowded) == []
    assert books.returncode == 0, books.stdout + books.stderr
