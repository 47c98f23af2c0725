"""Tables of tens of thousands of rows, and how PostgreSQL reads them: at this size it has every reason to scan."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from filelock import FileLock
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import Principal
from tests.conftest import MANY_ROWS, fresh_database, test_settings

# Admins of all operators and of one.
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


@asynccontextmanager
async def many_rows(settings: Settings) -> AsyncIterator[Stores]:
    """Stores on a database with many recharges, transfers, plans and adjustments: to read only, for all files of a run use it."""
    folder = settings.data_dir
    marker = folder / "many-rows"
    with FileLock(folder / "many-rows.lock"):
        if not marker.exists():
            name = fresh_database(folder, MANY_ROWS)
            await _fill(test_settings(folder, name, database_app_role=""))
            marker.write_text(name, encoding="utf-8")
    stores = Stores.open(test_settings(folder, marker.read_text(encoding="utf-8"), database_app_role=""))
    yield stores
    await stores.close()


async def _fill(settings: Settings) -> None:
    stores = Stores.open(settings)
    for statement in FILL:
        async with stores.database.transaction() as db:
            await db.execute(text(statement))
    await stores.close()


async def nodes_of(
    stores: Stores, table: str, ask: Callable[[AsyncSession], Awaitable[object]]
) -> list[dict[str, Any]]:
    """The plan, node by node, of the statement on `table` that reads the page which `ask` asks for."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_others: Any) -> None:
        if f"FROM {table}" in statement and ("FULL OUTER JOIN" in statement or "LIMIT" in statement):
            statements.append((statement, values))

    async with stores.database.transaction() as db:
        connection = (await db.connection()).sync_connection
        event.listen(connection, "before_cursor_execute", note)
        await ask(db)
        event.remove(connection, "before_cursor_execute", note)
        ((statement, values),) = statements
        explained = await (await db.connection()).exec_driver_sql(
            f"EXPLAIN (FORMAT JSON) {statement}", values
        )
        return list(_nodes(explained.scalar_one()[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def assert_reads_by_index(nodes: list[dict[str, Any]], table: str, index: str) -> None:
    """The table is read by this index, never as a whole, and at most a few rows are sorted."""
    of_table = [node for node in nodes if node.get("Relation Name") == table]
    assert of_table
    used = {node.get("Index Name") for node in nodes if "Index Name" in node}
    assert index in used, used
    assert [node["Node Type"] for node in of_table if node["Node Type"] == "Seq Scan"] == []
    sorted_rows = [node["Plan Rows"] for node in nodes if node["Node Type"] in {"Sort", "Incremental Sort"}]
    assert all(rows <= 1_000 for rows in sorted_rows), sorted_rows
