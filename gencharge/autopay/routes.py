"""`/autopay`: recharges that happen by themselves."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from gencharge.autopay import bill_service, service
from gencharge.autopay import reading_service as reading
from gencharge.autopay.errors import (
    AutopayAlreadyExists,
    AutopayAmountInvalid,
    AutopayDateInvalid,
    AutopayInProgress,
    AutopayIntervalInvalid,
    AutopayLimitExceeded,
    AutopayMethodInvalid,
    AutopayNotFound,
    AutopayStatusNotAllowed,
)
from gencharge.autopay.schemas import (
    AutopayAttemptPage,
    AutopayCreate,
    AutopayOut,
    AutopayPage,
    AutopayQuery,
    AutopayUpdate,
    BillAutopayCreate,
)
from gencharge.bills.errors import (
    BillCustomersExceeded,
    BillLookupsExceeded,
    BillOperatorRequired,
    BillOperatorUnavailable,
    NumberIsPrepaid,
    NumberNotOfOperator,
)
from gencharge.bills.service import BillsContext
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, Paging
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict, get_database
from gencharge.mandates.errors import MandateAmountExceeded, MandateNotActive, MandateNotFound
from gencharge.operators.errors import CircleInvalid, OperatorInvalid
from gencharge.plans.service import CurrentCatalogue
from gencharge.recharge.errors import REFUSALS, AmountInvalid, OperatorDown
from gencharge.recharge.service import Market
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.users.errors import UserAlreadyArchived, UserNotFound
from gencharge.wallet.errors import WalletNotFound

router = web.router("autopay")
_READING: Final = (*USER_ERRORS, ValidationFailed, DatabaseUnavailable)
_MANDATE: Final = (MandateNotFound, MandateNotActive, MandateAmountExceeded)
_QUOTING: Final = (*REFUSALS.values(), WalletNotFound, AutopayAmountInvalid, *_MANDATE)
_BILLS: Final = (NumberIsPrepaid, NumberNotOfOperator, BillOperatorUnavailable)
_CHANGING: Final = (
    AutopayNotFound,
    AutopayInProgress,
    AutopayStatusNotAllowed,
    ResourceLocked,
    WriteConflict,
    *_READING,
)


@router.post(
    "",
    status_code=HTTP_201_CREATED,
    summary="Set an autopay up",
    responses=web.errors(
        *_QUOTING,
        AutopayAlreadyExists,
        AutopayLimitExceeded,
        AutopayDateInvalid,
        AutopayIntervalInvalid,
        UserNotFound,
        UserAlreadyArchived,
        MalformedJson,
        ResourceLocked,
        WriteConflict,
        *_READING,
    ),
)
async def create_autopay(
    user: SignedInUser, request: Request, catalogue: CurrentCatalogue, body: AutopayCreate
) -> AutopayOut:
    """Recharge a number, mine or another's, with a plan: once on a date, or again and again.

    A day before each run I get a notice and can leave that one out (`/skip`). A run that fails is tried again three times within a day.
    """
    plan, database = catalogue.get(body.plan_id), get_database(request)
    market = await Market.of(request.app, database)
    return await service.create(database, user.user_id, body, plan, market)


@router.post(
    "/bills",
    status_code=HTTP_201_CREATED,
    summary="Set an autopay of bills up",
    responses=web.errors(
        *_BILLS,
        OperatorInvalid,
        CircleInvalid,
        OperatorDown,
        BillOperatorRequired,
        BillCustomersExceeded,
        BillLookupsExceeded,
        AutopayAmountInvalid,
        AutopayAlreadyExists,
        AutopayLimitExceeded,
        AutopayDateInvalid,
        UserNotFound,
        UserAlreadyArchived,
        MalformedJson,
        ResourceLocked,
        WriteConflict,
        *_READING,
    ),
)
async def create_bill_autopay(user: SignedInUser, request: Request, body: BillAutopayCreate) -> AutopayOut:
    """Pay the bills of a postpaid number, mine or another's, from my wallet: once on a date, or again and again.

    A day before each run the operator is asked, and I get a notice with the amount, if there is a bill already; I can leave that one out
    (`/skip`). On the due date the bill is paid in full. If nothing is due then, that one is left out, and a notice says so.
    """
    return await bill_service.create(BillsContext.of(request.app), user.user_id, body)


@router.get("", responses=web.errors(CursorInvalid, *_READING))
async def list_autopays(user: SignedInUser, db: Db, query: Annotated[AutopayQuery, Query()]) -> AutopayPage:
    """My autopays, newest first."""
    return await reading.list_autopays(db, user.user_id, query)


@router.get("/{autopay_id}", responses=web.errors(AutopayNotFound, *_READING))
async def get_autopay(user: SignedInUser, db: Db, autopay_id: UUID) -> AutopayOut:
    """One of my autopays."""
    return await reading.show(db, user.user_id, autopay_id)


@router.patch(
    "/{autopay_id}",
    summary="Change an autopay",
    responses=web.errors(
        AutopayDateInvalid,
        AutopayIntervalInvalid,
        AutopayMethodInvalid,
        AutopayAmountInvalid,
        AmountInvalid,
        MalformedJson,
        *_MANDATE,
        *_CHANGING,
    ),
)
async def update_autopay(user: SignedInUser, db: Db, autopay_id: UUID, body: AutopayUpdate) -> AutopayOut:
    """Change an autopay of mine: when it is due next, how often it runs, for which amount, how much a run may cost, what it is paid from. What is left out stays."""
    return await service.update(db, user.user_id, autopay_id, body)


@router.delete("/{autopay_id}", status_code=HTTP_204_NO_CONTENT, responses=web.errors(*_CHANGING))
async def delete_autopay(user: SignedInUser, db: Db, autopay_id: UUID) -> None:
    """End it for good. Recharges that it made stay as they are."""
    await service.remove(db, user.user_id, autopay_id)


@router.get(
    "/{autopay_id}/attempts",
    summary="What an autopay has done",
    responses=web.errors(AutopayNotFound, CursorInvalid, *_READING),
)
async def list_attempts(user: SignedInUser, db: Db, autopay_id: UUID, page: Paging) -> AutopayAttemptPage:
    """Every try, newest first, with its recharge or the reason why there is none."""
    return await reading.list_attempts(db, user.user_id, autopay_id, page)


@router.post("/{autopay_id}/pause", summary="Pause an autopay", responses=web.errors(*_CHANGING))
async def pause(user: SignedInUser, db: Db, autopay_id: UUID) -> AutopayOut:
    """Nothing is charged until I resume it."""
    return await service.pause(db, user.user_id, autopay_id)


@router.post(
    "/{autopay_id}/resume",
    summary="Resume an autopay",
    responses=web.errors(*_QUOTING, *_BILLS, *_CHANGING),
)
async def resume(user: SignedInUser, request: Request, autopay_id: UUID) -> AutopayOut:
    """If its due date has passed, it runs now; skip that one first to wait for the next."""
    database = get_database(request)
    market, bills = await Market.of(request.app, database), BillsContext.of(request.app)
    return await service.resume(database, user.user_id, autopay_id, market, bills)


@router.post("/{autopay_id}/skip", summary="Leave the next run out", responses=web.errors(*_CHANGING))
async def skip(user: SignedInUser, db: Db, autopay_id: UUID) -> AutopayOut:
    """A regular autopay goes on at the due date after it; a onetime one ends."""
    return await service.skip(db, user.user_id, autopay_id)
