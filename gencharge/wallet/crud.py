"""SQL of the ledger. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypedDict
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, literal_column, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import column_of
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.users.models import User
from gencharge.wallet.models import (
    EVERYDAY,
    Account,
    Adjustment,
    AdjustmentKey,
    AdjustmentStatus,
    Code,
    Transfer,
    Wallet,
)
from gencharge.wallet.schemas import (
    AdjustmentQuery,
    StaffTransactionQuery,
    TransactionFilters,
    TransactionQuery,
)

_MINE = (Account.MAIN, Account.HELD)
_TRANSFER = text("""
    SELECT posted_after, held_after FROM wallet_transfer(
        p_user => :user_id, p_id => :transfer_id, p_debit => :debit, p_credit => :credit, p_amount => :amount,
        p_code => CAST(:code AS smallint), p_key => :key, p_reference => :reference_id, p_phone => :phone_number,
        p_service_type => :service_type, p_source => :source, p_payment_method => :payment_method,
        p_balance_limit => :balance_limit, p_now => coalesce(CAST(:now AS timestamptz), clock_timestamp()),
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


class About(TypedDict, total=False):
    """What a transfer is about; what is left out is NULL."""

    reference_id: UUID | None
    phone_number: str | None
    service_type: str | None
    source: str | None
    payment_method: str | None
    operator: str | None  # its code; without one, that of the operator whose account is on the other side


class Balance(NamedTuple):
    """A wallet row in paise, and the customer's KYC tier."""

    posted: int
    held: int
    kyc_tier: str | None


async def add_wallet(db: AsyncSession, user_id: UUID) -> None:
    """An empty wallet; nothing where there is one."""
    await db.execute(insert(Wallet).values(user_id=user_id).on_conflict_do_nothing())


async def get_wallet(db: AsyncSession, user_id: UUID) -> Wallet | None:
    """The wallet row as it is in the database now, whatever the session remembers."""
    return await db.get(Wallet, user_id, populate_existing=True)


async def get_balance(database: Database, user_id: UUID) -> Balance | None:
    """The wallet and the KYC tier that sets its limits, in one round trip without a session."""
    row = await database.fetch_row(_GET_BALANCE, user_id)
    return None if row is None else Balance(*row)


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
    about: About,
) -> tuple[int, int] | None:
    """Move `amount` paise by `wallet_transfer`; (posted, held) after it, or None if the wallet does not allow it."""
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
    described: dict[str, object] = dict.fromkeys(About.__annotations__)
    row = (await db.execute(_TRANSFER, values | described | about)).one()
    return (row.posted_after, row.held_after) if row.posted_after is not None else None


async def find_transfer(db: AsyncSession, user_id: UUID, key: str, code: Code) -> Transfer | None:
    """The transfer that was booked under this key and code."""
    query = select(Transfer).where(Transfer.user_id == user_id, Transfer.key == key, Transfer.code == code)
    found: Transfer | None = await db.scalar(query)
    return found


async def get_transfer(db: AsyncSession, user_id: UUID, transfer_id: UUID) -> Transfer | None:
    """One transfer of the customer's."""
    return await db.get(Transfer, (user_id, transfer_id))


def select_transfers(user_id: UUID, wanted: TransactionQuery) -> Select[Transfer]:
    """The customer's transfers that match; the house's own share of a recharge is not the customer's business."""
    dates_and_amounts = wanted.within(column_of(Transfer.amount), column_of(Transfer.created_at))
    return select(Transfer).where(
        Transfer.user_id == user_id,
        or_(Transfer.debit.in_(_MINE), Transfer.credit.in_(_MINE)),
        *match_transfers(Transfer, wanted),
        *dates_and_amounts,
    )


def select_all_transfers(wanted: StaffTransactionQuery) -> Select[Transfer]:
    """All customers' transfers, as far as one index answers it in the list's order: the most selective filter."""
    query = select(Transfer)
    if wanted.user_id is not None:
        query = query.where(Transfer.user_id == wanted.user_id)
    elif wanted.reference_id is not None:
        query = query.where(Transfer.reference_id == wanted.reference_id)
    elif wanted.phone_number is not None:
        query = query.where(Transfer.phone_number == wanted.phone_number)
    elif wanted.category is not None and Code[wanted.category.name] not in EVERYDAY:
        # The index is partial: the planner has to see the code.
        query = query.where(Transfer.code == literal_column(str(int(Code[wanted.category.name]))))
    return query.where(*wanted.between(column_of(Transfer.created_at)))


def match_transfers(entity: Any, wanted: TransactionFilters) -> list[ColumnElement[bool]]:
    """The conditions of the filters, but amounts and dates, on transfers or an alias of them."""
    equal = {
        entity.service_type: wanted.service_type,
        entity.source: wanted.source,
        entity.payment_method: wanted.payment_method,
        entity.phone_number: wanted.phone_number,
        entity.reference_id: wanted.reference_id,
        entity.code: None if wanted.category is None else int(Code[wanted.category.name]),
    }
    conditions: list[ColumnElement[bool]] = [
        column == value for column, value in equal.items() if value is not None
    ]
    if wanted.txn_type is not None:
        conditions.append((entity.credit if wanted.txn_type == "credit" else entity.debit).in_(_MINE))
    if wanted.status is not None:
        conditions.append(_has_status(entity, wanted.status))
    return conditions


def _has_status(entity: Any, status: str) -> Any:
    held = entity.credit == Account.HELD
    released = and_(entity.debit == Account.HELD, entity.credit == Account.MAIN)
    return {"held": held, "released": released}.get(status, ~or_(held, released))


async def get_transfer_in_scope(
    db: AsyncSession, user_id: UUID, transfer_id: UUID, scope: ColumnElement[bool]
) -> Transfer | None:
    """One transfer of the customer's, where it is in scope."""
    query = select(Transfer).where(Transfer.user_id == user_id, Transfer.id == transfer_id, scope)
    found: Transfer | None = await db.scalar(query)
    return found


async def sum_transfers(db: AsyncSession, user_id: UUID, until: datetime | None) -> tuple[int, int]:
    """(posted, held) of the customer's transfers up to and including `until`; of all without it."""
    row = (await db.execute(_SUMS, {"user_id": user_id, "until": until})).one()
    return int(row.posted), int(row.held)


async def lock_customer(db: AsyncSession, user_id: UUID) -> User | None:
    """The customer, whose account can't be closed before the transaction ends."""
    statement = select(User).where(User.user_id == user_id).with_for_update(read=True)
    found: User | None = await db.scalar(statement.execution_options(populate_existing=True))
    return found


async def get_kyc_tier(db: AsyncSession, user_id: UUID) -> str | None:
    """The customer's KYC tier, which sets the wallet's limits."""
    tier: str | None = await db.scalar(select(User.kyc_tier).where(User.user_id == user_id))
    return tier


async def add_adjustment_key(db: AsyncSession, **values: Any) -> bool:
    """Write down an admin's Idempotency-Key. False where it was used before; waits for one that is being used."""
    statement = insert(AdjustmentKey).values(**values).on_conflict_do_nothing()
    return await db.scalar(statement.returning(AdjustmentKey.adjustment_id)) is not None


async def get_adjustment_key(db: AsyncSession, requested_by: UUID, key: str) -> AdjustmentKey | None:
    """What an admin's Idempotency-Key was used for."""
    return await db.get(AdjustmentKey, (requested_by, key))


async def get_adjustment(db: AsyncSession, user_id: UUID, adjustment_id: UUID) -> Adjustment | None:
    """One adjustment of the customer's, as it is in the database now."""
    return await db.get(Adjustment, (user_id, adjustment_id), populate_existing=True)


async def decide_adjustment(
    db: AsyncSession,
    user_id: UUID,
    adjustment_id: UUID,
    *allowed: ColumnElement[bool],
    **decision: Any,
) -> Adjustment | None:
    """Decide on a pending adjustment where that is allowed, once however many try; the adjustment, or None."""
    statement = (
        update(Adjustment)
        .where(
            Adjustment.user_id == user_id,
            Adjustment.adjustment_id == adjustment_id,
            Adjustment.status == AdjustmentStatus.PENDING,
            *allowed,
        )
        .values(**decision)
        .returning(Adjustment)
        .execution_options(populate_existing=True)
    )
    return (await db.scalars(statement)).one_or_none()


async def lock_overdue_adjustments(db: AsyncSession, now: datetime, limit: int) -> Sequence[Adjustment]:
    """Pending adjustments of all customers that nobody decided on in time, held to the end of the transaction."""
    statement = (
        select(Adjustment)
        .where(Adjustment.status == AdjustmentStatus.PENDING, Adjustment.expires_at <= now)
        .order_by(Adjustment.requested_at, Adjustment.adjustment_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await db.scalars(statement)).all()


def select_all_adjustments(wanted: AdjustmentQuery) -> Select[Adjustment]:
    """All customers' adjustments, as far as one index answers it in the list's order: the most selective filter."""
    query = select(Adjustment)
    if wanted.user_id is not None:
        query = query.where(Adjustment.user_id == wanted.user_id)
    elif wanted.requested_by is not None:
        query = query.where(Adjustment.requested_by == wanted.requested_by)
    elif wanted.status is not None:
        query = query.where(Adjustment.status == wanted.status)
    return query.where(*wanted.between(column_of(Adjustment.requested_at)))


def match_adjustments(entity: Any, wanted: AdjustmentQuery) -> list[ColumnElement[bool]]:
    """The conditions of the filters on adjustments or an alias of them."""
    equal = {
        entity.status: wanted.status,
        entity.direction: wanted.direction,
        entity.reason: wanted.reason,
        entity.requested_by: wanted.requested_by,
        entity.decided_by: wanted.decided_by,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    return [*conditions, *wanted.within(entity.amount, entity.requested_at)]


async def lock_wallet(db: AsyncSession, user_id: UUID) -> Wallet | None:
    """The wallet row, held to the end of the transaction."""
    return await db.get(Wallet, user_id, with_for_update=True, populate_existing=True)
