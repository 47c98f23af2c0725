"""The texts that people read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from gencharge.core.values.ids import new_id
from gencharge.notifications.models import NotificationType, Recipient, notice_id
from gencharge.notifications.templates import (
    TEMPLATES,
    adjustment_approved,
    day,
    plan_activated,
    plan_expired,
    plan_recharged,
    recharge_refunded,
    refresh_token_reused,
    rupees,
    spaced,
)
from gencharge.recharge.events import PlanActivated, PlanExpired, PlanRecharged, RechargeRefunded
from gencharge.sessions.events import RefreshTokenReused
from gencharge.wallet.events import AdjustmentApproved
from tests.make.notifications import USER, recharged


def test_an_active_recharge_says_what_was_paid_for_whom_and_until_when() -> None:
    draft = plan_recharged(recharged())
    assert draft.title == "Recharge successful"
    assert draft.body == "Rs 199.00 paid. Jio 199 is now active on 98765 43210, valid until 14 August 2026."
    assert draft.recipient == Recipient("user", UUID(USER))
    assert draft.type is NotificationType.TRANSACTIONAL
    assert draft.data["total_paid_paise"] == 19_900


def test_a_queued_recharge_says_that_it_waits() -> None:
    draft = plan_recharged(recharged(status="queued", valid_from=None, valid_until=None))
    assert (
        draft.body
        == "Rs 199.00 paid. Jio 199 for 98765 43210 is queued: it starts when the present plan ends."
    )


def test_a_queued_recharge_says_when_it_starts_where_that_is_known() -> None:
    draft = plan_recharged(recharged(status="queued"))
    assert "it starts on 17 July 2026, when the present plan ends." in draft.body


def test_a_plan_without_an_end_of_its_own_names_none() -> None:
    assert plan_recharged(recharged(valid_until=None)).body.endswith("is now active on 98765 43210.")


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
    assert begun.body == "Jio 199 is now active on 98765 43210, valid until 14 August 2026."
    ended = plan_expired(
        PlanExpired(user_id=USER, recharge_id="r", phone_number="+919876543210", plan_name="Jio 199")
    )
    assert ended.body == "Jio 199 on 98765 43210 has ended. Recharge again to keep calls and data going."


@pytest.mark.parametrize("kind", ["user", "admin"])
def test_a_reused_refresh_token_is_told_to_its_owner_in_the_right_inbox(kind: str) -> None:
    draft = refresh_token_reused(RefreshTokenReused(user_id=USER, session_id="s", kind=kind))
    assert (draft.recipient.kind, draft.recipient.id) == (kind, UUID(USER))


@pytest.mark.parametrize(
    ("paise", "text"),
    [
        (0, "Rs 0.00"),
        (5, "Rs 0.05"),
        (19900, "Rs 199.00"),
        (100000, "Rs 1,000.00"),
        (129900_00, "Rs 1,29,900.00"),
        (12345678_90, "Rs 1,23,45,678.90"),
    ],
)
def test_amounts_are_grouped_the_indian_way(paise: int, text: str) -> None:
    assert rupees(paise) == text


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        ("2026-08-14T18:29:59Z", "14 August 2026"),
        ("2026-08-14T18:30:00Z", "14 August 2026"),  # midnight in India: the day before is the last
        ("2026-08-14T18:30:01Z", "15 August 2026"),
        ("2026-01-01T00:00:00+05:30", "31 December 2025"),
    ],
)
def test_dates_are_indian_days(instant: str, text: str) -> None:
    assert day(instant) == text


def test_a_number_is_written_as_people_write_it() -> None:
    assert spaced("+919876543210") == "98765 43210"


def test_the_id_of_a_notice_is_the_same_each_time_and_differs_by_event_recipient_and_kind() -> None:
    event, other = new_id(), new_id()
    draft = plan_recharged(recharged())
    same = notice_id(event, draft)
    assert same == notice_id(event, draft)
    assert same.version == 7
    assert same.bytes[:6] == event.bytes[:6]
    to_admin = plan_recharged(recharged())
    object.__setattr__(to_admin, "recipient", Recipient("admin", UUID(USER)))
    of_another_kind = plan_recharged(recharged())
    object.__setattr__(of_another_kind, "kind", "other")
    assert (
        len({same, notice_id(other, draft), notice_id(event, to_admin), notice_id(event, of_another_kind)})
        == 4
    )


def test_every_template_is_for_an_event() -> None:
    assert {PlanRecharged, PlanActivated, PlanExpired, RefreshTokenReused} <= set(TEMPLATES)


def adjusted(**overrides: Any) -> AdjustmentApproved:
    values: dict[str, Any] = {
        "user_id": USER,
        "adjustment_id": "a",
        "direction": "credit",
        "amount_paise": 1_50_000_00,
        "reason": "goodwill",
    }
    return AdjustmentApproved(**(values | overrides))


def test_a_correction_says_which_way_how_much_and_why() -> None:
    draft = adjustment_approved(adjusted())
    assert draft.title == "Your wallet was credited"
    assert draft.body.startswith("Rs 1,50,000.00 was added to your wallet: a gesture of goodwill.")
    assert draft.recipient == Recipient("user", UUID(USER))
    assert draft.data == {
        "adjustment_id": "a",
        "direction": "credit",
        "amount_paise": 1_50_000_00,
        "reason": "goodwill",
    }
    draft = adjustment_approved(adjusted(direction="debit", amount_paise=50, reason="fraud"))
    assert draft.title == "Your wallet was debited"
    assert draft.body.startswith("Rs 0.50 was taken out of your wallet: a correction.")


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
