"""`/payouts/payee`: where I want the money that is left when I close my account."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.postgres.database import Db
from gencharge.payouts import service
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.errors import (
    PayeeChecksExceeded,
    PayeeInvalid,
    PayeeNotFound,
    PayeeNotVerified,
    PayoutsUnavailable,
)
from gencharge.payouts.schemas import PayeeOut, PayeeUpdate
from gencharge.sessions import service as sessions
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.users.errors import FreshSignInRequired

router = web.router("payouts")
Context = Annotated[PayoutContext, Depends(PayoutContext.get)]
_ALWAYS: Final = (*USER_ERRORS, ValidationFailed, DatabaseUnavailable)


@router.put(
    "/payee",
    summary="Say where money is paid out",
    responses=web.errors(
        FreshSignInRequired,
        PayeeInvalid,
        PayeeNotVerified,
        PayeeChecksExceeded,
        PayoutsUnavailable,
        MalformedJson,
        *_ALWAYS,
    ),
)
async def replace_payee(
    user: SignedInUser, request: Request, context: Context, body: PayeeUpdate
) -> PayeeOut:
    """A UPI id or a bank account, which the bank is asked about now. `DELETE /users/me?payout=true` sends the rest of the balance there.

    Only the gateway keeps the number. Needs a session that began with a code within the last STEP_UP_MINUTES.
    """
    minutes = request.app.state.settings.step_up_minutes
    if not await context.database.run(
        lambda db: sessions.is_fresh(db, user.user_id, user.session_id, minutes=minutes)
    ):
        raise FreshSignInRequired
    return await service.set_payee(context, user.user_id, body)


@router.get("/payee", summary="Where money is paid out", responses=web.errors(PayeeNotFound, *_ALWAYS))
async def get_payee(user: SignedInUser, db: Db) -> PayeeOut:
    """Where I want the rest of my balance, as the bank knows it."""
    return await service.show_payee(db, user.user_id)


@router.delete(
    "/payee", summary="Take the payee away", status_code=204, responses=web.errors(PayeeNotFound, *_ALWAYS)
)
async def delete_payee(user: SignedInUser, db: Db) -> None:
    """Forget where money is paid out."""
    await service.remove_payee(db, user.user_id)
