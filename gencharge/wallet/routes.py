"""`/wallet`: a customer's balance and transactions."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request

from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.direct import DirectRoute
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db, get_database
from gencharge.operators.service import CurrentOperators
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.wallet import history_service as history
from gencharge.wallet import service
from gencharge.wallet.errors import InstantInvalid, TransactionNotFound, WalletNotFound
from gencharge.wallet.schemas import (
    BalanceOut,
    BalanceQuery,
    TransactionOut,
    TransactionPage,
    TransactionQuery,
    WalletOut,
)

router = web.router("wallet")
direct = web.router("wallet", route_class=DirectRoute)
_LIST: Final = (CursorInvalid, ValidationFailed, DatabaseUnavailable)
_ONE: Final = (ValidationFailed, DatabaseUnavailable)


@direct.get("", responses=web.errors(WalletNotFound, DatabaseUnavailable, *USER_ERRORS))
async def get_wallet(user: SignedInUser, request: Request) -> WalletOut:
    """My balance, what is held, and the limits of my KYC tier."""
    return await service.show(get_database(request), user.user_id, request.app.state.settings)


@router.get("/balance", responses=web.errors(WalletNotFound, InstantInvalid, *_ONE, *USER_ERRORS))
async def get_balance(user: SignedInUser, db: Db, query: Annotated[BalanceQuery, Query()]) -> BalanceOut:
    """What my wallet held at an instant."""
    return await service.balance_at(db, user.user_id, query.at)


@router.get("/transactions", responses=web.errors(*_LIST, *USER_ERRORS))
async def list_transactions(
    user: SignedInUser, db: Db, operators: CurrentOperators, query: Annotated[TransactionQuery, Query()]
) -> TransactionPage:
    """What moved my balance, newest first: one row for each recharge, top-up, refund and so on.

    A recharge in delivery is `pending`: its money is set aside (`held`). The same row becomes `completed` when the operator
    delivers, or `failed`, and then nothing was taken. What was paid through a gateway for a recharge that failed comes
    into the wallet as a `refund`. The `wallet_change` of all rows adds up to my balance.
    """
    return await history.list_transactions(db, user.user_id, query, operators.names)


@router.get("/transactions/{transaction_id}", responses=web.errors(TransactionNotFound, *_ONE, *USER_ERRORS))
async def get_transaction(
    user: SignedInUser, db: Db, operators: CurrentOperators, transaction_id: UUID
) -> TransactionOut:
    """One of my transactions."""
    return await history.get_transaction(db, user.user_id, transaction_id, operators.names)
