"""The staff's lists are answered by indexes in their own order: no scan of a whole table, no sort of many rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.recharge import staff_service as sales
from gencharge.recharge.staff_schemas import StaffBoughtPlanQuery, StaffRechargeQuery
from gencharge.sessions.guards import Principal
from tests.make.many_rows import ALL, JIO, USER, assert_reads_by_index, many_rows, nodes_of


@pytest.fixture(scope="module")
async def full(settings: Settings) -> AsyncIterator[Stores]:
    """A database with many rows."""
    async with many_rows(settings) as stores:
        yield stores


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
async def test_recharges_are_read_by_an_index(
    full: Stores, query: dict[str, Any], index: str, admin: Principal, sort: str
) -> None:
    list_query = StaffRechargeQuery.model_validate(query | {"sort": sort})
    nodes = await nodes_of(full, "recharges", lambda db: sales.list_recharges(db, admin, list_query))
    assert_reads_by_index(nodes, "recharges", index)


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
async def test_current_plans_are_read_by_an_index(
    full: Stores, query: dict[str, Any], index: str, down: str
) -> None:
    list_query = StaffBoughtPlanQuery.model_validate(query | {"sort": down + query["sort"]})

    async def ask(db: AsyncSession) -> None:
        await sales.list_current_plans(db, JIO, list_query)

    assert_reads_by_index(await nodes_of(full, "active_plans", ask), "active_plans", index)
