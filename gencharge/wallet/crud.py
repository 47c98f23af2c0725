"""SQL of the ledger. Decides nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import clock
from gencharge.core.paging import column_of
from gencharge.wallet.models import Account, Code, Transfer, Wallet
from gencharge.wallet.schemas import TransactionQuery

_MINE = (Account.MAIN, Account.HELD)
_TRANSFER = text("""
    SELECT posted_after, held_after FROM wallet_transfer(
        :user_id, :id, :debit, :credit, :amount, CAST(:code AS smallint), :key, :reference_id, :phone_number,
        :service_type, :source, :payment_method, :balance_limit, coalesce(CAST(:now AS timestamptz), clock_timestamp()),
        :operator)
""")
GET_WALLET = "SELECT posted, held FROM wallets WHERE user_id = $1"


async def add_wallet(db: AsyncSession, user_id: UUID) -> None:
    """An empty wallet; nothing where there is one."""
    await db.execute(insert(Wallet).values(user_id=user_id).on_conflict_do_nothing())


async def get_wallet(db: AsyncSession, user_id: UUID) -> Wallet | None:
    """The wallet row as it is in the database now, whatever the session remembers."""
    return await db.get(Wallet, user_id, populate_existing=True)


async def add_transfer(db: AsyncSession, **values: Any) -> tuple[int, int] | None:
    """Move money by `wallet_transfer`; (posted, held) after it, or None where the wallet row did not allow it."""
    row = (await db.execute(_TRANSFER, values | {"now": clock.pinned()})).one_or_none()
    return (row.posted_after, row.held_after) if row else None


async def find_transfer(db: AsyncSession, user_id: UUID, key: str, code: Code) -> Transfer | None:
    """The transfer that was booked under this key and code."""
    query = select(Transfer).where(Transfer.user_id == user_id, Transfer.key == key, Transfer.code == code)
    found: Transfer | None = await db.scalar(query)
    return found


async def get_transfer(db: AsyncSession, user_id: UUID, transfer_id: UUID) -> Transfer | None:
    """One transfer of the customer's."""
    return await db.get(Transfer, (user_id, transfer_id))


def select_transfers(user_id: UUID, wanted: TransactionQuery) -> Select[Transfer]:
    """The customer's transfers that match."""
    query = select(Transfer).where(Transfer.user_id == user_id)
    equal = {
        Transfer.service_type: wanted.service_type,
        Transfer.source: wanted.source,
        Transfer.payment_method: wanted.payment_method,
        Transfer.phone_number: wanted.phone_number,
        Transfer.reference_id: wanted.reference_id,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.category is not None:
        query = query.where(Transfer.code == Code[wanted.category.name])
    if wanted.txn_type is not None:
        query = query.where((Transfer.credit if wanted.txn_type == "credit" else Transfer.debit).in_(_MINE))
    if wanted.status is not None:
        query = query.where(_has_status(wanted.status))
    return query.where(*wanted.within(column_of(Transfer.amount), column_of(Transfer.created_at)))


def _has_status(status: str) -> Any:
    held = Transfer.credit == Account.HELD
    released = and_(Transfer.debit == Account.HELD, Transfer.credit == Account.MAIN)
    return {"held": held, "released": released}.get(status, ~or_(held, released))
