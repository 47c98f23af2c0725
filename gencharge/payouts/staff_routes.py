"""`/payouts/admin`: what was left in the wallets of closed accounts (staff)."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Response

from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.approvals.service import WAITING, ApprovalOut, waiting
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db
from gencharge.payouts import staff_service
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.errors import (
    PayeeChecksExceeded,
    PayeeInvalid,
    PayeeNotVerified,
    PayoutNotAllowed,
    PayoutNotFound,
    PayoutsUnavailable,
)
from gencharge.payouts.staff_schemas import (
    SendPayout,
    SettlePayout,
    StaffPayoutOut,
    StaffPayoutPage,
    StaffPayoutQuery,
)
from gencharge.sessions.guards import ADMIN_ERRORS, STEP_UP_ERRORS, Action, Principal, Requires, Resource

router = web.router("payouts")
Context = Annotated[PayoutContext, Depends(PayoutContext.get)]
# A balance is of no operator, so an admin who is limited to some sees none.
Reader = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.READ))]
Payer = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.EDIT, step_up=True))]
_ACTING: Final = (PayoutNotFound, PayoutNotAllowed, MalformedJson, ValidationFailed, DatabaseUnavailable)


@router.get(
    "/admin", responses=web.errors(CursorInvalid, ValidationFailed, DatabaseUnavailable, *ADMIN_ERRORS)
)
async def staff_list_payouts(
    _admin: Reader, db: Db, query: Annotated[StaffPayoutQuery, Query()]
) -> StaffPayoutPage:
    """Payouts of all accounts that were closed, newest first. A page may hold fewer than `limit` and still have a next one."""
    return await staff_service.list_payouts(db, query)


@router.put(
    "/admin/{user_id}/{payout_id}/payee",
    summary="Say where a payout goes (staff)",
    responses=web.errors(
        PayeeInvalid,
        PayeeNotVerified,
        PayeeChecksExceeded,
        PayoutsUnavailable,
        ApprovalAlreadyPending,
        *_ACTING,
        *STEP_UP_ERRORS,
    )
    | WAITING,
    response_model=StaffPayoutOut,
)
async def staff_assign_payout(
    admin: Payer, context: Context, user_id: UUID, payout_id: UUID, body: SendPayout
) -> StaffPayoutOut | Response:
    """Send a payout that needs a payee; the bank is asked about it first. Above REFUND_ALONE_LIMIT a second admin must approve: 202. Needs step-up."""
    sent = await staff_service.send(context, admin.user_id, user_id, payout_id, body)
    return waiting(sent) if isinstance(sent, ApprovalOut) else sent


@router.post(
    "/admin/{user_id}/{payout_id}/settle",
    summary="Give the proof of a payout (staff)",
    responses=web.errors(ApprovalAlreadyPending, *_ACTING, *STEP_UP_ERRORS) | WAITING,
    response_model=StaffPayoutOut,
)
async def staff_settle_payout(
    admin: Payer, db: Db, context: Context, user_id: UUID, payout_id: UUID, body: SettlePayout
) -> StaffPayoutOut | Response:
    """Write down the bank's reference of a payout that was made by hand. Only one that needs a payee. Above REFUND_ALONE_LIMIT a second admin must
    approve: 202. Needs step-up."""
    limit = context.settings.refund_alone_limit
    settled = await staff_service.settle(db, admin.user_id, user_id, payout_id, body, alone_limit=limit)
    return waiting(settled) if isinstance(settled, ApprovalOut) else settled
