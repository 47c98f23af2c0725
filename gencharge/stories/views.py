"""The rows of other rooms as a story shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gencharge.channels.models import OperatorAttempt
from gencharge.complaints.models import Complaint, ComplaintReason, ComplaintStatus
from gencharge.core.values import facts
from gencharge.core.values.money import Money
from gencharge.payments.models import GatewayMethod, Payment, PaymentStatus, Refund, RefundStatus
from gencharge.recharge.models import Recharge, RechargeRefund
from gencharge.stories.staff_schemas import (
    StoryAttempt,
    StoryComplaint,
    StoryEntry,
    StoryMovement,
    StoryNotice,
    StoryPayment,
    StoryRefund,
    StoryRefundToSource,
    StoryTerms,
)
from gencharge.wallet.models import Code, Transfer

_AMOUNTS = ("price", "discount", "cashback", "wallet_amount", "gateway_amount", "refunded_amount")


def terms(recharge: Recharge, metadata: dict[str, str] | None = None) -> StoryTerms:
    """What was sold. `metadata`: what the customer noted."""
    amounts = {name: Money(getattr(recharge, name)) for name in _AMOUNTS}
    talktime = Money(recharge.talktime) if recharge.talktime is not None else None
    noted = {"talktime": talktime, "reference": recharge.caller_reference, "metadata": metadata}
    rest = StoryTerms.model_fields.keys() - amounts.keys() - noted.keys()
    return StoryTerms(**amounts, **noted, **{name: getattr(recharge, name) for name in rest})


def payment(row: Payment | None, refunds: Sequence[Refund]) -> StoryPayment | None:
    """The gateway's part with its refunds; None if there is none."""
    if row is None:
        return None
    return StoryPayment(
        payment_id=row.payment_id,
        status=PaymentStatus(row.status),
        payment_method=GatewayMethod(row.method),
        amount=Money(row.amount),
        refunded_amount=Money(row.refunded_amount),
        gateway=row.gateway,
        order_id=row.order_id,
        gateway_payment_id=row.gateway_payment_id,
        bank_reference=row.bank_reference,
        failure_reason=row.failure_reason,
        created_at=row.created_at,
        captured_at=row.captured_at,
        refunds=[_refund_to_source(one) for one in refunds],
    )


def _refund_to_source(row: Refund) -> StoryRefundToSource:
    return StoryRefundToSource(
        refund_id=row.refund_id,
        gateway_refund_id=row.gateway_refund_id,
        amount=Money(row.amount),
        status=RefundStatus(row.status),
        reason=row.reason,
        requested_by=row.requested_by,
        failure_reason=row.failure_reason,
        created_at=row.created_at,
        completed_at=row.completed_at,
    )


def movement(row: Transfer) -> StoryMovement:
    """A transfer as it was booked."""
    return StoryMovement(
        transfer_id=row.id,
        code=Code(row.code).name.lower(),
        debit_account=row.debit,
        credit_account=row.credit,
        amount=Money(row.amount),
        created_at=row.created_at,
    )


def attempt(row: OperatorAttempt) -> StoryAttempt:
    """A submission to an operator."""
    return StoryAttempt.model_validate(row)


def refund(row: RechargeRefund) -> StoryRefund:
    """A refund by the staff."""
    return StoryRefund(
        refund_id=row.refund_id,
        amount=Money(row.amount),
        destination=row.destination,
        reason=row.reason,
        requested_by=row.requested_by,
        created_at=row.created_at,
    )


def complaint(row: Complaint) -> StoryComplaint:
    """A complaint as the staff see it."""
    return StoryComplaint(
        complaint_id=row.complaint_id,
        reason=ComplaintReason(row.reason),
        status=ComplaintStatus(row.status),
        due_at=row.due_at,
        assignee_id=row.assignee_id,
        created_at=row.created_at,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        resolution=row.resolution_note,
        adjustment_id=row.adjustment_id,
    )


def entry(document: Any) -> StoryEntry:
    """An entry of the audit trail. Not validated, so that one that was tampered with is shown, too."""
    actor: Any = document.get("actor") or {}
    details = document.get("details")
    return StoryEntry.model_construct(
        entry_id=document["_id"],
        occurred_at=document.get("occurred_at"),
        action=document.get("action"),
        actor_kind=actor.get("kind"),
        actor_id=actor.get("id") or None,
        result=document.get("result"),
        reason=document.get("reason"),
        details=facts.shown(details) if isinstance(details, dict) else details or {},
    )


def notice(document: Mapping[str, Any]) -> StoryNotice:
    """What the customer was told."""
    return StoryNotice(
        notification_id=document["_id"],
        kind=document["kind"],
        created_at=document["created_at"],
        viewed_at=document["viewed_at"],
    )
