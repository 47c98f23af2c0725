"""How a bill is shown: overdue counts in days of India, and only while it is due."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from gencharge.bills.models import Bill, BillStatus
from gencharge.bills.views import bill_out


def bill(status: BillStatus) -> Bill:
    instant = datetime(2026, 11, 1, tzinfo=UTC)
    return Bill(
        user_id=uuid4(),
        bill_id=uuid4(),
        phone_number="+919000008001",
        operator="JIO",
        bill_reference="B1",
        customer_name="A***",
        amount=500_00,
        minimum=100,
        part_payment="any",
        due_on=date(2026, 11, 30),
        status=status,
        fetched_at=instant,
        expires_at=instant,
    )


@pytest.mark.parametrize(
    ("status", "now", "is_overdue"),
    [
        # 23:59 and 00:00 in India.
        (BillStatus.DUE, datetime(2026, 11, 30, 18, 29, tzinfo=UTC), False),
        (BillStatus.DUE, datetime(2026, 11, 30, 18, 30, tzinfo=UTC), True),
        (BillStatus.PAID, datetime(2026, 12, 5, tzinfo=UTC), False),
        (BillStatus.PAYING, datetime(2026, 12, 5, tzinfo=UTC), False),
    ],
)
def test_a_bill_is_overdue_after_its_day_in_india(
    status: BillStatus, now: datetime, is_overdue: bool
) -> None:
    assert bill_out(bill(status), now).is_overdue is is_overdue
