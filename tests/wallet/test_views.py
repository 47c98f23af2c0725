"""How each movement and each adjustment is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from gencharge.core.values.money import Money
from gencharge.users.models import UserBrief, UserStatus
from gencharge.wallet.models import Adjustment, AdjustmentStatus, Code, Transfer
from gencharge.wallet.schemas import TransactionCategory, TransactionOut
from gencharge.wallet.staff_schemas import AdjustmentOut
from gencharge.wallet.views import (
    adjustment_out,
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


@pytest.mark.parametrize(
    ("debit", "credit", "txn_type", "status"),
    [
        ("opening", "user:main", "credit", "posted"),
        ("user:main", "operator:jio", "debit", "posted"),
        ("user:main", "user:held", "debit", "held"),
        ("user:held", "user:main", "credit", "released"),
        ("user:held", "operator:jio", "debit", "posted"),
        ("gateway:razorpay", "user:held", "debit", "held"),
        ("user:held", "gateway:razorpay", "debit", "posted"),
        ("operator:jio", "user:main", "credit", "posted"),
    ],
)
def test_the_accounts_give_a_transaction_its_type_and_status(
    debit: str, credit: str, txn_type: str, status: str
) -> None:
    shown = transaction_out(transfer(debit=debit, credit=credit))
    assert (shown.txn_type, shown.status) == (txn_type, status)
    assert (shown.debit_account, shown.credit_account) == (debit, credit)


@pytest.mark.parametrize("code", Code)
def test_every_ledger_code_is_a_category(code: Code) -> None:
    assert transaction_out(transfer(code=code)).category == code.name.lower()
    assert len(Code) == len(TransactionCategory)


def test_an_unknown_ledger_code_is_never_shown_as_another_one() -> None:
    with pytest.raises(ValueError, match="99"):
        transaction_out(transfer(code=99))


def test_a_transaction_shows_the_amount_exactly_and_neither_key_nor_owner() -> None:
    row = transfer()
    shown = transaction_out(row)
    assert shown.amount == Money(29_901)
    assert (shown.transaction_id, shown.reference_id) == (row.id, row.reference_id)
    assert (shown.phone_number, shown.service_type) == ("+919000000001", "prepaid")
    assert (shown.source, shown.payment_method, shown.created_at) == ("app", "wallet", NOON)
    assert not {"key", "user_id", "operator"} & TransactionOut.model_fields.keys()


def test_the_staff_also_see_whose_transaction_it_is_and_the_operator() -> None:
    row = transfer()
    shown = staff_transaction_out(row, BRIEF)
    assert (shown.user_id, shown.user, shown.operator) == (row.user_id, BRIEF, "JIO")
    assert {name: getattr(shown, name) for name in TransactionOut.model_fields} == dict(transaction_out(row))
    assert staff_transaction_out(row, None).user is None


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
