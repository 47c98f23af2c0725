"""A customer asks for the full KYC tier; the staff look at the evidence and decide. The wallet's limits follow the tier at once.

RBI Master Direction on Prepaid Payment Instruments (2021, as amended): a small PPI needs minimum details, a full-KYC PPI an
identification of its holder.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import changes, emit
from gencharge.core.http.paging import PageParams
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.users import kyc_crud
from gencharge.users import profile_service as profile
from gencharge.users.errors import (
    KycRequestAlreadyDecided,
    KycRequestAlreadyPending,
    KycRequestNotFound,
    KycTierAlreadySet,
)
from gencharge.users.events import KycRequestDecided, KycRequested
from gencharge.users.kyc_models import KycDocument, KycRequest, KycRequestStatus
from gencharge.users.kyc_schemas import (
    KycRequestOut,
    KycRequestPage,
    KycRequestQuery,
    RequestKyc,
    StaffKycRequestOut,
    StaffKycRequestPage,
)
from gencharge.users.models import KycTier


async def request(db: AsyncSession, user_id: UUID, command: RequestKyc) -> KycRequestOut:
    """Ask for the full tier. Raises UserNotFound, UserAlreadyArchived, KycTierAlreadySet, KycRequestAlreadyPending."""
    user = await profile.lock(db, user_id)
    if user.kyc_tier == KycTier.FULL:
        raise KycTierAlreadySet
    row = await kyc_crud.add_request(
        db, user_id, new_id(), tier=KycTier.FULL.value, document=command.document.value
    )
    if row is None:
        raise KycRequestAlreadyPending
    await emit(
        db,
        KycRequested(
            user_id=str(user_id),
            kyc_request_id=str(row.kyc_request_id),
            tier=row.tier,
            document=row.document,
        ),
    )
    return _to_out(row)


async def read(db: AsyncSession, user_id: UUID, kyc_request_id: UUID) -> KycRequestOut:
    """One of the customer's requests. Raises KycRequestNotFound, also for another customer's."""
    row = await kyc_crud.get_request(db, user_id, kyc_request_id)
    if row is None:
        raise KycRequestNotFound
    return _to_out(row)


async def list_mine(db: AsyncSession, user_id: UUID, page: PageParams) -> KycRequestPage:
    """A page of the customer's requests, the newest first."""
    rows, cursor, total = await kyc_crud.list_of_user(db, user_id, page)
    return KycRequestPage(items=[_to_out(row) for row in rows], next_cursor=cursor, total=total)


async def list_for_staff(db: AsyncSession, query: KycRequestQuery) -> StaffKycRequestPage:
    """A page of all customers' requests of a status, the oldest first."""
    rows, cursor, total = await kyc_crud.list_all(db, query.status, query)
    items = [StaffKycRequestOut.model_validate(row) for row in rows]
    return StaffKycRequestPage(items=items, next_cursor=cursor, total=total)


async def decide(
    db: AsyncSession, user_id: UUID, kyc_request_id: UUID, *, approves: bool, by: UUID, note: str
) -> StaffKycRequestOut:
    """Approve a request, and set the tier in the same transaction, or reject it. `note`: the evidence, or why not.

    Raises UserNotFound, UserAlreadyArchived, KycRequestNotFound, KycRequestAlreadyDecided.
    """
    await profile.lock(db, user_id)
    row = await kyc_crud.lock_request(db, user_id, kyc_request_id)
    if row is None:
        raise KycRequestNotFound
    if row.status != KycRequestStatus.PENDING:
        raise KycRequestAlreadyDecided(request_status=row.status)
    before = row.status
    row.status = (KycRequestStatus.APPROVED if approves else KycRequestStatus.REJECTED).value
    row.decided_by, row.decided_at, row.decision_note = by, clock.now(), note
    await db.flush()
    if approves:
        await profile.set_kyc_tier(db, user_id, KycTier(row.tier), reason=note)
    await emit(
        db,
        KycRequestDecided(
            user_id=str(user_id),
            kyc_request_id=str(kyc_request_id),
            status=row.status,
            tier=row.tier,
            document=row.document,
            reason=note,
            changes=changes({"status": before}, {"status": row.status}),
        ),
    )
    return StaffKycRequestOut.model_validate(row)


def _to_out(row: KycRequest) -> KycRequestOut:
    # The evidence is for the staff.
    rejected = row.status == KycRequestStatus.REJECTED
    return KycRequestOut(
        kyc_request_id=row.kyc_request_id,
        tier=KycTier(row.tier),
        document=KycDocument(row.document),
        status=KycRequestStatus(row.status),
        created_at=row.created_at,
        decided_at=row.decided_at,
        rejection_reason=row.decision_note if rejected else None,
    )
