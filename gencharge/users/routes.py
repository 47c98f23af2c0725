"""`/users/me`: what a customer does with their own account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from gencharge.core.errors import (
    DatabaseUnavailable,
    DocumentsUnavailable,
    MalformedJson,
    ValidationFailed,
)
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, Page, Paging
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.core.rooms.personal_data import parts_of
from gencharge.core.settings import Settings
from gencharge.operators.errors import CircleInvalid, OperatorInvalid
from gencharge.operators.service import CurrentOperators
from gencharge.sessions import service as sessions
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.users import export_service as exports
from gencharge.users import lifecycle_service as lifecycle
from gencharge.users import numbers_service as numbers
from gencharge.users import profile_service as profile
from gencharge.users import service
from gencharge.users.errors import (
    FreshSignInRequired,
    PlanTypeMismatch,
    SavedNumberAlreadyExists,
    SavedNumberLimitExceeded,
    SavedNumberNotFound,
    UserAlreadyArchived,
    UserNotActive,
    UserNotFound,
    UserTypeAlreadySet,
    WalletHasHolds,
    WalletNotEmpty,
)
from gencharge.users.schemas import (
    ChangeUserStatus,
    PreferencesOut,
    ProfileUpdate,
    ReplacePreferences,
    SavedNumberOut,
    SavedNumberUpdate,
    SaveNumber,
    SwitchType,
    UserOut,
)

router = web.router("users")
EXPORTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A JSON document with one member for each part of the service.",
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {"profile": {"name": "Asha Rao", "phone_number": "+919876543210"}, "recharge": []},
            }
        },
    }
}
_READING: Final = (*USER_ERRORS, DatabaseUnavailable)
_CHANGING: Final = (*_READING, MalformedJson, ValidationFailed, UserNotFound, UserAlreadyArchived)


@router.get("/me", response_model=UserOut, responses=errors(*_READING, UserNotFound))
async def get_me(db: Db, principal: SignedInUser) -> UserOut:
    """Who I am."""
    return UserOut.model_validate(await service.get(db, principal.user_id))


@router.patch("/me", response_model=UserOut, responses=errors(*_CHANGING))
async def update_me(db: Db, principal: SignedInUser, body: ProfileUpdate) -> UserOut:
    """Change my name, or the language of my notices."""
    user = await profile.update(db, principal.user_id, name=body.name, language=body.language)
    return UserOut.model_validate(user)


@router.delete(
    "/me",
    status_code=204,
    responses=errors(
        *_READING,
        ValidationFailed,
        UserNotFound,
        UserAlreadyArchived,
        FreshSignInRequired,
        WalletNotEmpty,
        WalletHasHolds,
    ),
)
async def delete_me(
    db: Db,
    principal: SignedInUser,
    request: Request,
    payout: Annotated[bool, Query(description="Pay the rest of the balance out.")] = False,
) -> None:
    """Close my account for good. My number and address are free at once; what is known of me is erased later.

    Needs a session that began with a code within the last STEP_UP_MINUTES: an unattended phone must not be
    enough (OWASP ASVS 7.5.1).
    """
    settings: Settings = request.app.state.settings
    if not await sessions.is_fresh(
        db, principal.user_id, principal.session_id, minutes=settings.step_up_minutes
    ):
        raise FreshSignInRequired
    await lifecycle.archive(
        db,
        parts_of(request),
        principal.user_id,
        by=principal.user_id,
        reason="closed by the owner",
        payout=payout,
        keep_days=settings.erasure_after_days,
    )


@router.post(
    "/me/switch-type",
    summary="Say whether my number is prepaid",
    response_model=UserOut,
    responses=errors(*_CHANGING, UserTypeAlreadySet, PlanTypeMismatch),
)
async def switch_my_type(db: Db, principal: SignedInUser, request: Request, body: SwitchType) -> UserOut:
    """Say that my own number is prepaid, or postpaid, from now on."""
    return UserOut.model_validate(
        await profile.switch_type(db, parts_of(request), principal.user_id, body.user_type)
    )


@router.post(
    "/me/deactivate",
    status_code=204,
    responses=errors(*_READING, MalformedJson, ValidationFailed, UserNotFound, UserNotActive),
)
async def deactivate_me(db: Db, principal: SignedInUser, body: ChangeUserStatus) -> None:
    """Leave for a while: signs me out everywhere. Signing in again brings the account back."""
    await lifecycle.deactivate(db, principal.user_id, by=principal.user_id, reason=body.reason)


@router.get(
    "/me/preferences",
    summary="What I want to hear of",
    response_model=PreferencesOut,
    responses=errors(*_READING),
)
async def get_my_preferences(db: Db, principal: SignedInUser) -> PreferencesOut:
    """Which messages I want, and what may be done with my data."""
    return await _preferences(db, principal.user_id)


@router.put("/me/preferences", response_model=PreferencesOut, responses=errors(*_CHANGING))
async def replace_my_preferences(db: Db, principal: SignedInUser, body: ReplacePreferences) -> PreferencesOut:
    """Set all eight switches."""
    await profile.change_preferences(db, principal.user_id, body.model_dump())
    return await _preferences(db, principal.user_id)


async def _preferences(db: Db, user_id: UUID) -> PreferencesOut:
    switches, changed_at = await profile.preferences_with_instant(db, user_id)
    return PreferencesOut(**switches, updated_at=changed_at)


@router.get(
    "/me/export",
    response_class=StreamingResponse,
    responses=EXPORTED | errors(*_READING, UserNotFound, DocumentsUnavailable),
)
async def export_me(request: Request, principal: SignedInUser) -> StreamingResponse:
    """All that is held about me, as one JSON document."""
    return attachment(await exports.export(request.app.state.stores, parts_of(request), principal.user_id))


def attachment(chunks: AsyncIterator[bytes]) -> StreamingResponse:
    """A JSON document to be saved as a file, and kept by no cache."""
    headers = {
        "Content-Disposition": 'attachment; filename="gencharge-data.json"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(chunks, media_type="application/json", headers=headers)


@router.get(
    "/me/numbers",
    response_model=Page[SavedNumberOut],
    responses=errors(*_READING, ValidationFailed, CursorInvalid),
)
async def list_numbers(db: Db, principal: SignedInUser, page: Paging) -> Page[SavedNumberOut]:
    """My saved numbers, the newest first."""
    rows, cursor, total = await numbers.list_saved(db, principal.user_id, page)
    return Page(items=rows, next_cursor=cursor, total=total)


@router.post(
    "/me/numbers",
    status_code=201,
    response_model=SavedNumberOut,
    responses=errors(
        *_CHANGING, SavedNumberAlreadyExists, SavedNumberLimitExceeded, OperatorInvalid, CircleInvalid
    ),
)
async def save_number(
    db: Db, principal: SignedInUser, directory: CurrentOperators, body: SaveNumber
) -> SavedNumberOut:
    """Keep a number under a nickname. Its operator, circle and type count for my recharges of it from now on."""
    operator, circle = directory.check(body.operator, body.circle)
    return await numbers.save(
        db,
        principal.user_id,
        phone_number=body.phone_number,
        nickname=body.nickname,
        operator=operator,
        circle=circle,
        service_type=body.service_type.value,
    )


@router.get(
    "/me/numbers/{number_id}",
    response_model=SavedNumberOut,
    responses=errors(*_READING, ValidationFailed, SavedNumberNotFound),
)
async def get_number(db: Db, principal: SignedInUser, number_id: UUID) -> SavedNumberOut:
    """One of my saved numbers."""
    return await numbers.get(db, principal.user_id, number_id)


@router.patch(
    "/me/numbers/{number_id}",
    response_model=SavedNumberOut,
    responses=errors(*_CHANGING, SavedNumberNotFound, OperatorInvalid, CircleInvalid),
)
async def update_number(
    db: Db, principal: SignedInUser, directory: CurrentOperators, number_id: UUID, body: SavedNumberUpdate
) -> SavedNumberOut:
    """Change what I keep about a number. The number itself stays: remove it, and save the other one."""
    values = body.model_dump(exclude_unset=True, mode="json")
    if "operator" in values or values.get("circle") is not None:
        current_operator = (
            values.get("operator") or (await numbers.get(db, principal.user_id, number_id)).operator
        )
        checked = dict(
            zip(("operator", "circle"), directory.check(current_operator, values.get("circle")), strict=True)
        )
        values |= {name: code for name, code in checked.items() if name in values}
    return await numbers.edit(db, principal.user_id, number_id, values)


@router.delete(
    "/me/numbers/{number_id}",
    status_code=204,
    responses=errors(*_READING, ValidationFailed, SavedNumberNotFound),
)
async def delete_number(db: Db, principal: SignedInUser, number_id: UUID) -> None:
    """Forget a saved number."""
    await numbers.remove(db, principal.user_id, number_id)
