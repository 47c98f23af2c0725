"""SQL of requests for a higher KYC tier. Decides nothing."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, PageParams, column_of, fetch_page
from gencharge.users.kyc_models import KycRequest, KycRequestStatus

_NEWEST = Order(column_of(KycRequest.created_at), column_of(KycRequest.kyc_request_id))
_OLDEST = Order(column_of(KycRequest.created_at), column_of(KycRequest.kyc_request_id), descending=False)


async def add_request(
    db: AsyncSession, user_id: UUID, kyc_request_id: UUID, *, tier: str, document: str
) -> KycRequest | None:
    """Write a request down; None if one of the customer's is pending."""
    values = {"user_id": user_id, "kyc_request_id": kyc_request_id, "tier": tier, "document": document}
    statement = insert(KycRequest).values(**values).on_conflict_do_nothing().returning(KycRequest)
    return (await db.scalars(statement)).one_or_none()


async def get_request(db: AsyncSession, user_id: UUID, kyc_request_id: UUID) -> KycRequest | None:
    """One request of a customer."""
    return await db.get(KycRequest, (user_id, kyc_request_id))


async def lock_request(db: AsyncSession, user_id: UUID, kyc_request_id: UUID) -> KycRequest | None:
    """One request of a customer, locked to the end of the transaction."""
    query = select(KycRequest).where(
        KycRequest.user_id == user_id, KycRequest.kyc_request_id == kyc_request_id
    )
    query = query.with_for_update().execution_options(populate_existing=True)
    return (await db.scalars(query)).one_or_none()


async def list_of_user(
    db: AsyncSession, user_id: UUID, page: PageParams
) -> tuple[list[KycRequest], str | None, int | None]:
    """A page of a customer's requests, the newest first."""
    return await fetch_page(db, select(KycRequest).where(KycRequest.user_id == user_id), _NEWEST, page)


async def list_all(
    db: AsyncSession, status: KycRequestStatus, page: PageParams
) -> tuple[list[KycRequest], str | None, int | None]:
    """A page of all customers' requests of a status, the oldest first."""
    return await fetch_page(db, select(KycRequest).where(KycRequest.status == status.value), _OLDEST, page)
