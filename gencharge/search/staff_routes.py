"""`/search`: what a reference belongs to (staff)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import web
from gencharge.core.postgres.database import Db
from gencharge.search import service
from gencharge.search.staff_schemas import SearchOut
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource, allows

router = web.router("search")
Reader = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.READ, scoped=True))]
Words = Annotated[
    str,
    Query(
        min_length=3,
        max_length=80,
        description="The id of a recharge, payment, refund, payout, complaint or customer; a phone number; our reference at an operator, or theirs;"
        " the gateway's or the bank's (RRN, UTR); a receipt's or a bill's number; a customer's own reference. Whole.",
        examples=["order_IluGWxBm9U8zJ8"],
    ),
]


@router.get(
    "",
    summary="What a reference belongs to (staff)",
    responses=web.errors(ValidationFailed, DatabaseUnavailable, *SCOPED_ERRORS),
)
async def look_up(admin: Reader, request: Request, db: Db, q: Words) -> SearchOut:
    """Recharges, payments and the customer that a reference belongs to, each with the address where it is read.

    What the role may not read is not found. The last 20 recharges of a phone number.
    """

    def may_read(resource: Resource) -> bool:
        # Their own routes don't admit an admin who is limited to some operators.
        return allows(request, admin, resource, Action.READ) and not admin.operator_scope

    return await service.search(
        db,
        admin,
        q,
        with_payments=may_read(Resource.PAYMENTS),
        with_customers=may_read(Resource.USERS),
    )
