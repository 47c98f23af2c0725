"""How mandates are shown: never with the gateway's ids of the customer and of the token."""

from __future__ import annotations

from gencharge.core.values.money import Money
from gencharge.mandates.models import EndReason, Mandate, MandateStatus
from gencharge.mandates.schemas import MandateOut
from gencharge.payments.models import GatewayMethod


def mandate_out(row: Mandate) -> MandateOut:
    """A mandate as its owner sees it."""
    return MandateOut(
        mandate_id=row.mandate_id,
        payment_method=GatewayMethod(row.method),
        status=MandateStatus(row.status),
        end_reason=None if row.end_reason is None else EndReason(row.end_reason),
        max_amount=Money(row.max_amount),
        expires_at=row.expires_at,
        payment_id=row.payment_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
