"""How autopays are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gencharge.autopay import views
from gencharge.autopay.models import Autopay, AutopayAttempt
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money

NOW = datetime(2027, 3, 1, tzinfo=UTC)


def row(**overrides: Any) -> Autopay:
    values = {
        "autopay_id": new_id(),
        "phone_number": "+919876543210",
        "plan_id": new_id(),
        "plan_name": "Jio 299",
        "operator": "JIO",
        "kind": "plan",
        "tag": "regular",
        "status": "active",
        "payment_method": "wallet",
        "price": 29_900,
        "max_amount": 35_000,
        "interval_count": 28,
        "interval_unit": "day",
        "next_due": NOW,
        "tries": 0,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Autopay(**(values | overrides))


def test_amounts_are_rupees_and_the_interval_is_one_object() -> None:
    shown = views.autopay_out(row())
    assert (shown.price, shown.max_amount) == (Money(29_900), Money(35_000))
    assert shown.every is not None
    assert (shown.every.n, shown.every.unit) == (28, "day")
    assert views.autopay_out(row(interval_count=None, interval_unit=None, tag="onetime")).every is None


def test_it_is_announced_only_if_the_notice_was_for_this_date() -> None:
    assert views.autopay_out(row(noticed_due=NOW)).is_announced
    assert not views.autopay_out(row(noticed_due=NOW - timedelta(days=28))).is_announced
    assert not views.autopay_out(row(status="completed", next_due=None, noticed_due=None)).is_announced


def test_a_try_shows_its_reason_and_how_late_it_was() -> None:
    attempt = AutopayAttempt(
        attempt_id=new_id(),
        autopay_id=new_id(),
        due_at=NOW,
        attempted_at=NOW + timedelta(seconds=5),
        outcome="failed",
        reason="insufficient_balance",
        amount=0,
        recharge_id=None,
        late_seconds=5,
    )
    shown = views.attempt_out(attempt)
    assert (shown.outcome, shown.reason, shown.late_seconds) == ("failed", "insufficient_balance", 5)
