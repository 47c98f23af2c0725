"""The history is read by indexes in its own order, and its SQL looks nothing up in a hash of the whole ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import Principal
from gencharge.wallet import history_service as history
from gencharge.wallet.schemas import TransactionQuery
from gencharge.wallet.staff_schemas import StaffTransactionQuery
from tests.make.many_rows import ALL, JIO, USER, assert_reads_by_index, many_rows, nodes_of


@pytest.fixture(scope="module")
async def full(settings: Settings) -> AsyncIterator[Stores]:
    """A database with many rows."""
    async with many_rows(settings) as stores:
        yield stores


def assert_no_hash(nodes: list[dict[str, Any]]) -> None:
    """Other transfers of an event are looked up one by one, by their key or reference."""
    lookups = {"uq_transfers_key": "(key = ", "ix_transfers_of_reference": "(reference_id = "}
    for node in nodes:
        if node.get("Parent Relationship") == "SubPlan":
            assert node["Node Type"] not in {"Seq Scan", "Hash"}
            if node.get("Relation Name") == "transfers":
                assert lookups[node["Index Name"]] in node["Index Cond"]


@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
@pytest.mark.parametrize("admin", [ALL, JIO])
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "ix_transfers_all"),
        ({"operator": "BSNL", "source": "api", "min_amount": 9_999_999}, "ix_transfers_all"),
        ({"category": "recharge", "txn_type": "credit", "status": "pending"}, "ix_transfers_all"),
        ({"from": "2026-01-03", "to": "2026-01-04", "payment_method": "upi"}, "ix_transfers_all"),
        ({"category": "refund"}, "ix_transfers_all"),
        ({"category": "topup"}, "ix_transfers_of_rare_code"),
        ({"category": "topup", "from": "2026-01-03", "operator": "JIO"}, "ix_transfers_of_rare_code"),
        ({"category": "adjustment", "status": "failed"}, "ix_transfers_of_rare_code"),
        ({"phone_number": "+919000000007"}, "ix_transfers_of_number"),
        ({"phone_number": "+919000000007", "category": "refund"}, "ix_transfers_of_number"),
        ({"reference_id": str(USER)}, "ix_transfers_of_reference"),
        ({"user_id": str(USER), "min_amount": 1}, "ix_transfers_history"),
        ({"user_id": str(USER), "phone_number": "+919000000007"}, "ix_transfers_history"),
    ],
)
async def test_all_customers_transactions_are_read_by_an_index(
    full: Stores, query: dict[str, Any], index: str, admin: Principal, sort: str
) -> None:
    list_query = StaffTransactionQuery.model_validate(query | {"sort": sort})
    nodes = await nodes_of(full, "transfers", lambda db: history.list_all_transactions(db, admin, list_query))
    assert_reads_by_index(nodes, "transfers", index)
    assert_no_hash(nodes)


@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"status": "pending"},
        {"status": "completed", "min_amount": 1},
        {"category": "source_refund"},
        {"payment_method": "upi", "max_amount": 299},
        {"from": "2026-01-03", "to": "2026-01-04"},
    ],
)
async def test_a_customers_own_transactions_are_read_by_an_index(
    full: Stores, query: dict[str, Any], sort: str
) -> None:
    list_query = TransactionQuery.model_validate(query | {"sort": sort})
    nodes = await nodes_of(full, "transfers", lambda db: history.list_transactions(db, USER, list_query))
    narrowed = {
        "ix_transfers_history": "user_id = ",
        "uq_transfers_key": "user_id = ",
        "ix_transfers_of_reference": "reference_id = ",
    }
    scans = [node for node in nodes if "Index Name" in node]
    assert scans
    assert [node for node in scans if narrowed[node["Index Name"]] not in node["Index Cond"]] == []
    assert [node for node in nodes if node["Node Type"] == "Seq Scan"] == []
    assert_no_hash(nodes)
