"""Plain functions that make what tests of recharges need, and read what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from sqlalchemy import select, text

from gencharge import wiring
from gencharge.core.events.events import EventRow
from gencharge.core.rooms import checks
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.recharge import sale_crud
from gencharge.recharge.models import ActivePlan, Recharge
from gencharge.recharge.sale_crud import SaleRequest, SaleResult
from gencharge.velocity.service import NO_LIMITS
from gencharge.wallet.models import Transfer, Wallet
from tests.make.factories import headers_for, know_roles, make_admin


async def assert_books_balance(stores: Stores) -> None:
    """Every check of every room passes."""
    report = await checks.run(stores.database, wiring.CHECKS)
    assert report.ok, "\n".join(report.lines)


async def get_recharge(stores: Stores, user_id: UUID, recharge_id: UUID) -> Recharge:
    """The row of a recharge."""
    async with stores.database.transaction() as db:
        recharge = await db.get_one(Recharge, (user_id, recharge_id))
        db.expunge(recharge)
        return recharge


async def list_plans(stores: Stores, phone_number: str) -> list[ActivePlan]:
    """The plans of a number, in the order in which they were bought."""
    async with stores.database.transaction() as db:
        query = select(ActivePlan).where(ActivePlan.phone_number == phone_number)
        plans = list(await db.scalars(query.order_by(ActivePlan.created_at, ActivePlan.recharge_id)))
        for plan in plans:
            db.expunge(plan)
        return plans


async def list_transfers(stores: Stores, recharge_id: UUID) -> dict[tuple[str, str], int]:
    """What was moved for a recharge: paise by debit and credit."""
    async with stores.database.transaction() as db:
        rows = await db.scalars(select(Transfer).where(Transfer.reference_id == recharge_id))
        return {(row.debit, row.credit): row.amount for row in rows}


async def list_events(stores: Stores, user_id: UUID, *topics: str) -> list[dict[str, Any]]:
    """The payloads of the events about a customer that were not delivered yet, oldest first; of `topics`, or of all."""
    async with stores.database.transaction() as db:
        query = select(EventRow).where(EventRow.user_id == user_id)
        if topics:
            query = query.where(EventRow.topic.in_(topics))
        return [row.payload for row in await db.scalars(query.order_by(EventRow.id))]


async def list_topics(stores: Stores, user_id: UUID) -> list[str]:
    """The topics of the events about a customer that were not delivered yet, oldest first."""
    async with stores.database.transaction() as db:
        query = select(EventRow.topic).where(EventRow.user_id == user_id)
        return list(await db.scalars(query.order_by(EventRow.id)))


async def run_sql(stores: Stores, statement: str, **values: object) -> None:
    """Change rows as another part of the product, or a fault, would leave them."""
    async with stores.database.transaction() as db:
        await db.execute(text(statement), values)


async def staff_headers(
    app: FastAPI, stores: Stores, role: str = "Manager", *, operators: Sequence[str] = (), **overrides: Any
) -> dict[str, str]:
    """An admin who gave the second factor just now, limited to `operators` if there are any; with an Idempotency-Key.

    `overrides`: fields of Principal.
    """
    await know_roles(app)
    admin = await stores.database.run(lambda db: make_admin(db, role, operator_scope=list(operators)))
    return headers_for(stores.settings, admin, role=role, **overrides) | {"Idempotency-Key": str(uuid4())}


async def place(
    stores: Stores, user_id: UUID, phone_number: str, plan_id: UUID, **overrides: Any
) -> SaleResult:
    """Call `recharge_with_payment` as the checkout does: by default Rs 299 by UPI. `overrides`: of its arguments."""
    values: dict[str, Any] = {
        "user_id": user_id,
        "recharge_id": new_id(),
        "key": str(uuid4()),
        "request_hash": b"hash",
        "phone_number": phone_number,
        "plan_id": plan_id,
        "hint": None,
        "source": "web",
        "replace": False,
        "confirmed": False,
        "window_seconds": 60,
        "payment_method": "upi",
        "wallet_amount": 0,
        "gateway_amount": 29_900,
        "payment_id": new_id(),
        "context": "{}",
        "limits": NO_LIMITS,
    }
    values |= overrides
    request = SaleRequest(**{name: values.pop(name) for name in SaleRequest._fields})
    return await sale_crud.add_with_payment(stores.database, request, **values)


async def capture(stores: Stores, user_id: UUID, recharge_id: UUID, paise: int) -> None:
    """Put the gateway's part of a recharge into the held money, as a captured payment does."""
    await run_sql(
        stores,
        """
        SELECT wallet_transfer(
            p_user => :user_id, p_id => new_uuid7(), p_debit => 'gateway:razorpay', p_credit => 'user:held',
            p_amount => :paise, p_code => ledger_code('payment'), p_key => :key, p_reference => :recharge_id,
            p_phone => NULL, p_service_type => NULL, p_source => NULL, p_payment_method => 'upi',
            p_balance_limit => NULL, p_now => clock_timestamp(), p_operator => NULL)
        """,
        user_id=user_id,
        recharge_id=recharge_id,
        paise=paise,
        key=str(uuid4()),
    )


async def money_of(stores: Stores, user_id: UUID) -> tuple[int, int]:
    """(what the customer can spend, what is held), in paise."""
    async with stores.database.transaction() as db:
        row = await db.get_one(Wallet, user_id)
        return row.posted - row.held, row.held
