"""What a customer is reminded of."""

from __future__ import annotations

from gencharge.bills.events import BillDue
from gencharge.core.values.recipient import NotificationType
from gencharge.notifications.reminder_notices import bill_due, plan_ending
from gencharge.recharge.events import PlanEnding
from tests.make.notifications import USER, english, spoken


def test_a_reminder_names_the_plan_the_number_and_its_last_day() -> None:
    event = PlanEnding(
        user_id=USER,
        recharge_id="r",
        phone_number="+919876543210",
        plan_name="Jio 199",
        valid_until="2026-08-14T18:30:00+00:00",
        days=3,
    )
    draft = plan_ending(event)
    assert draft.kind.type is NotificationType.REMINDER
    assert english(draft).title == "Your plan ends on 14 August 2026"
    assert "Jio 199 on 98765 43210 is valid until 14 August 2026." in english(draft).body
    assert "14 अगस्त 2026" in spoken(draft, "hi").title
    assert draft.data["days"] == 3


def test_a_reminder_of_a_bill_names_the_amount_the_number_and_the_last_day() -> None:
    event = BillDue(
        user_id=USER,
        bill_id="b",
        phone_number="+919876543210",
        operator="JIO",
        amount_paise=649_50,
        due_on="2026-08-14",
        days=1,
    )
    draft = bill_due(event)
    assert draft.kind.type is NotificationType.REMINDER
    assert english(draft).title == "Bill due on 14 August 2026"
    assert "of the JIO bill of 98765 43210 is to be paid by 14 August 2026." in english(draft).body
    assert "649.50" in english(draft).body
    assert "14 अगस्त 2026" in spoken(draft, "hi").title
    assert (draft.data["bill_id"], draft.data["days"]) == ("b", 1)
