"""What the staff read in the books: all customers' transactions, a customer's wallet, its balance at an instant.

The lists are the only queries on customers' tables that name no customer: on a sharded database they ask every shard.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.sessions.guards import Principal, within
from gencharge.users import service as users
from gencharge.users.models import UserBrief
from gencharge.wallet import crud, service
from gencharge.wallet.errors import InstantInvalid, TransactionNotFound, WalletNotFound
from gencharge.wallet.models import Transfer
from gencharge.wallet.schemas import (
    BalanceOut,
    StaffTransactionOut,
    StaffTransactionPage,
    StaffTransactionQuery,
    StaffWalletOut,
)


async def list_transactions(
    db: AsyncSession, admin: Principal, wanted: StaffTransactionQuery
) -> StaffTransactionPage:
    """A page of all customers' transactions, as far as the admin's operators go."""

    def matches(seen: Any) -> Sequence[ColumnElement[bool]]:
        conditions = [
            *crud.match_transfers(seen, wanted),
            *wanted.within(seen.amount, seen.created_at),
            within(admin, seen.operator),
        ]
        return conditions if wanted.operator is None else [*conditions, seen.operator == wanted.operator]

    order = Order(
        column_of(Transfer.created_at), column_of(Transfer.id), descending=wanted.sort == "-created_at"
    )
    rows, cursor = await fetch_bounded_page(db, crud.select_all_transfers(wanted), matches, order, wanted)
    known = await users.briefs(db, (row.user_id for row in rows))
    return StaffTransactionPage(items=[_shown(row, known) for row in rows], next_cursor=cursor)


async def get_transaction(
    db: AsyncSession, admin: Principal, user_id: UUID, transaction_id: UUID
) -> StaffTransactionOut:
    """One transaction of a customer's. Raises TransactionNotFound, also where it is out of the admin's scope."""
    scope = within(admin, column_of(Transfer.operator))
    found = await crud.get_transfer_in_scope(db, user_id, transaction_id, scope)
    if found is None:
        raise TransactionNotFound
    return _shown(found, await users.briefs(db, [user_id]))


async def get_wallet(db: AsyncSession, user_id: UUID, settings: Settings) -> StaffWalletOut:
    """A customer's wallet with the limits of the customer's KYC tier. Raises WalletNotFound."""
    found = await crud.get_wallet(db, user_id)
    if found is None:
        raise WalletNotFound
    return StaffWalletOut(
        user_id=user_id,
        user=(await users.briefs(db, [user_id])).get(user_id),
        balance=Money(found.posted - found.held),
        held=Money(found.held),
        limits=service.limits(settings, await crud.get_kyc_tier(db, user_id)),
        opened_at=found.created_at,
        updated_at=found.updated_at,
    )


async def get_balance(db: AsyncSession, user_id: UUID, at: datetime | None) -> BalanceOut:
    """What the wallet held at an instant, or holds now, from its transfers. Raises WalletNotFound, InstantInvalid."""
    now = clock.now()
    if at is not None and at > now:
        raise InstantInvalid
    if await crud.get_wallet(db, user_id) is None:
        raise WalletNotFound
    posted, held = await crud.sum_transfers(db, user_id, at)
    # Transfers from before 0010 may be microseconds out of their order, and an instant between them below zero.
    posted, held = max(posted, 0), max(held, 0)
    return BalanceOut(
        user_id=user_id,
        at=at or now,
        posted=Money(posted),
        held=Money(held),
        available=Money(max(posted - held, 0)),
    )


def _shown(row: Transfer, known: dict[UUID, UserBrief]) -> StaffTransactionOut:
    return StaffTransactionOut(
        **service.fields_of(row), user_id=row.user_id, user=known.get(row.user_id), operator=row.operator
    )
