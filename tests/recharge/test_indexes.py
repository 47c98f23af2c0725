"""The staff's lists are answered by indexes in their own order: no scan of a whole table, no sort of many rows.

Plans are read with EXPLAIN on tables of tens of thousands of rows, at which size PostgreSQL has every reason to scan.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.recharge import staff_service as sales
from gencharge.recharge.staff_schemas import StaffBoughtPlanQuery, StaffRechargeQuery
from gencharge.sessions.guards import Principal
from gencharge.wallet import adjustments_service as adjustments
from gencharge.wallet import staff_service
from gencharge.wallet.staff_schemas import AdjustmentQuery, StaffTransactionQuery
from tests.conftest import database_of, test_settings

ALL = Principal(user_id=uuid4(), kind="admin", session_id=uuid4(), role="Viewer")
JIO = Principal(user_id=uuid4(), kind="admin", session_id=uuid4(), role="Viewer", operator_scope=("JIO",))
ROWS = 60_000
USERS = 3_000
USER = UUID("00000000-0000-4000-8000-000000000001")
FILL = (
    # A recharge every ten seconds; one in fifty failed. Customer n has every 3,000th.
    f"""
    INSERT INTO recharges (user_id, id, idempotency_key, request_hash, phone_number, plan_id, plan_version, plan_name,
        operator, plan_type, category, price, discount, wallet_amount, gateway_amount, status, sold_status,
        payment_method, source, activation_mode, balance_after, created_at)
    SELECT ('00000000-0000-4000-8000-' || lpad((n % {USERS})::text, 12, '0'))::uuid, gen_random_uuid(), n::text, '',
        '+9190' || lpad((n % {USERS})::text, 8, '0'), gen_random_uuid(), 1, 'P',
        (ARRAY['JIO', 'AIRTEL', 'VI', 'BSNL'])[1 + n % 4], 'prepaid', 'unlimited', 29900, 0, 29900, 0,
        CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'delivered' END, 'active', 'wallet', 'web', 'queue', 0,
        timestamptz '2026-01-01Z' + n * interval '10 seconds'
    FROM generate_series(1, {ROWS}) AS n
    """,
    """
    INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, phone_number, service_type,
        source, payment_method, operator, created_at)
    SELECT user_id, gen_random_uuid(), 'user:main', 'operator:' || lower(operator), 29900,
        CASE WHEN status = 'failed' THEN 4 ELSE 3 END, idempotency_key, id, phone_number, 'prepaid', 'web', 'wallet',
        operator, created_at FROM recharges
    """,
    """
    INSERT INTO active_plans (phone_number, recharge_id, user_id, plan_id, plan_version, plan_name, operator, plan_type,
        category, is_addon, status, validity_count, validity_unit, valid_from, valid_until, created_at)
    SELECT phone_number, id, user_id, plan_id, 1, 'P', operator, 'prepaid', 'unlimited', true,
        CASE WHEN age < 20000 THEN 'active' WHEN age < 25000 THEN 'queued' ELSE 'expired' END, 28, 'day', created_at,
        created_at + interval '400 days', created_at
    FROM (SELECT *, row_number() OVER (ORDER BY created_at DESC) AS age FROM recharges WHERE status = 'delivered') AS r
    """,
    f"""
    INSERT INTO adjustments (user_id, adjustment_id, direction, amount, reason, note, requested_by, requested_at,
        expires_at, status, decided_by, decided_at)
    SELECT user_id, gen_random_uuid(), 'credit', 1, 'other', 'n', '{USER}', created_at, created_at,
        CASE WHEN status = 'failed' THEN 'pending' ELSE 'approved' END, '{uuid4()}',
        CASE WHEN status = 'failed' THEN NULL ELSE created_at END
    FROM recharges
    """,
    "ANALYZE recharges, transfers, active_plans, adjustments",
)


@pytest.fixture(scope="module")
async def full(settings: Settings, worker_id: str) -> AsyncIterator[Stores]:
    """A database of its own, with many rows."""
    name = database_of(settings.data_dir, worker_id, "full")
    stores = Stores.open(test_settings(settings.data_dir, name, database_app_role=""))
    for statement in FILL:
        async with stores.database.transaction() as db:
            await db.execute(text(statement))
    yield stores
    await stores.close()


async def plans_of(stores: Stores, table: str, ask: Any) -> list[dict[str, Any]]:
    """The plan, node by node, of the statement on `table` that `ask` makes."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_others: Any) -> None:
        if f"FROM {table}" in statement and "FULL OUTER JOIN" in statement:
            asked.append((statement, values))

    async with stores.database.transaction() as db:
        connection = (await db.connection()).sync_connection
        event.listen(connection, "before_cursor_execute", note)
        await ask(db)
        event.remove(connection, "before_cursor_execute", note)
        ((statement, values),) = asked
        explained = await (await db.connection()).exec_driver_sql(
            f"EXPLAIN (FORMAT JSON) {statement}", values
        )
        return list(_nodes(explained.scalar_one()[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def check(nodes: list[dict[str, Any]], table: str, index: str) -> None:
    """The table is read by this index, never as a whole, and at most a few rows are sorted."""
    of_table = [node for node in nodes if node.get("Relation Name") == table]
    assert of_table
    used = {node.get("Index Name") for node in nodes if "Index Name" in node}
    assert index in used, used
    assert [node["Node Type"] for node in of_table if node["Node Type"] == "Seq Scan"] == []
    sorted_rows = [node["Plan Rows"] for node in nodes if node["Node Type"] in {"Sort", "Incremental Sort"}]
    assert all(rows <= 1_000 for rows in sorted_rows), sorted_rows


@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
@pytest.mark.parametrize("admin", [ALL, JIO])
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "ix_transfers_all"),
        ({"operator": "BSNL", "source": "fax", "min_amount": 9_999_999}, "ix_transfers_all"),
        ({"category": "recharge", "txn_type": "credit", "status": "held"}, "ix_transfers_all"),
        ({"from": "2026-01-03", "to": "2026-01-04", "payment_method": "upi"}, "ix_transfers_all"),
        ({"category": "refund"}, "ix_transfers_of_rare_code"),
        ({"category": "refund", "from": "2026-01-03", "operator": "JIO"}, "ix_transfers_of_rare_code"),
        ({"category": "adjustment"}, "ix_transfers_of_rare_code"),
        ({"phone_number": "+919000000007"}, "ix_transfers_of_number"),
        ({"phone_number": "+919000000007", "category": "refund"}, "ix_transfers_of_number"),
        ({"reference_id": str(USER)}, "ix_transfers_of_reference"),
        ({"user_id": str(USER), "min_amount": 1}, "ix_transfers_history"),
        ({"user_id": str(USER), "phone_number": "+919000000007"}, "ix_transfers_history"),
    ],
)
async def test_transactions(
    full: Stores, query: dict[str, Any], index: str, admin: Principal, sort: str
) -> None:
    wanted = StaffTransactionQuery.model_validate(query | {"sort": sort})
    nodes = await plans_of(full, "transfers", lambda db: staff_service.list_transactions(db, admin, wanted))
    check(nodes, "transfers", index)


@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
@pytest.mark.parametrize("admin", [ALL, JIO])
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "ix_recharges_all"),
        ({"operator": "BSNL", "category": "roaming", "min_amount": 9_999_999}, "ix_recharges_all"),
        ({"from": "2026-01-03", "to": "2026-01-04", "source": "api"}, "ix_recharges_all"),
        ({"status": "failed"}, "ix_recharges_not_delivered"),
        ({"status": "unknown", "operator": "VI"}, "ix_recharges_not_delivered"),
        ({"status": "active"}, "ix_recharges_all"),
        ({"status": "queued", "payment_method": "upi"}, "ix_recharges_all"),
        ({"phone_number": "+919000000007"}, "ix_recharges_of_number"),
        ({"phone_number": "+919000000007", "status": "failed"}, "ix_recharges_of_number"),
        ({"user_id": str(USER), "status": "expired"}, "ix_recharges_history"),
    ],
)
async def test_recharges(
    full: Stores, query: dict[str, Any], index: str, admin: Principal, sort: str
) -> None:
    wanted = StaffRechargeQuery.model_validate(query | {"sort": sort})
    nodes = await plans_of(full, "recharges", lambda db: sales.list_recharges(db, admin, wanted))
    check(nodes, "recharges", index)


@pytest.mark.parametrize("down", ["", "-"])
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"sort": "created_at"}, "ix_active_plans_current"),
        ({"sort": "created_at", "status": "queued", "operator": "VI"}, "ix_active_plans_current"),
        ({"sort": "created_at", "expires_within_days": 3}, "ix_active_plans_current"),
        ({"sort": "valid_until"}, "ix_active_plans_due"),
        ({"sort": "valid_until", "expires_within_days": 3, "operator": "JIO"}, "ix_active_plans_due"),
        ({"sort": "valid_until", "phone_number": "+919000000007"}, "pk_active_plans"),
        ({"sort": "created_at", "phone_number": "+919000000007"}, "pk_active_plans"),
        ({"sort": "created_at", "user_id": str(USER)}, "ix_recharges_history"),
    ],
)
async def test_current_plans(full: Stores, query: dict[str, Any], index: str, down: str) -> None:
    wanted = StaffBoughtPlanQuery.model_validate(query | {"sort": down + query["sort"]})

    async def ask(db: AsyncSession) -> None:
        await sales.list_current_plans(db, JIO, wanted)

    check(await plans_of(full, "active_plans", ask), "active_plans", index)


@pytest.mark.parametrize("sort", ["requested_at", "-requested_at"])
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "ix_adjustments_all"),
        ({"reason": "fraud", "direction": "debit"}, "ix_adjustments_all"),
        ({"status": "pending"}, "ix_adjustments_of_status"),
        ({"requested_by": str(uuid4()), "status": "pending"}, "ix_adjustments_of_admin"),
        ({"user_id": str(USER)}, "pk_adjustments"),
    ],
)
async def test_adjustments(full: Stores, query: dict[str, Any], index: str, sort: str) -> None:
    wanted = AdjustmentQuery.model_validate(query | {"sort": sort})
    nodes = await plans_of(full, "adjustments", lambda db: adjustments.list_all(db, wanted))
    check(nodes, "adjustments", index)
