"""What the staff read: all customers' transactions, and a customer's wallet.

The lists are the only queries on customers' tables that name no customer: on a sharded database they ask every shard.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.core.settings import Settings
from gencharge.core.values.money import Money
from gencharge.sessions.guards import Principal, within
from gencharge.users import service as users
from gencharge.wallet import crud, service
from gencharge.wallet.errors import TransactionNotFound, WalletNotFound
from gencharge.wallet.models import Transfer
from gencharge.wallet.staff_schemas import (
    StaffTransactionOut,
    StaffTransactionPage,
    StaffTransactionQuery,
    StaffWalletOut,
)
from gencharge.wallet.views import staff_transaction_out


async def list_transactions(
    db: AsyncSession, admin: Principal, query: StaffTransactionQuery
) -> StaffTransactionPage:
    """A page of all customers' transactions; for an admin limited to some operators, those that concern them."""

    def matches(entity: type[Transfer]) -> list[ColumnElement[bool]]:
        conditions = [
            *crud.match_transfers(entity, query),
            *query.within(column_of(entity.amount), column_of(entity.created_at)),
            within(admin, column_of(entity.operator)),
        ]
        if query.operator is not None:
            conditions.append(column_of(entity.operator) == query.operator)
        return conditions

    order = Order(
        column_of(Transfer.created_at), column_of(Transfer.id), descending=query.sort == "-created_at"
    )
    rows, cursor = await fetch_bounded_page(db, crud.select_all_transfers(query), matches, order, query)
    briefs = await users.briefs(db, (row.user_id for row in rows))
    items = [staff_transaction_out(row, briefs.get(row.user_id)) for row in rows]
    return StaffTransactionPage(items=items, next_cursor=cursor)


async def get_transaction(
    db: AsyncSession, admin: Principal, user_id: UUID, transaction_id: UUID
) -> StaffTransactionOut:
    """One transaction of a customer. Raises TransactionNotFound, also if it is out of the admin's scope."""
    transfer = await crud.get_transfer_in_scope(
        db,
        user_id=user_id,
        transfer_id=transaction_id,
        scope=within(admin, column_of(Transfer.operator)),
    )
    if transfer is None:
        raise TransactionNotFound
    return staff_transaction_out(transfer, (await users.briefs(db, [user_id])).get(user_id))


async def get_wallet(db: AsyncSession, user_id: UUID, settings: Settings) -> StaffWalletOut:
    """A customer's wallet with the limits of the customer's KYC tier. Raises WalletNotFound."""
    wallet = await crud.get_wallet(db, user_id=user_id)
    if wallet is None:
        raise WalletNotFound
    return StaffWalletOut(
        user_id=user_id,
        user=(await users.briefs(db, [user_id])).get(user_id),
        balance=Money(wallet.posted - wallet.held),
        held=Money(wallet.held),
        limits=service.limits(settings, await crud.get_kyc_tier(db, user_id=user_id)),
        opened_at=wallet.created_at,
        updated_at=wallet.updated_at,
    )
