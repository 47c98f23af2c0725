"""`gencharge audit verify` for the person on call: its exit code, and words that say what and where."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from gencharge.audit.models import link
from gencharge.core.stores.mongo import Document
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.audit.conftest import entries, move, renumber
from tests.conftest import OTP_SECRET, SECRET

Tamper = Callable[[Stores], Awaitable[None]]


async def verify(stores: Stores, **but: str) -> subprocess.CompletedProcess[str]:
    """Run the command against these stores."""
    settings = stores.settings
    environment = {
        **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
        "ENVIRONMENT": "test",
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "MONGO_URL": settings.mongo_url,
        "MONGO_DATABASE": settings.mongo_database,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": SECRET,
        "OTP_SECRET": OTP_SECRET,
        **but,
    }
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "gencharge", "audit", "verify"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_a_whole_trail_is_said_to_be_whole_with_exit_code_0(sealed: Stores) -> None:
    answer = await verify(sealed)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == [
        "audit",
        "trail",
        "whole:",
        "10",
        "entries",
        "up",
        "to",
        "10,",
        "0",
        "not",
        "sealed",
        "yet",
    ]


async def _change(stores: Stores) -> None:
    await entries(stores).update_one({"sequence": 5}, {"$set": {"details.total_paid_paise": 1}})


async def _remove(stores: Stores) -> None:
    await entries(stores).delete_one({"sequence": 5})


async def _insert(stores: Stores) -> None:
    await renumber(stores, range(10, 5, -1), by=1)
    before = await entries(stores).find_one({"sequence": 5})
    forged: Document = {**before, "_id": new_id(), "sequence": 6, "previous_hash": before["hash"]}
    await entries(stores).insert_one({**forged, "hash": link(before["hash"], forged)})


async def _reorder(stores: Stores) -> None:
    await move(stores, {5: 6, 6: 5})


async def _cut(stores: Stores) -> None:
    await entries(stores).delete_many({"sequence": {"$gt": 7}})


@pytest.mark.parametrize(
    ("tamper", "line"),
    [
        (_change, "changed at 5: its content is not what was sealed"),
        (_remove, "removed at 5: entries 5 to 5 are missing"),
        (_insert, "inserted at 7: what is at 6 to 6 was not there when it was sealed"),
        (_reorder, "reordered at 5: it was sealed behind the entry that is now at 6"),
        (_cut, "truncated at 8: entries 8 to 10 are gone from the end"),
    ],
)
async def test_a_breach_is_told_by_kind_and_place_with_exit_code_1(
    sealed: Stores, tamper: Tamper, line: str
) -> None:
    await tamper(sealed)
    answer = await verify(sealed)
    assert answer.returncode == 1, answer.stderr
    first, *told = answer.stdout.splitlines()
    assert first.startswith("audit trail BROKEN in ")
    assert line in told
    assert answer.stderr == ""


async def test_without_mongodb_it_says_so_in_one_line_and_claims_nothing(sealed: Stores) -> None:
    answer = await verify(sealed, MONGO_URL="mongodb://127.0.0.1:1")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.count("\n") == 1
    assert "MONGO_URL" in answer.stderr
