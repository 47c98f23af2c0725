"""`/users`: what the staff does with customers' accounts. About all operators, so not for admins limited to some."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.approvals.service import WAITING, ApprovalOut, waiting
from gencharge.core.errors import (
    DatabaseUnavailable,
    DocumentsUnavailable,
    MalformedJson,
    ValidationFailed,
)
from gencharge.core.http import web
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.core.rooms.personal_data import parts_of
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.directory.errors import EmailAlreadyExists, PhoneNumberAlreadyExists
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import ADMIN_ERRORS, STEP_UP_ERRORS, Action, Principal, Requires, Resource
from gencharge.users import contact_service as contacts
from gencharge.users import export_service as exports
from gencharge.users import lifecycle_service as lifecycle
from gencharge.users import profile_service as profile
from gencharge.users import staff_service
from gencharge.users.errors import (
    PlanTypeMismatch,
    SortInvalid,
    UserAlreadyArchived,
    UserNotActive,
    UserNotBlocked,
    UserNotDeactivated,
    UserNotFound,
    UserTypeAlreadySet,
    WalletHasHolds,
    WalletNotEmpty,
)
from gencharge.users.models import KycTier, User, UserType
from gencharge.users.routes import EXPORTED, attachment
from gencharge.users.schemas import ChangeUserStatus, Reason, SwitchType
from gencharge.users.staff_schemas import (
    ArchivedUserOut,
    ChangeKycTier,
    PresentUserQuery,
    ReplaceUserEmail,
    ReplaceUserPhoneNumber,
    StaffUserDetail,
    StaffUserOut,
    UserQuery,
    UserUpdate,
)

router = web.router("users")
Reader = Annotated[Principal, Depends(Requires(Resource.USERS, Action.READ))]
Editor = Annotated[Principal, Depends(Requires(Resource.USERS, Action.EDIT))]
SteppedUpEditor = Annotated[Principal, Depends(Requires(Resource.USERS, Action.EDIT, step_up=True))]
# The tier decides what a wallet may hold, so it takes the wallets' permission.
WalletEditor = Annotated[Principal, Depends(Requires(Resource.WALLET, Action.EDIT, step_up=True))]
Deleter = Annotated[Principal, Depends(Requires(Resource.USERS, Action.DELETE, step_up=True))]
_READING: Final = (*ADMIN_ERRORS, DatabaseUnavailable, ValidationFailed)
_CHANGING: Final = (*_READING, MalformedJson, UserNotFound, ResourceChanged)


@router.get(
    "",
    response_model=Page[StaffUserOut],
    responses=errors(*_READING, CursorInvalid, SortInvalid),
)
async def list_users(
    db: Db, admin: Reader, query: Annotated[PresentUserQuery, Query()]
) -> Page[StaffUserOut]:
    """Customers, without the archived ones."""
    rows, cursor = await staff_service.list_present(db, query)
    return Page(items=[StaffUserOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.get(
    "/archived",
    response_model=Page[ArchivedUserOut],
    responses=errors(*_READING, CursorInvalid, SortInvalid),
)
async def list_archived_users(
    db: Db, admin: Reader, query: Annotated[UserQuery, Query()]
) -> Page[ArchivedUserOut]:
    """Customers whose accounts were closed: when, by whom and why."""
    rows, cursor = await staff_service.list_archived(db, query)
    return Page(items=[_archived_to_out(row) for row in rows], next_cursor=cursor)


@router.get(
    "/{user_id}",
    summary="One customer (staff)",
    response_model=StaffUserDetail,
    responses=errors(*_READING, UserNotFound),
)
async def get_user(db: Db, admin: Reader, request: Request, user_id: UUID) -> StaffUserDetail:
    """A customer, archived or not, with what each room holds about them."""
    user = await profile.find(db, user_id)
    rooms = {
        part.name: await part.overview(db, user_id) for part in parts_of(request) if part.overview is not None
    }
    return StaffUserDetail(**dict(StaffUserOut.model_validate(user)), erased_at=user.erased_at, rooms=rooms)


@router.patch(
    "/{user_id}",
    response_model=StaffUserOut,
    responses=errors(*_CHANGING, UserAlreadyArchived),
)
async def update_user(
    db: Db, admin: Editor, user_id: UUID, body: UserUpdate, if_match: IfMatch = None
) -> StaffUserOut:
    """Change a customer's name."""
    return _to_out(await profile.update(db, user_id, name=body.name, if_match=if_match))


@router.put(
    "/{user_id}/email",
    summary="Set a customer's e-mail address (staff)",
    response_model=StaffUserOut,
    responses=WAITING
    | errors(*_CHANGING, StepUpRequired, EmailAlreadyExists, UserAlreadyArchived, ApprovalAlreadyPending),
)
async def replace_email(
    db: Db, admin: SteppedUpEditor, user_id: UUID, body: ReplaceUserEmail, if_match: IfMatch = None
) -> StaffUserOut | Response:
    """Set a customer's e-mail address. It takes a second admin (202), because sign-in codes may go there. Then the old
    address is told, and no code goes to the new one for a day. Needs step-up."""
    answer = await contacts.request_email(
        db, admin.user_id, user_id, body.email, reason=body.reason, if_match=if_match
    )
    return waiting(answer) if isinstance(answer, ApprovalOut) else _to_out(answer)


@router.put(
    "/{user_id}/phone-number",
    summary="Change a customer's phone number (staff)",
    response_model=StaffUserOut,
    responses=WAITING
    | errors(
        *_CHANGING,
        StepUpRequired,
        PhoneNumberAlreadyExists,
        UserAlreadyArchived,
        UserNotActive,
        ApprovalAlreadyPending,
    ),
)
async def replace_phone_number(
    db: Db, admin: SteppedUpEditor, user_id: UUID, body: ReplaceUserPhoneNumber, if_match: IfMatch = None
) -> StaffUserOut | Response:
    """Give a customer who lost the old number another one. It takes a second admin (202), because sign-in codes go
    there. Then the customer's sessions end, and both numbers are told. Needs step-up."""
    answer = await contacts.request_phone_number(
        db, admin.user_id, user_id, body.phone_number, reason=body.reason, if_match=if_match
    )
    return waiting(answer) if isinstance(answer, ApprovalOut) else _to_out(answer)


@router.delete(
    "/{user_id}",
    status_code=204,
    responses=errors(
        *_READING, StepUpRequired, UserNotFound, UserAlreadyArchived, WalletNotEmpty, WalletHasHolds
    ),
)
async def archive_user(
    db: Db,
    admin: Deleter,
    request: Request,
    user_id: UUID,
    payout: Annotated[bool, Query(description="Pay the rest of the balance out.")] = False,
    reason: Annotated[Reason, Query()] = "closed by the staff",
) -> None:
    """Close a customer's account for good. Number and address are free at once; the ledger stays. Needs step-up."""
    await lifecycle.archive(
        db,
        parts_of(request),
        user_id,
        by=admin.user_id,
        reason=reason,
        payout=payout,
        keep_days=request.app.state.settings.erasure_after_days,
    )


@router.post("/{user_id}/block", response_model=StaffUserOut, responses=errors(*_CHANGING, UserNotActive))
async def block_user(
    db: Db, admin: Editor, user_id: UUID, body: ChangeUserStatus, if_match: IfMatch = None
) -> StaffUserOut:
    """Block an active customer: all of their tokens are refused within a second."""
    return _to_out(
        await lifecycle.block(db, user_id, by=admin.user_id, reason=body.reason, if_match=if_match)
    )


@router.post("/{user_id}/unblock", response_model=StaffUserOut, responses=errors(*_CHANGING, UserNotBlocked))
async def unblock_user(
    db: Db, admin: Editor, user_id: UUID, body: ChangeUserStatus, if_match: IfMatch = None
) -> StaffUserOut:
    """Unblock a customer; they have to sign in again."""
    return _to_out(
        await lifecycle.unblock(db, user_id, by=admin.user_id, reason=body.reason, if_match=if_match)
    )


@router.post(
    "/{user_id}/deactivate",
    summary="Deactivate an account (staff)",
    response_model=StaffUserOut,
    responses=errors(*_CHANGING, UserNotActive),
)
async def deactivate_user(
    db: Db, admin: Editor, user_id: UUID, body: ChangeUserStatus, if_match: IfMatch = None
) -> StaffUserOut:
    """Deactivate an active customer's account until they sign in again."""
    return _to_out(
        await lifecycle.deactivate(db, user_id, by=admin.user_id, reason=body.reason, if_match=if_match)
    )


@router.post(
    "/{user_id}/reactivate", response_model=StaffUserOut, responses=errors(*_CHANGING, UserNotDeactivated)
)
async def reactivate_user(
    db: Db, admin: Editor, user_id: UUID, body: ChangeUserStatus, if_match: IfMatch = None
) -> StaffUserOut:
    """Bring a deactivated customer's account back."""
    return _to_out(
        await lifecycle.reactivate(db, user_id, by=admin.user_id, reason=body.reason, if_match=if_match)
    )


@router.post(
    "/{user_id}/switch-type",
    summary="Say whether a customer's number is prepaid (staff)",
    response_model=StaffUserOut,
    responses=errors(*_CHANGING, UserAlreadyArchived, UserTypeAlreadySet, PlanTypeMismatch),
)
async def switch_type(
    db: Db, admin: Editor, request: Request, user_id: UUID, body: SwitchType, if_match: IfMatch = None
) -> StaffUserOut:
    """Say that a customer's own number is prepaid, or postpaid, from now on."""
    return _to_out(
        await profile.switch_type(db, parts_of(request), user_id, body.user_type, if_match=if_match)
    )


@router.put(
    "/{user_id}/kyc-tier",
    summary="Set a customer's KYC tier (staff)",
    response_model=StaffUserOut,
    responses=errors(
        *STEP_UP_ERRORS,
        DatabaseUnavailable,
        MalformedJson,
        ValidationFailed,
        UserNotFound,
        ResourceChanged,
        UserAlreadyArchived,
    ),
)
async def change_kyc_tier(
    db: Db, admin: WalletEditor, user_id: UUID, body: ChangeKycTier, if_match: IfMatch = None
) -> StaffUserOut:
    """Set a customer's KYC tier, which decides what the wallet may hold. Needs step-up."""
    return _to_out(await profile.set_kyc_tier(db, user_id, body.tier, reason=body.reason, if_match=if_match))


@router.get(
    "/{user_id}/export",
    response_class=StreamingResponse,
    dependencies=[Depends(Requires(Resource.PERSONAL_DATA, Action.READ))],
    responses=EXPORTED | errors(*_READING, StepUpRequired, UserNotFound, DocumentsUnavailable),
)
async def export_user(request: Request, admin: SteppedUpEditor, user_id: UUID) -> StreamingResponse:
    """All data about a customer, for one who can't fetch it. Needs step-up and `PersonalData:read`; the audit trail records
    it."""
    return attachment(await exports.export(request.app.state.stores, parts_of(request), user_id))


def _to_out(user: User) -> StaffUserOut:
    return StaffUserOut.model_validate(user)


def _archived_to_out(user: User) -> ArchivedUserOut:
    return ArchivedUserOut(
        user_id=user.user_id,
        phone_number=user.phone_number,
        name=user.name,
        email=user.email,
        user_type=UserType(user.user_type),
        kyc_tier=KycTier(user.kyc_tier),
        created_at=user.created_at,
        archived_at=user.status_since or user.updated_at,
        archived_by=user.status_by or SYSTEM_USER_ID,
        reason=user.status_reason,
        erased_at=user.erased_at,
    )
