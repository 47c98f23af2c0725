"""How transfers and adjustments are shown."""

from __future__ import annotations

from gencharge.core.values.money import Money
from gencharge.users.models import UserBrief
from gencharge.wallet.models import (
    Account,
    Adjustment,
    AdjustmentDirection,
    AdjustmentStatus,
    Code,
    Transfer,
)
from gencharge.wallet.schemas import TransactionCategory, TransactionOut, TransactionStatus, TransactionType
from gencharge.wallet.staff_schemas import (
    AdjustmentOut,
    AdjustmentReason,
    StaffAdjustmentOut,
    StaffTransactionOut,
)


def transaction_out(transfer: Transfer) -> TransactionOut:
    """A transfer as a transaction of the customer's wallet."""
    comes_in = transfer.credit == Account.MAIN
    return TransactionOut(
        transaction_id=transfer.id,
        category=TransactionCategory(Code(transfer.code).name.lower()),
        txn_type=TransactionType.CREDIT if comes_in else TransactionType.DEBIT,
        status=_status_of(transfer),
        amount=Money(transfer.amount),
        debit_account=transfer.debit,
        credit_account=transfer.credit,
        service_type=transfer.service_type,
        source=transfer.source,
        payment_method=transfer.payment_method,
        phone_number=transfer.phone_number,
        reference_id=transfer.reference_id,
        created_at=transfer.created_at,
    )


def _status_of(transfer: Transfer) -> TransactionStatus:
    if transfer.credit == Account.HELD:
        return TransactionStatus.HELD
    if transfer.debit == Account.HELD and transfer.credit == Account.MAIN:
        return TransactionStatus.RELEASED
    return TransactionStatus.POSTED


def staff_transaction_out(transfer: Transfer, user: UserBrief | None) -> StaffTransactionOut:
    """A transfer as the staff see it."""
    return StaffTransactionOut(
        **dict(transaction_out(transfer)), user_id=transfer.user_id, user=user, operator=transfer.operator
    )


def adjustment_out(adjustment: Adjustment) -> AdjustmentOut:
    """An adjustment with its decision, if there is one."""
    return AdjustmentOut(
        adjustment_id=adjustment.adjustment_id,
        user_id=adjustment.user_id,
        direction=AdjustmentDirection(adjustment.direction),
        amount=Money(adjustment.amount),
        reason=AdjustmentReason(adjustment.reason),
        note=adjustment.note,
        reference=adjustment.reference,
        status=AdjustmentStatus(adjustment.status),
        requested_by=adjustment.requested_by,
        requested_at=adjustment.requested_at,
        expires_at=adjustment.expires_at,
        decided_by=adjustment.decided_by,
        decided_at=adjustment.decided_at,
        decision_note=adjustment.decision_note,
    )


def staff_adjustment_out(adjustment: Adjustment, user: UserBrief | None) -> StaffAdjustmentOut:
    """An adjustment with the customer whose wallet it concerns."""
    return StaffAdjustmentOut(**dict(adjustment_out(adjustment)), user=user)
