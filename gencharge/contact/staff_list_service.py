"""Enquiries as the staff see them: lists, details, figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from pymongo.asynchronous.database import AsyncDatabase
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.contact import crud, service, staff_service
from gencharge.contact.models import (
    Enquiry,
    EnquiryCategory,
    EnquiryStatus,
    open_enquiry,
    open_listed,
    open_thread,
)
from gencharge.contact.staff_schemas import (
    CategoryFigures,
    DurationFigures,
    EnquiryCounts,
    EnquiryFigures,
    EnquiryFiguresQuery,
    EnquiryFilters,
    SenderOut,
    StaffEnquiryDetail,
    StaffEnquiryOut,
    StaffEnquiryPage,
    StaffEnquiryQuery,
)
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values import clock
from gencharge.core.vault.vault import Vault
from gencharge.sessions.guards import Principal
from gencharge.users import service as users
from gencharge.users.models import UserBrief

Documents = AsyncDatabase[Document]
MAX_COUNTED: Final = 100_000
_NOT_SPAM: Final = {"$ne": EnquiryStatus.SPAM.value}


async def list_enquiries(
    db: AsyncSession, documents: Documents, vault: Vault, admin: Principal, query: StaffEnquiryQuery
) -> StaffEnquiryPage:
    """A page of enquiries within the admin's operators. Raises CursorInvalid, DocumentsUnavailable."""
    unfiltered = _conditions(admin, query)
    conditions = unfiltered | {"status": query.status.value if query.status else _NOT_SPAM}
    with answering(documents):
        read = await crud.list_enquiries(
            documents,
            conditions,
            service.after_of(query.cursor),
            query.limit + 1,
            descending=query.sort == "-created_at",
        )
        counts = await crud.count_by_status(documents, unfiltered) if query.include_total else None
    enquiries = [await open_listed(vault, document) for document in read[: query.limit]]
    customers = await users.briefs(db, (e.user_id for e in enquiries if e.user_id is not None))
    return StaffEnquiryPage(
        items=[_shown(enquiry, customers) for enquiry in enquiries],
        next_cursor=service.next_cursor(read, query.limit),
        total=None if counts is None else _total(counts, query.status),
        counts=None if counts is None else EnquiryCounts(**counts),
    )


async def detail(
    db: AsyncSession, documents: Documents, vault: Vault, admin: Principal, enquiry_id: UUID
) -> StaffEnquiryDetail:
    """An enquiry with its thread, and the customer. Raises EnquiryNotFound, DocumentsUnavailable."""
    document = await staff_service.get(documents, admin, enquiry_id)
    enquiry = await open_enquiry(vault, document)
    customers = await users.briefs(db, [enquiry.user_id]) if enquiry.user_id is not None else {}
    entries = [staff_service.entry_out(entry) for entry in await open_thread(vault, document)]
    return StaffEnquiryDetail(**vars(_shown(enquiry, customers)), entries=entries)


async def figures(documents: Documents, admin: Principal, query: EnquiryFiguresQuery) -> EnquiryFigures:
    """How many enquiries came in a period, and how long they took. Raises DocumentsUnavailable."""
    conditions = _filters(admin, query) | {"status": _NOT_SPAM}
    with answering(documents):
        rows = await crud.list_durations(documents, conditions, MAX_COUNTED)
    by_category = {
        category: [row for row in rows if row["category"] == category.value] for category in EnquiryCategory
    }
    return EnquiryFigures(
        categories=[_figures_of(category, part) for category, part in by_category.items() if part],
        first_answer_seconds=_durations(rows, "first_answer_at"),
        resolution_seconds=_durations(rows, "resolved_at"),
    )


def percentile(values: Sequence[int], share: float) -> int | None:
    """The smallest of these sorted values that is at least as large as `share` of them; None without values."""
    return values[ceil(share * len(values)) - 1] if values else None


def _figures_of(category: EnquiryCategory, rows: Sequence[Document]) -> CategoryFigures:
    statuses = [row["status"] for row in rows]
    return CategoryFigures(
        category=category,
        received=len(rows),
        open=statuses.count(EnquiryStatus.OPEN.value),
        answered=statuses.count(EnquiryStatus.ANSWERED.value),
        resolved=statuses.count(EnquiryStatus.RESOLVED.value),
        first_answer_seconds=_durations(rows, "first_answer_at"),
        resolution_seconds=_durations(rows, "resolved_at"),
    )


def _durations(rows: Iterable[Document], end: str) -> DurationFigures:
    taken = sorted(_seconds(row["created_at"], row[end]) for row in rows if row[end] is not None)
    return DurationFigures(
        count=len(taken),
        p50=percentile(taken, 0.5),
        p90=percentile(taken, 0.9),
        p99=percentile(taken, 0.99),
    )


def _seconds(begin: datetime, end: datetime) -> int:
    return round((end - begin).total_seconds())


def _filters(admin: Principal, query: EnquiryFilters) -> Document:
    conditions = staff_service.in_scope(admin)
    if query.category is not None:
        conditions["category"] = query.category.value
    period = {
        bound: instant
        for bound, instant in (("$gte", query.since), ("$lt", query.until))
        if instant is not None
    }
    return conditions | ({"created_at": period} if period else {})


def _conditions(admin: Principal, query: StaffEnquiryQuery) -> Document:
    conditions = _filters(admin, query)
    for name in ("assignee_id", "user_id", "recharge_id", "complaint_reference"):
        value = getattr(query, name)
        if value is not None:
            conditions[name] = value
    also: list[Document] = []
    if query.unassigned is not None:
        also.append({"assignee_id": None if query.unassigned else {"$ne": None}})
    if query.min_age_hours is not None:
        also.append({"created_at": {"$lte": clock.now() - timedelta(hours=query.min_age_hours)}})
    return conditions | ({"$and": also} if also else {})


def _total(counts: dict[str, int], status: EnquiryStatus | None) -> int:
    if status is not None:
        return counts.get(status.value, 0)
    return sum(count for name, count in counts.items() if name != EnquiryStatus.SPAM.value)


def _shown(enquiry: Enquiry, customers: dict[UUID, UserBrief]) -> StaffEnquiryOut:
    sender = enquiry.sender
    return StaffEnquiryOut(
        etag=enquiry.etag,
        enquiry_id=enquiry.enquiry_id,
        category=enquiry.category,
        status=enquiry.status,
        user_id=enquiry.user_id,
        user=customers.get(enquiry.user_id) if enquiry.user_id is not None else None,
        sender=SenderOut(name=sender.name, email=sender.email, phone_number=sender.phone_number),
        recharge_id=enquiry.recharge_id,
        operator=enquiry.operator,
        complaint_reference=enquiry.complaint_reference,
        assignee_id=enquiry.assignee_id,
        language=enquiry.language.value,
        excerpt=sender.excerpt,
        created_at=enquiry.created_at,
        updated_at=enquiry.updated_at,
        first_answer_at=enquiry.first_answer_at,
        resolved_at=enquiry.resolved_at,
    )
