"""`/wallet/admin`: all customers' transactions, their wallets and ledgers, and adjustments of their balances."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from starlette.status import HTTP_201_CREATED

from gencharge.core.errors import (
    DatabaseUnavailable,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedJson,
    ValidationFailed,
)
from gencharge.core.http import idempotency, web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict
from gencharge.core.postgres.replica import ReadingDb
from gencharge.operators.service import CurrentOperators
from gencharge.sessions.guards import (
    ADMIN_ERRORS,
    SCOPED_ERRORS,
    STEP_UP_ERRORS,
    Action,
    Principal,
    Requires,
    Resource,
)
from gencharge.users.errors import UserNotFound
from gencharge.wallet import adjustments_service as adjustments
from gencharge.wallet import history_service as history
from gencharge.wallet import service, staff_service
from gencharge.wallet.errors import (
    AdjustmentAlreadyDecided,
    AdjustmentAlreadyExpired,
    AdjustmentNotFound,
    BalanceLimitExceeded,
    InstantInvalid,
    InsufficientBalance,
    RequesterOnly,
    SecondApproverRequired,
    TransactionNotFound,
    WalletNotFound,
)
from gencharge.wallet.schemas import BalanceOut, BalanceQuery
from gencharge.wallet.staff_schemas import (
    AdjustmentCreate,
    AdjustmentDecision,
    AdjustmentOut,
    AdjustmentQuery,
    LedgerEntryPage,
    LedgerQuery,
    StaffAdjustmentOut,
    StaffAdjustmentPage,
    StaffTransactionOut,
    StaffTransactionPage,
    StaffTransactionQuery,
    StaffWalletOut,
)

router = web.router("wallet")
_LIST: Final = (CursorInvalid, ValidationFailed, DatabaseUnavailable)
_ONE: Final = (ValidationFailed, DatabaseUnavailable)
_DECIDING: Final = (
    AdjustmentNotFound,
    AdjustmentAlreadyDecided,
    AdjustmentAlreadyExpired,
    ResourceLocked,
    WriteConflict,
    MalformedJson,
    *_ONE,
    *STEP_UP_ERRORS,
)
# An admin limited to some operators sees the transactions that concern them. A wallet as a whole concerns no operator.
ScopedReader = Annotated[Principal, Depends(Requires(Resource.WALLET, Action.READ, scoped=True))]
Reader = Annotated[Principal, Depends(Requires(Resource.WALLET, Action.READ))]
Corrector = Annotated[Principal, Depends(Requires(Resource.WALLET, Action.EDIT, step_up=True))]


@router.get("/admin/transactions", responses=web.errors(*_LIST, *SCOPED_ERRORS))
async def staff_list_transactions(
    admin: ScopedReader,
    db: ReadingDb,
    operators: CurrentOperators,
    query: Annotated[StaffTransactionQuery, Query()],
) -> StaffTransactionPage:
    """All customers' transactions as they see them, newest first; for an admin limited to some operators, what concerns them.

    A page may hold fewer than `limit` transactions and still have a `next_cursor`: follow it until it is null.
    """
    return await history.list_all_transactions(db, admin, query, operators.names)


@router.get(
    "/admin/transactions/{user_id}/{transaction_id}",
    responses=web.errors(TransactionNotFound, *_ONE, *SCOPED_ERRORS),
)
async def staff_get_transaction(
    admin: ScopedReader, db: Db, operators: CurrentOperators, user_id: UUID, transaction_id: UUID
) -> StaffTransactionOut:
    """One transaction of a customer, as the customer sees it."""
    return await history.get_transaction_in_scope(db, admin, user_id, transaction_id, operators.names)


@router.get(
    "/admin/users/{user_id}/ledger",
    summary="The ledger of customers' money (staff)",
    responses=web.errors(WalletNotFound, *_LIST, *SCOPED_ERRORS),
)
async def staff_list_ledger(
    admin: ScopedReader, db: Db, user_id: UUID, query: Annotated[LedgerQuery, Query()]
) -> LedgerEntryPage:
    """Every movement of a customer's money as it was booked, newest first: the accounts on both sides, the code, the key.

    Holds, captures and our own commission are rows of their own here. For an admin limited to some operators, those that
    concern them. A page may hold fewer than `limit` movements and still have a `next_cursor`: follow it until it is null.
    """
    return await staff_service.list_ledger(db, admin, user_id, query)


@router.get(
    "/admin/users/{user_id}",
    summary="A customer's wallet (staff)",
    responses=web.errors(WalletNotFound, *_ONE, *ADMIN_ERRORS),
)
async def staff_get_wallet(admin: Reader, request: Request, db: Db, user_id: UUID) -> StaffWalletOut:
    """A customer's wallet, with the limits of the customer's KYC tier."""
    del admin
    return await staff_service.get_wallet(db, user_id, request.app.state.settings)


@router.get(
    "/admin/users/{user_id}/balance",
    summary="What a customer's wallet held (staff)",
    responses=web.errors(WalletNotFound, InstantInvalid, *_ONE, *ADMIN_ERRORS),
)
async def staff_get_balance(
    admin: Reader, db: Db, user_id: UUID, query: Annotated[BalanceQuery, Query()]
) -> BalanceOut:
    """What a customer's wallet held at an instant, worked out from its transactions."""
    del admin
    return await service.balance_at(db, user_id, query.at)


@router.post(
    "/admin/adjustments",
    status_code=HTTP_201_CREATED,
    response_model=AdjustmentOut,
    responses=web.errors(
        UserNotFound,
        WalletNotFound,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        ResourceLocked,
        WriteConflict,
        MalformedJson,
        *_ONE,
        *STEP_UP_ERRORS,
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def staff_request_adjustment(
    admin: Corrector, request: Request, db: Db, body: AdjustmentCreate
) -> Response:
    """Request an adjustment of a customer's balance. The money moves when a second admin approves it."""
    key = idempotency.key_of(request)
    requested = await adjustments.request(db, admin.user_id, body, key=key)
    return idempotency.reply(requested, status=HTTP_201_CREATED)


@router.get("/admin/adjustments", responses=web.errors(*_LIST, *ADMIN_ERRORS))
async def staff_list_adjustments(
    admin: Reader, db: Db, query: Annotated[AdjustmentQuery, Query()]
) -> StaffAdjustmentPage:
    """Adjustments of all customers' balances, newest first."""
    del admin
    return await adjustments.list_all(db, query)


@router.get(
    "/admin/adjustments/{user_id}/{adjustment_id}",
    responses=web.errors(AdjustmentNotFound, *_ONE, *ADMIN_ERRORS),
)
async def staff_get_adjustment(
    admin: Reader, db: Db, user_id: UUID, adjustment_id: UUID
) -> StaffAdjustmentOut:
    """One adjustment."""
    del admin
    return await adjustments.get(db, user_id, adjustment_id)


@router.post(
    "/admin/adjustments/{user_id}/{adjustment_id}/approve",
    responses=web.errors(
        SecondApproverRequired,
        UserNotFound,
        WalletNotFound,
        InsufficientBalance,
        BalanceLimitExceeded,
        *_DECIDING,
    ),
)
async def staff_approve_adjustment(
    admin: Corrector, request: Request, db: Db, user_id: UUID, adjustment_id: UUID, body: AdjustmentDecision
) -> StaffAdjustmentOut:
    """Approve another admin's request: the money moves now, once. If the wallet does not allow it, nothing changes."""
    settings = request.app.state.settings
    return await adjustments.approve(
        db, admin.user_id, user_id, adjustment_id, note=body.note, settings=settings
    )


@router.post(
    "/admin/adjustments/{user_id}/{adjustment_id}/reject",
    responses=web.errors(SecondApproverRequired, *_DECIDING),
)
async def staff_reject_adjustment(
    admin: Corrector, db: Db, user_id: UUID, adjustment_id: UUID, body: AdjustmentDecision
) -> StaffAdjustmentOut:
    """Reject another admin's request. No money moves."""
    return await adjustments.reject(db, admin.user_id, user_id, adjustment_id, note=body.note)


@router.post(
    "/admin/adjustments/{user_id}/{adjustment_id}/cancel", responses=web.errors(RequesterOnly, *_DECIDING)
)
async def staff_cancel_adjustment(
    admin: Corrector, db: Db, user_id: UUID, adjustment_id: UUID, body: AdjustmentDecision
) -> StaffAdjustmentOut:
    """Cancel my own request. No money moves."""
    return await adjustments.cancel(db, admin.user_id, user_id, adjustment_id, note=body.note)
