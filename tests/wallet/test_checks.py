"""The invariants of the ledger: each one finds a planted violation, and none fires without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from gencharge import wiring
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import checks
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.wallet.checks import CHECKS
from tests.conftest import database_of, test_settings
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.wallet import execute


@pytest.mark.parametrize(
    ("ruin", "check"),
    [
        (
            "INSERT INTO transfers (user_id, id, debit, credit, amount, code, key)"
            " VALUES (:user, gen_random_uuid(), 'adjustment', 'user:main', 5, 10, 'by hand')",
            "every approved adjustment",
        ),
        (
            "INSERT INTO adjustments (user_id, adjustment_id, direction, amount, reason, note, requested_by, expires_at,"
            " status, decided_by, decided_at) VALUES (:user, gen_random_uuid(), 'credit', 5, 'other', 'n',"
            " gen_random_uuid(), now(), 'approved', gen_random_uuid(), now())",
            "every approved adjustment",
        ),
        ("UPDATE wallets SET posted = posted + 1 WHERE user_id = :user", "cached balance"),
        ("UPDATE wallets SET held = held + 1 WHERE user_id = :user", "held money"),
        (
            "UPDATE transfers SET amount = amount - 1 WHERE user_id = :user AND code = 3",
            "took its money",
        ),
        ("DELETE FROM transfers WHERE user_id = :user AND code = 3", "took its money"),
        ("DELETE FROM recharges WHERE user_id = :user", "without its recharge"),
        ("DELETE FROM active_plans WHERE user_id = :user", "every plan its recharge"),
        (
            "INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id)"
            " SELECT user_id, gen_random_uuid(), debit, credit, amount, 6, key, reference_id FROM transfers"
            " WHERE user_id = :user AND code = 3",
            "took its money",
        ),
    ],
)
async def test_the_ledger_check_finds_every_planted_breach_and_passes_without_one(
    owner: Stores, ruin: str, check: str
) -> None:
    database: Database = owner.database
    user = await make_customer(owner)
    await buy(owner, user, await make_number(owner), (await find_plan(owner)).plan_id)
    assert (await checks.run(database, wiring.CHECKS)).ok
    try:
        await execute(database, ruin, user=user)
        report = await checks.run(database, wiring.CHECKS)
        assert not report.ok
        assert any(check in name for name, rows in report.breaches.items() if rows)
        assert any(line.startswith("FAIL") for line in report.lines)
    finally:
        for table in ("transfers", "wallets", "recharges", "active_plans", "adjustments"):
            await execute(database, f"DELETE FROM {table} WHERE user_id = :user", user=user)


@pytest.mark.parametrize(
    ("spoil", "spoilt"),
    [
        ("", False),
        ("UPDATE transfers SET amount = 4 WHERE user_id = :user AND code = 10", True),
        ("UPDATE transfers SET debit = 'cashback' WHERE user_id = :user AND code = 10", True),
        ("UPDATE transfers SET key = 'other' WHERE user_id = :user AND code = 10", True),
        ("UPDATE adjustments SET direction = 'debit' WHERE user_id = :user", True),
        ("UPDATE adjustments SET status = 'rejected' WHERE user_id = :user", True),
    ],
)
async def test_the_ledger_check_knows_an_adjustment_that_moved_what_it_should(
    owner: Stores, spoil: str, spoilt: bool
) -> None:
    user = await make_customer(owner)
    adjustment = {"user": user, "id": uuid4()}
    try:
        await execute(
            owner.database,
            "INSERT INTO adjustments (user_id, adjustment_id, direction, amount, reason, note, requested_by, expires_at,"
            " status, decided_by, decided_at) VALUES (:user, :id, 'credit', 5, 'other', 'n', gen_random_uuid(), now(),"
            " 'approved', gen_random_uuid(), now())",
            **adjustment,
        )
        await execute(
            owner.database,
            "SELECT wallet_transfer(:user, gen_random_uuid(), 'adjustment', 'user:main', 5, 10::smallint,"
            " CAST(CAST(:id AS uuid) AS text), NULL, NULL, NULL, NULL, NULL, NULL, now())",
            **adjustment,
        )
        if spoil:
            await execute(owner.database, spoil, user=user)
        report = await checks.run(owner.database, wiring.CHECKS)
        failed = [name for name, rows in report.breaches.items() if rows and "approved adjustment" in name]
        assert bool(failed) is spoilt
    finally:
        for table in ("transfers", "wallets", "adjustments"):
            await execute(owner.database, f"DELETE FROM {table} WHERE user_id = :user", user=user)


PLANTED = {
    "every wallet's cached balance equals the sum of its transfers": (
        "INSERT INTO wallets (user_id, posted) VALUES (:user, 1)"
    ),
    "every wallet's held money equals the sum of its open holds": (
        "INSERT INTO transfers (user_id, id, debit, credit, amount, code, key)"
        " VALUES (:user, gen_random_uuid(), 'user:main', 'user:held', 5, 5, 'h')"
    ),
    "no event let go of more held money than it had set aside": (
        "INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id)"
        " VALUES (:user, gen_random_uuid(), 'user:held', 'operator:jio', 5, 6, 'c', gen_random_uuid())"
    ),
    "no wallet is overdrawn": "INSERT INTO wallets (user_id, posted, held) VALUES (:user, 1, 2)",
    "no movement was booked twice": (
        "INSERT INTO transfers (user_id, id, debit, credit, amount, code, key)"
        " SELECT :user, gen_random_uuid(), 'operator:jio', 'revenue', 5, 12, 'twice' FROM generate_series(1, 2)"
    ),
    "every approved adjustment moved its money exactly once, and nothing else was adjusted": (
        "INSERT INTO transfers (user_id, id, debit, credit, amount, code, key)"
        " VALUES (:user, gen_random_uuid(), 'adjustment', 'revenue', 5, 10, 'by hand')"
    ),
}
# What the database itself refuses, so that the check is the second line of defence.
GUARDS = (
    "ALTER TABLE wallets DROP CONSTRAINT IF EXISTS ck_wallets_available",
    "DROP INDEX IF EXISTS uq_transfers_key",
)


@pytest.fixture(scope="module")
async def unguarded(settings: Settings, worker_id: str) -> AsyncIterator[Database]:
    """A database without the constraints that would stop the violations."""
    name = database_of(settings.data_dir, worker_id, "unguarded")
    stores = Stores.open(test_settings(settings.data_dir, name, database_app_role=""))
    for guard in GUARDS:
        await execute(stores.database, guard)
    yield stores.database
    await stores.close()


@pytest.mark.parametrize("name", PLANTED)
async def test_each_check_names_the_customer_of_a_planted_violation(unguarded: Database, name: str) -> None:
    user = uuid4()
    await execute(unguarded, PLANTED[name], user=user)
    try:
        report = await checks.run(unguarded, CHECKS)
    finally:
        for table in ("transfers", "wallets"):
            await execute(unguarded, f"DELETE FROM {table} WHERE user_id = :user", user=user)
    assert any(str(user) in row for row in report.breaches[name])
    assert (await checks.run(unguarded, CHECKS)).ok


def test_every_check_but_the_one_that_holds_by_construction_has_a_planted_violation() -> None:
    # A transfer has a debit and a credit of one amount, so the sum over all accounts is zero whatever is written.
    assert {check.name for check in CHECKS} - PLANTED.keys() == {
        "the books balance: all accounts together are zero"
    }
