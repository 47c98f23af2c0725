"""What other rooms do with approvals: have an act wait for a second admin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict
from uuid import UUID

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.status import HTTP_202_ACCEPTED

from gencharge.approvals import crud
from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.approvals.events import ApprovalExpired, ApprovalRequested
from gencharge.approvals.models import Approval, ApprovalStatus
from gencharge.approvals.staff_schemas import ApprovalOut
from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.events.events import changes, emit
from gencharge.core.http import language
from gencharge.core.http.idempotency import Answered
from gencharge.core.http.web import reply
from gencharge.core.rooms.acts import Act
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.language import Language
from gencharge.core.wording import as_stored, in_language, read_back

# For the rooms above that answer with a request.
__all__ = ["WAITING", "ApprovalOut", "Proposal", "refuse_beside", "request", "waiting"]
# How long a request waits for a second admin.
EXPIRES_AFTER: Final = timedelta(days=7)
# What a route documents that answers 202 with the request.
WAITING: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": ApprovalOut, "description": "A second admin must approve it (`/v1/approvals`)."}
}
_UNDECIDED: Final = {
    "status": ApprovalStatus.PENDING,
    "decided_by": None,
    "decided_at": None,
    "decision_note": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What one admin asks for: `payload` is what `act.run` gets, the rest is for the admin who decides."""

    act: Act
    target: str
    # A `Worded` one is read in each admin's own language.
    summary: str
    reason: str
    payload: Mapping[str, Any]
    operator: str | None = None
    # Of a request that takes an Idempotency-Key.
    key: str | None = None
    request_hash: bytes | None = None


async def request(db: AsyncSession, admin_id: UUID, proposal: Proposal) -> Answered[ApprovalOut]:
    """Have an act wait for a second admin, once for each key of this admin; without a key, once while it waits.

    Raises IdempotencyKeyReused, and ApprovalAlreadyPending if another request for the target is pending.
    """
    now = clock.now()
    values: dict[str, Any] = {
        "approval_id": new_id(),
        "act": proposal.act.name,
        "target": proposal.target,
        "summary": in_language(proposal.summary, Language.ENGLISH),
        "wording": as_stored(proposal.summary),
        "reason": proposal.reason,
        "operator": proposal.operator,
        "payload": dict(proposal.payload),
        "requested_by": admin_id,
        "idempotency_key": _scoped(proposal),
        "request_hash": proposal.request_hash,
        "requested_at": now,
        "expires_at": now + EXPIRES_AFTER,
        "status": ApprovalStatus.PENDING.value,
    }
    approval = await crud.add(db, **values)
    if approval is None and await _expire(db, proposal, now):
        approval = await crud.add(db, **values)
    if approval is None:
        return Answered(await _replay(db, admin_id, proposal), replayed=True)
    await emit(
        db,
        ApprovalRequested(
            user_id=str(SYSTEM_USER_ID),
            approval_id=str(approval.approval_id),
            act=approval.act,
            target=approval.target,
            summary=approval.summary,
            reason=approval.reason,
            operator=approval.operator,
            permission=proposal.act.permission,
            changes={"status": {"old": None, "new": approval.status}},
        ),
    )
    return Answered(to_out(approval))


async def refuse_beside(db: AsyncSession, act: Act, target: str) -> None:
    """Of two acts that exclude each other, the other one must not wait. The caller holds the target. Raises ApprovalAlreadyPending."""
    if await crud.is_pending(db, act=act.name, target=target, now=clock.now()):
        raise ApprovalAlreadyPending


async def _expire(db: AsyncSession, proposal: Proposal, now: datetime) -> bool:
    """Close an expired request that is in the way, as the job would have done within a minute."""
    overdue = await crud.expire_overdue(db, act=proposal.act.name, target=proposal.target, now=now)
    if overdue is not None:
        await emit(db, ApprovalExpired(**event_fields(overdue)))
    return overdue is not None


async def _replay(db: AsyncSession, admin_id: UUID, proposal: Proposal) -> ApprovalOut:
    """The first answer again, whatever was decided since."""
    key = _scoped(proposal)
    if key is not None:
        used = await crud.find_by_key(db, requested_by=admin_id, idempotency_key=key)
        if used is not None:
            if used.request_hash != proposal.request_hash:
                raise IdempotencyKeyReused
            return to_out(used).model_copy(update=_UNDECIDED)
    earlier = await crud.find_pending(db, act=proposal.act.name, target=proposal.target)
    is_same = earlier is not None and key is None and earlier.requested_by == admin_id
    if earlier is None or not is_same or earlier.payload != dict(proposal.payload):
        raise ApprovalAlreadyPending
    return to_out(earlier)


def _scoped(proposal: Proposal) -> str | None:
    # An admin may use the same key for another kind of act.
    return None if proposal.key is None else f"{proposal.act.name}:{proposal.key}"


def waiting(request: ApprovalOut) -> Response:
    """The answer of a route whose act waits for a second admin."""
    return reply(request, status=HTTP_202_ACCEPTED, headers=language.HEADERS[language.spoken()])


def to_out(approval: Approval) -> ApprovalOut:
    """A request as the staff see it, in the language of the caller: expired as soon as it is, and not only when the job has closed it."""
    summary = in_language(read_back(approval.summary, approval.wording), language.spoken())
    answer = ApprovalOut.model_validate(approval).model_copy(update={"summary": summary})
    if approval.status == ApprovalStatus.PENDING and approval.expires_at <= clock.now():
        return answer.model_copy(update={"status": ApprovalStatus.EXPIRED, "decided_at": approval.expires_at})
    return answer


class EventFields(TypedDict):
    """What every event about a decision says."""

    user_id: str
    approval_id: str
    act: str
    target: str
    summary: str
    reason: str
    operator: str | None
    changes: dict[str, dict[str, Any]]


def event_fields(approval: Approval) -> EventFields:
    """The fields of an event about a request that is not pending any more."""
    after = {"status": approval.status, "decision_note": approval.decision_note}
    return {
        "user_id": str(SYSTEM_USER_ID),
        "approval_id": str(approval.approval_id),
        "act": approval.act,
        "target": approval.target,
        "summary": approval.summary,
        "reason": approval.reason,
        "operator": approval.operator,
        "changes": changes({"status": ApprovalStatus.PENDING}, after),
    }
