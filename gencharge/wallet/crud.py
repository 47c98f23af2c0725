"""SQL of the ledger. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, TypedDict
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import column_of
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.users.models import User
from gencharge.wallet.models import Code, Transfer, Wallet
from gencharge.wallet.staff_schemas import LedgerQuery

_ADD_WALLET = text("SELECT add_wallet(p_user => :user_id)")
_TRANSFER = text("""
    SELECT posted_after, held_after FROM wallet_transfer(
        p_user => :user_id, p_id => :transfer_id, p_debit => :debit, p_credit => :credit, p_amount => :amount,
        p_code => CAST(:code AS smallint), p_key => :key, p_reference => :reference_id, p_phone => :phone_number,
        p_service_type => :service_type, p_source => :source, p_payment_method => :payment_method,
        p_balance_limit => :balance_limit, p_now => statement_time(:now),
        p_operator => :operator)
""")
_GET_BALANCE = """
    SELECT posted, held, kyc_tier FROM wallets LEFT JOIN users USING (user_id) WHERE wallets.user_id = $1
"""
_SUMS = text("""
    SELECT coalesce(sum(amount) FILTER (WHERE credit IN ('user:main', 'user:held')), 0)
         - coalesce(sum(amount) FILTER (WHERE debit IN ('user:main', 'user:held')), 0) AS posted,
           coalesce(sum(amount) FILTER (WHERE credit = 'user:held'), 0)
         - coalesce(sum(amount) FILTER (WHERE debit = 'user:held'), 0) AS held
    FROM transfers
    WHERE user_id = :user_id
      AND (CAST(:until AS timestamptz) IS NULL OR created_at <= CAST(:until AS timestamptz))
""")


class TransferDetails(TypedDict, total=False):
    """What a transfer is about; what is left out is NULL."""

    reference_id: UUID | None
    phone_number: str | None
    service_type: str | None
    source: str | None
    payment_method: str | None
    operator: str | None  # its code; by default that of the operator whose account is on the other side


class Balance(NamedTuple):
    """What a wallet holds, in paise."""

    posted: int
    held: int


class TieredBalance(NamedTuple):
    """What a wallet holds, in paise, and the customer's KYC tier."""

    posted: int
    held: int
    kyc_tier: str | None


async def add_wallet(db: AsyncSession, *, user_id: UUID) -> None:
    """An empty wallet; nothing if there is one."""
    await db.execute(_ADD_WALLET, {"user_id": user_id})


async def get_wallet(db: AsyncSession, *, user_id: UUID) -> Wallet | None:
    """The wallet row as it is in the database now, whatever the session remembers."""
    return await db.get(Wallet, user_id, populate_existing=True)


async def list_available(db: AsyncSession, user_ids: Collection[UUID]) -> dict[UUID, int]:
    """What each of these customers can spend now, in paise; who has no wallet is left out."""
    query = select(Wallet.user_id, Wallet.posted - Wallet.held).where(Wallet.user_id.in_(user_ids))
    return {user_id: paise for user_id, paise in await db.execute(query)}


async def lock_wallet(db: AsyncSession, *, user_id: UUID) -> Wallet | None:
    """The wallet row, locked to the end of the transaction."""
    return await db.get(Wallet, user_id, with_for_update=True, populate_existing=True)


async def get_balance(database: Database, *, user_id: UUID) -> TieredBalance | None:
    """The wallet and the KYC tier that sets its limits, in one round trip without a session."""
    row = await database.fetch_row(_GET_BALANCE, user_id)
    return None if row is None else TieredBalance(*row)


async def add_transfer(
    db: AsyncSession,
    *,
    user_id: UUID,
    transfer_id: UUID,
    debit: str,
    credit: str,
    amount: int,
    code: Code,
    key: str,
    balance_limit: int | None,
    details: TransferDetails,
) -> Balance | None:
    """Move `amount` paise by `wallet_transfer`: the wallet afterwards, or None if it does not allow the movement."""
    values = {
        "user_id": user_id,
        "transfer_id": transfer_id,
        "debit": debit,
        "credit": credit,
        "amount": amount,
        "code": int(code),
        "key": key,
        "balance_limit": balance_limit,
        "now": clock.pinned(),
    }
    all_details: dict[str, object] = dict.fromkeys(TransferDetails.__annotations__)
    row = (await db.execute(_TRANSFER, values | all_details | details)).one()
    return Balance(*row) if row.posted_after is not None else None


async def find_transfer(db: AsyncSession, *, user_id: UUID, key: str, code: Code) -> Transfer | None:
    """The transfer that was booked under this key and code."""
    query = select(Transfer).where(Transfer.user_id == user_id, Transfer.key == key, Transfer.code == code)
    transfer: Transfer | None = await db.scalar(query)
    return transfer


async def sum_transfers(db: AsyncSession, *, user_id: UUID, until: datetime | None) -> Balance:
    """What the customer's transfers add up to, up to and including `until`; all of them if it is None."""
    row = (await db.execute(_SUMS, {"user_id": user_id, "until": until})).one()
    return Balance(int(row.posted), int(row.held))


async def get_kyc_tier(db: AsyncSession, *, user_id: UUID) -> str | None:
    """The customer's KYC tier, which sets the wallet's limits."""
    tier: str | None = await db.scalar(select(User.kyc_tier).where(User.user_id == user_id))
    return tier


def select_ledger(user_id: UUID, query: LedgerQuery) -> Select[Transfer]:
    """The customer's transfers in the period that is asked for, those between our own accounts among them."""
    return select(Transfer).where(Transfer.user_id == user_id, *query.between(column_of(Transfer.created_at)))


async def list_of_references(
    db: AsyncSession, user_id: UUID, references: Sequence[UUID]
) -> Sequence[Transfer]:
    """The customer's transfers about these objects, as they were booked."""
    query = (
        select(Transfer)
        .where(Transfer.user_id == user_id, Transfer.reference_id.in_(references))
        .order_by(Transfer.created_at, Transfer.id)
    )
    return (await db.scalars(query)).all()


def match_ledger(entity: type[Transfer], query: LedgerQuery) -> list[ColumnElement[bool]]:
    """The conditions of all filters but amounts and dates, on transfers or an alias of them."""
    equal = {
        entity.code: None if query.code is None else int(Code[query.code.name]),
        entity.key: query.key,
        entity.reference_id: query.reference_id,
        entity.phone_number: query.phone_number,
        entity.operator: query.operator,
    }
    conditions: list[ColumnElement[bool]] = [
        column == value for column, value in equal.items() if value is not None
    ]
    if query.account is not None:
        conditions.append(or_(entity.debit == query.account, entity.credit == query.account))
    return conditions
