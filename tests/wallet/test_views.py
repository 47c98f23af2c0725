"""How each movement and each adjustment is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from gencharge.core.values.money import Money, SignedMoney
from gencharge.users.models import UserBrief, UserStatus
from gencharge.wallet.history import SINGLE, BusinessEvent, Legs, event_of
from gencharge.wallet.models import Adjustment, AdjustmentStatus, Code, Transfer
from gencharge.wallet.schemas import TransactionCategory, TransactionOut
from gencharge.wallet.staff_schemas import AdjustmentOut, LedgerCode, LedgerEntryOut
from gencharge.wallet.views import (
    adjustment_out,
    ledger_entry_out,
    staff_adjustment_out,
    staff_transaction_out,
    transaction_out,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BRIEF = UserBrief(
    user_id=uuid4(),
    name="Asha Rao",
    phone_number="+919000000001",
    email=None,
    status=UserStatus.ACTIVE,
)


def transfer(**overrides: Any) -> Transfer:
    values: dict[str, Any] = {
        "user_id": uuid4(),
        "id": uuid4(),
        "debit": "user:main",
        "credit": "operator:jio",
        "amount": 29_901,
        "code": Code.RECHARGE,
        "key": "secret-key",
        "reference_id": uuid4(),
        "phone_number": "+919000000001",
        "service_type": "prepaid",
        "source": "app",
        "payment_method": "wallet",
        "operator": "JIO",
        "created_at": NOON,
    }
    return Transfer(**values | overrides)


def adjustment(**overrides: Any) -> Adjustment:
    values: dict[str, Any] = {
        "user_id": uuid4(),
        "adjustment_id": uuid4(),
        "direction": "debit",
        "amount": 1,
        "reason": "fraud",
        "note": "Charged twice",
        "reference": "T-1",
        "status": "approved",
        "requested_by": uuid4(),
        "requested_at": NOON,
        "expires_at": NOON,
        "decided_by": uuid4(),
        "decided_at": NOON,
        "decision_note": "Checked",
    }
    return Adjustment(**values | overrides)


def event(**overrides: Any) -> BusinessEvent:
    return event_of(transfer(**overrides), Legs([]))


@pytest.mark.parametrize(
    ("debit", "credit", "code", "txn_type"),
    [
        ("opening", "user:main", Code.OPENING, "credit"),
        ("user:main", "operator:jio", Code.RECHARGE, "debit"),
        ("user:main", "user:held", Code.HOLD, "debit"),
        ("gateway:razorpay", "user:held", Code.PAYMENT, "debit"),
        ("user:held", "user:main", Code.RELEASE, "credit"),
        ("operator:jio", "user:main", Code.REFUND, "credit"),
        ("user:main", "adjustment", Code.ADJUSTMENT, "debit"),
    ],
)
def test_a_transaction_is_a_credit_if_it_brings_money(
    debit: str, credit: str, code: Code, txn_type: str
) -> None:
    assert transaction_out(event(debit=debit, credit=credit, code=code), {}).txn_type == txn_type


def test_every_category_and_status_is_one_that_some_event_has() -> None:
    categories = {*SINGLE.values(), TransactionCategory.REFUND, TransactionCategory.SOURCE_REFUND}
    assert categories == set(TransactionCategory)
    assert {code.value for code in LedgerCode} == {code.name.lower() for code in Code}


def test_a_transaction_shows_its_amounts_exactly_and_neither_key_accounts_nor_owner() -> None:
    row = transfer()
    shown = transaction_out(event_of(row, Legs([])), {"JIO": "Jio"})
    assert (shown.amount, shown.wallet_change, shown.held) == (Money(29_901), SignedMoney(-29_901), Money(0))
    assert (shown.transaction_id, shown.reference_id) == (row.id, row.reference_id)
    assert (shown.phone_number, shown.service_type, shown.operator) == ("+919000000001", "prepaid", "JIO")
    assert (shown.source, shown.payment_method) == ("app", "wallet")
    assert shown.created_at == shown.updated_at == NOON
    assert shown.description == "Recharge of 90000 00001 with Jio"
    assert not {"key", "user_id", "debit_account", "credit_account"} & TransactionOut.model_fields.keys()


def test_the_staff_also_see_whose_transaction_it_is() -> None:
    one = event()
    shown = staff_transaction_out(one, {}, BRIEF)
    assert (shown.user_id, shown.user) == (one.first.user_id, BRIEF)
    assert {name: getattr(shown, name) for name in TransactionOut.model_fields} == dict(
        transaction_out(one, {})
    )
    assert staff_transaction_out(one, {}, None).user is None


@pytest.mark.parametrize("code", Code)
def test_a_ledger_entry_is_the_transfer_as_it_was_booked(code: Code) -> None:
    row = transfer(code=code)
    shown = ledger_entry_out(row)
    assert shown.code == code.name.lower()
    assert (shown.transfer_id, shown.amount) == (row.id, Money(29_901))
    assert (shown.debit_account, shown.credit_account) == (row.debit, row.credit)
    same = set(LedgerEntryOut.model_fields) - {
        "transfer_id",
        "code",
        "amount",
        "debit_account",
        "credit_account",
    }
    assert {name: getattr(shown, name) for name in same} == {name: getattr(row, name) for name in same}


@pytest.mark.parametrize("status", AdjustmentStatus)
def test_an_adjustment_is_shown_as_it_is_in_each_status(status: AdjustmentStatus) -> None:
    row = adjustment(status=status.value)
    shown = adjustment_out(row)
    assert shown.status is status
    assert shown.amount == Money(1)
    same = set(AdjustmentOut.model_fields) - {"amount", "direction", "reason", "status"}
    assert {name: getattr(shown, name) for name in same} == {name: getattr(row, name) for name in same}


def test_an_undecided_adjustment_has_no_decision() -> None:
    decision = {"decided_by": None, "decided_at": None, "decision_note": None}
    shown = adjustment_out(adjustment(status="pending", reference=None, **decision))
    assert {name: getattr(shown, name) for name in decision} == decision
    assert shown.reference is None


def test_the_staff_see_whose_wallet_an_adjustment_concerns() -> None:
    row = adjustment()
    shown = staff_adjustment_out(row, BRIEF)
    assert shown.user == BRIEF
    assert {name: getattr(shown, name) for name in AdjustmentOut.model_fields} == dict(adjustment_out(row))


@pytest.mark.parametrize(("field", "value"), [("direction", "up"), ("reason", "x"), ("status", "lost")])
def test_a_row_with_a_value_that_is_none_is_an_error_and_not_shown(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=value):
        adjustment_out(adjustment(**{field: value}))
