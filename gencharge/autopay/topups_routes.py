"""`/autopay/topup`: the wallet filled up by a mandate when it runs low."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query

from gencharge.autopay import topups_service as service
from gencharge.autopay.errors import AutoTopupInProgress, AutoTopupNotFound, AutoTopupStatusNotAllowed
from gencharge.autopay.topups_schemas import (
    AutoTopupChargePage,
    AutoTopupOut,
    AutoTopupSet,
    StaffAutoTopupPage,
    StaffAutoTopupQuery,
)
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, Paging
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict
from gencharge.mandates.errors import MandateAmountExceeded, MandateNotActive, MandateNotFound
from gencharge.sessions.guards import (
    ADMIN_ERRORS,
    USER_ERRORS,
    Action,
    Principal,
    Requires,
    Resource,
    SignedInUser,
)
from gencharge.users.errors import UserAlreadyArchived, UserNotFound

router = web.router("autopay")
Reader = Annotated[Principal, Depends(Requires(Resource.AUTOPAY, Action.READ))]
_READING: Final = (*USER_ERRORS, ValidationFailed, DatabaseUnavailable)
_MANDATE: Final = (MandateNotFound, MandateNotActive, MandateAmountExceeded)
_CHANGING: Final = (
    AutoTopupNotFound,
    AutoTopupInProgress,
    AutoTopupStatusNotAllowed,
    ResourceLocked,
    WriteConflict,
    *_READING,
)


@router.put(
    "/topup",
    summary="Fill my wallet up when it runs low",
    responses=web.errors(
        *_MANDATE,
        AutoTopupInProgress,
        UserNotFound,
        UserAlreadyArchived,
        MalformedJson,
        ResourceLocked,
        WriteConflict,
        *_READING,
    ),
)
async def change_auto_topup(user: SignedInUser, db: Db, body: AutoTopupSet) -> AutoTopupOut:
    """If my wallet holds less than `threshold`, I get a notice, and a day later `amount` is charged to the mandate, unless I leave
    that out (`/skip`) or the wallet has been filled by then. Once for each time that it runs low.
    """
    return await service.put(db, user.user_id, body)


@router.get("/topup", summary="My automatic top-up", responses=web.errors(AutoTopupNotFound, *_READING))
async def get_auto_topup(user: SignedInUser, db: Db) -> AutoTopupOut:
    """What is set, and the charge that is announced."""
    return await service.show(db, user.user_id)


@router.post("/topup/pause", summary="Pause my automatic top-up", responses=web.errors(*_CHANGING))
async def pause_auto_topup(user: SignedInUser, db: Db) -> AutoTopupOut:
    """Nothing is charged until I resume it."""
    return await service.pause(db, user.user_id)


@router.post(
    "/topup/resume", summary="Resume my automatic top-up", responses=web.errors(*_MANDATE, *_CHANGING)
)
async def resume_auto_topup(user: SignedInUser, db: Db) -> AutoTopupOut:
    """It goes on; a charge is announced a day before as ever."""
    return await service.resume(db, user.user_id)


@router.post("/topup/skip", summary="Leave the announced top-up out", responses=web.errors(*_CHANGING))
async def skip_auto_topup(user: SignedInUser, db: Db) -> AutoTopupOut:
    """The next one comes when the wallet has been filled and runs low again."""
    return await service.skip(db, user.user_id)


@router.get(
    "/topup/charges",
    summary="What my automatic top-up has done",
    responses=web.errors(CursorInvalid, *_READING),
)
async def list_auto_topup_charges(user: SignedInUser, db: Db, page: Paging) -> AutoTopupChargePage:
    """Every charge, newest first, with its payment or the reason why it failed."""
    return await service.list_charges(db, user.user_id, page)


@router.get(
    "/admin/topups",
    summary="All customers' automatic top-ups (staff)",
    responses=web.errors(CursorInvalid, ValidationFailed, DatabaseUnavailable, *ADMIN_ERRORS),
)
async def staff_list_auto_topups(
    _admin: Reader, db: Db, query: Annotated[StaffAutoTopupQuery, Query()]
) -> StaffAutoTopupPage:
    """Newest first. A page may hold fewer than `limit` and still have a next one."""
    return await service.list_all(db, query)
