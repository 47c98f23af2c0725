"""How transactions, transfers and adjustments are shown."""

from __future__ import annotations

from collections.abc import Mapping

from gencharge.core.values.money import Money, SignedMoney
from gencharge.users.models import UserBrief
from gencharge.wallet.descriptions import describe
from gencharge.wallet.history import BusinessEvent
from gencharge.wallet.models import (
    Adjustment,
    AdjustmentDirection,
    AdjustmentStatus,
    Code,
    Transfer,
)
from gencharge.wallet.schemas import TransactionOut, TransactionType
from gencharge.wallet.staff_schemas import (
    AdjustmentOut,
    AdjustmentReason,
    LedgerCode,
    LedgerEntryOut,
    StaffAdjustmentOut,
    StaffTransactionOut,
)


def transaction_out(event: BusinessEvent, names: Mapping[str, str]) -> TransactionOut:
    """A row of the customer's history. `names`: the operators' names by code."""
    first = event.first
    return TransactionOut(
        transaction_id=first.id,
        category=event.category,
        txn_type=TransactionType.CREDIT if event.comes_in else TransactionType.DEBIT,
        status=event.status,
        description=describe(event, names),
        amount=Money(event.amount),
        wallet_change=SignedMoney(event.wallet_change),
        held=Money(event.held),
        operator=first.operator,
        service_type=first.service_type,
        source=first.source,
        payment_method=event.payment_method,
        phone_number=first.phone_number,
        reference_id=first.reference_id,
        created_at=first.created_at,
        updated_at=event.updated_at,
    )


def staff_transaction_out(
    event: BusinessEvent, names: Mapping[str, str], user: UserBrief | None
) -> StaffTransactionOut:
    """A row of a customer's history, as the staff see it."""
    return StaffTransactionOut(**dict(transaction_out(event, names)), user_id=event.first.user_id, user=user)


def ledger_entry_out(transfer: Transfer) -> LedgerEntryOut:
    """A transfer as it was booked."""
    return LedgerEntryOut(
        transfer_id=transfer.id,
        code=LedgerCode(Code(transfer.code).name.lower()),
        debit_account=transfer.debit,
        credit_account=transfer.credit,
        amount=Money(transfer.amount),
        key=transfer.key,
        reference_id=transfer.reference_id,
        operator=transfer.operator,
        phone_number=transfer.phone_number,
        service_type=transfer.service_type,
        source=transfer.source,
        payment_method=transfer.payment_method,
        created_at=transfer.created_at,
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
