"""`/wallet`: the balance and what moved it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from gencharge.core import web
from gencharge.core.database import Db, get_database
from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.hot import HotRoute
from gencharge.core.paging import CursorInvalid
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.wallet import service
from gencharge.wallet.errors import TransactionNotFound, WalletNotFound
from gencharge.wallet.schemas import TransactionOut, TransactionPage, TransactionQuery, WalletOut

router = web.router("wallet")
hot = web.router("wallet", route_class=HotRoute)


@hot.get("", responses=web.errors(WalletNotFound, DatabaseUnavailable, *USER_ERRORS))
async def show_wallet(user: SignedInUser, request: Request) -> WalletOut:
    """My balance, what is held, and my limits."""
    return await service.show(get_database(request), user.user_id, request.app.state.settings)


@router.get(
    "/transactions", responses=web.errors(CursorInvalid, ValidationFailed, DatabaseUnavailable, *USER_ERRORS)
)
async def list_transactions(
    user: SignedInUser, db: Db, query: Annotated[TransactionQuery, Query()]
) -> TransactionPage:
    """What moved my balance, newest first."""
    return await service.list_transactions(db, user.user_id, query)


@router.get(
    "/transactions/{transaction_id}",
    responses=web.errors(TransactionNotFound, ValidationFailed, DatabaseUnavailable, *USER_ERRORS),
)
async def show_transaction(user: SignedInUser, db: Db, transaction_id: UUID) -> TransactionOut:
    """One of my transactions."""
    return await service.get_transaction(db, user.user_id, transaction_id)
