"""The texts that people read."""

from __future__ import annotations

from uuid import UUID

from gencharge.core.values.ids import new_id
from gencharge.notifications.models import NotificationType, Recipient
from gencharge.notifications.recharge_notices import (
    plan_activated,
    plan_expired,
    plan_recharged,
    recharge_failed,
    recharge_refunded,
)
from gencharge.recharge.events import PlanActivated, PlanExpired, RechargeFailed, RechargeRefunded
from tests.make.notifications import USER, english, recharged, spoken


def test_an_active_recharge_says_what_was_paid_for_whom_and_until_when() -> None:
    draft = plan_recharged(recharged())
    assert english(draft).title == "Recharge successful"
    assert (
        english(draft).body
        == "Rs 199.00 paid. Jio 199 is now active on 98765 43210, valid until 14 August 2026."
    )
    assert draft.recipient == Recipient("user", UUID(USER))
    assert draft.kind.type is NotificationType.TRANSACTIONAL
    assert draft.data["total_paid_paise"] == 19_900


def test_a_queued_recharge_says_that_it_waits() -> None:
    draft = plan_recharged(recharged(status="queued", valid_from=None, valid_until=None))
    assert (
        english(draft).body
        == "Rs 199.00 paid. Jio 199 for 98765 43210 is queued: it starts when the present plan ends."
    )


def test_a_queued_recharge_says_when_it_starts_where_that_is_known() -> None:
    draft = plan_recharged(recharged(status="queued"))
    assert "it starts on 17 July 2026, when the present plan ends." in english(draft).body


def test_a_plan_without_an_end_of_its_own_names_none() -> None:
    assert english(plan_recharged(recharged(valid_until=None))).body.endswith("is now active on 98765 43210.")


def test_a_plan_that_starts_and_one_that_ends_say_so() -> None:
    begun = plan_activated(
        PlanActivated(
            user_id=USER,
            recharge_id="r",
            phone_number="+919876543210",
            plan_name="Jio 199",
            valid_until="2026-08-14T10:00:00Z",
        )
    )
    assert english(begun).body == "Jio 199 is now active on 98765 43210, valid until 14 August 2026."
    ended = plan_expired(
        PlanExpired(user_id=USER, recharge_id="r", phone_number="+919876543210", plan_name="Jio 199")
    )
    assert (
        english(ended).body
        == "Jio 199 on 98765 43210 has ended. Recharge again to keep calls and data going."
    )


def test_two_refunds_of_one_recharge_are_told_apart() -> None:
    recharge = {"user_id": USER, "recharge_id": str(new_id()), "phone_number": "+919876543210"}
    drafts = [
        recharge_refunded(
            RechargeRefunded(
                **recharge,
                plan_name="Jio 199",
                operator="JIO",
                amount_paise=500,
                reason="goodwill",
                in_full=False,
                refund_id=refund_id,
            )
        )
        for refund_id in ("first", "second")
    ]
    assert [draft.data["refund_id"] for draft in drafts] == ["first", "second"]


OF_A_BILL = {
    "user_id": USER,
    "recharge_id": "r",
    "phone_number": "+919876543210",
    "plan_name": "Postpaid bill",
    "operator": "JIO",
    "bill_id": "b",
}


def test_the_failed_payment_of_a_bill_is_no_failed_recharge() -> None:
    draft = recharge_failed(RechargeFailed(**OF_A_BILL, reason="amount_refused", refunded_paise=500_00))
    assert english(draft).title == "Bill payment failed"
    assert english(draft).body == (
        "The JIO bill of 98765 43210 was not paid: the operator did not take the payment."
        " Rs 500.00 is back in your wallet. The bill is still due."
    )
    assert "रिचार्ज" not in spoken(draft, "hi").title + spoken(draft, "hi").body
    assert draft.data["bill_id"] == "b"


def test_the_refund_of_a_bill_ends_no_plan() -> None:
    event = RechargeRefunded(**OF_A_BILL, amount_paise=500_00, reason="twice", in_full=True, refund_id="f")
    draft = recharge_refunded(event)
    assert english(draft).title == "Bill payment refunded"
    assert "plan" not in english(draft).body
    assert draft.data["bill_id"] == "b"
