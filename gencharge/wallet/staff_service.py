"""What the staff read of one customer: the wallet, and the ledger as it was booked."""

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
from gencharge.wallet.errors import WalletNotFound
from gencharge.wallet.models import Transfer
from gencharge.wallet.staff_schemas import LedgerEntryPage, LedgerQuery, StaffWalletOut
from gencharge.wallet.views import ledger_entry_out


async def list_ledger(
    db: AsyncSession, admin: Principal, user_id: UUID, query: LedgerQuery
) -> LedgerEntryPage:
    """A page of the customer's transfers; for an admin limited to some operators, those that concern them.

    Raises WalletNotFound.
    """
    if await crud.get_wallet(db, user_id=user_id) is None:
        raise WalletNotFound

    def matches(entity: type[Transfer]) -> list[ColumnElement[bool]]:
        return [
            *crud.match_ledger(entity, query),
            *query.within(column_of(entity.amount), column_of(entity.created_at)),
            within(admin, column_of(entity.operator)),
        ]

    order = Order(
        column_of(Transfer.created_at), column_of(Transfer.id), descending=query.sort == "-created_at"
    )
    rows, cursor = await fetch_bounded_page(db, crud.select_ledger(user_id, query), matches, order, query)
    return LedgerEntryPage(items=[ledger_entry_out(row) for row in rows], next_cursor=cursor)


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
