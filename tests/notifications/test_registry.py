"""Kinds and events; and each thing that a customer has to be told, told once and in their language."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest

from gencharge.auth.events import SignedIn
from gencharge.autopay.events import AutopayAnnounced
from gencharge.bills.events import BillDue
from gencharge.core.events.events import Event
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.language import Language
from gencharge.core.values.money import Money
from gencharge.core.values.recipient import Recipient
from gencharge.core.vault.vault import Vault
from gencharge.notifications import (
    account_notices,
    alerts,
    autopay_notices,
    cashback_notices,
    recharge_notices,
    reminder_notices,
    writing_service,
)
from gencharge.notifications.kinds import Draft, NoticeChannel
from gencharge.notifications.models import from_document
from gencharge.notifications.registry import KINDS, NOTICES
from gencharge.notifications.writing_service import Entry
from gencharge.payments.events import RefundProcessed
from gencharge.payouts.events import PayoutNeedsPayee, PayoutPaid
from gencharge.recharge.events import PlanEnding, RechargeFailed, RechargeRefunded
from gencharge.referrals.events import ReferralRewardPaid
from gencharge.users import profile_service
from gencharge.users.events import PreferencesChanged, UserDataExported
from tests.make import factories
from tests.make.notifications import recharged
from tests.make.push import register_both
from tests.notifications.conftest import inbox


def test_every_kind_has_a_name_of_its_own_and_is_in_the_inbox() -> None:
    groups = (recharge_notices.KINDS, account_notices.KINDS, autopay_notices.KINDS, alerts.KINDS)
    assert all(KINDS[kind.name] is kind for kinds in groups for kind in kinds)
    assert all(NoticeChannel.IN_APP in kind.channels for kind in KINDS.values())
    assert len(NOTICES) == len(set(NOTICES.values()))


ID, NUMBER = "0198c0de-0000-7000-8000-000000000000", "+919876543210"


def of_event(event: Callable[[str], Event]) -> Callable[[str], Draft | None]:
    """What the event about a customer becomes."""

    def draft(user_id: str) -> Draft | None:
        happened = event(user_id)
        return NOTICES[type(happened)](happened)

    return draft


def ending(days: int) -> Callable[[str], Draft | None]:
    end = "2026-08-14T18:30:00+00:00"
    return of_event(
        lambda user_id: PlanEnding(
            user_id=user_id,
            recharge_id=ID,
            phone_number=NUMBER,
            plan_name="Jio 199",
            valid_until=end,
            days=days,
        )
    )


# Point by point what a customer has to be told, and how it comes about.
REMINDERS: dict[str, Callable[[str], Draft | None]] = {
    "plan_ending in three days": ending(3),
    "plan_ending tomorrow": ending(1),
    "bill_due": of_event(
        lambda user_id: BillDue(
            user_id=user_id, bill_id=ID, phone_number=NUMBER, operator="JIO", amount_paise=49_900,
            due_on="2026-11-26", days=3,
        )
    ),
    "autopay_announced": of_event(
        lambda user_id: AutopayAnnounced(
            user_id=user_id, autopay_id=ID, phone_number=NUMBER, plan_name="Jio 199",
            due_at="2026-11-26T06:00:00+00:00", price_paise=19_900, max_amount_paise=25_000,
        )
    ),
    "balance_low": lambda user_id: reminder_notices.balance_low(UUID(user_id), Money(1_500)),
    "plan_recharged": of_event(lambda user_id: recharged(user_id=user_id)),
    "recharge_failed": of_event(
        lambda user_id: RechargeFailed(
            user_id=user_id, recharge_id=ID, phone_number=NUMBER, plan_name="Jio 199", operator="JIO",
            reason="operator_refused", refunded_paise=19_900,
        )
    ),
    "recharge_refunded": of_event(
        lambda user_id: RechargeRefunded(
            user_id=user_id, recharge_id=ID, phone_number=NUMBER, plan_name="Jio 199", operator="JIO",
            amount_paise=19_900, reason="late", in_full=True,
        )
    ),
    "refund_processed": of_event(
        lambda user_id: RefundProcessed(user_id=user_id, refund_id=ID, payment_id=ID, amount_paise=19_900)
    ),
    "cashback_paid": lambda user_id: cashback_notices.cashback_paid(
        recharged(user_id=user_id, cashback_paid_paise=2_000)
    ),
    "referral_reward_paid": of_event(
        lambda user_id: ReferralRewardPaid(
            user_id=user_id, referral_reward_id=ID, friend_id=ID, side="referrer", amount_paise=5_000, netted_paise=0
        )
    ),
    "payout_paid": of_event(
        lambda user_id: PayoutPaid(
            user_id=user_id, payout_id=ID, amount_paise=70_000, utr="AXISCN0123456789", destination="as***@okaxis"
        )
    ),
    "payout_failed": of_event(
        lambda user_id: PayoutNeedsPayee(
            user_id=user_id, payout_id=ID, amount_paise=70_000, reason="beneficiary_bank_rejected"
        )
    ),
    "new_device_signed_in": of_event(
        lambda user_id: SignedIn(user_id=user_id, kind="user", session_id=ID, device="Firefox", is_new_device=True)
    ),
    "data_exported": of_event(lambda user_id: UserDataExported(user_id=user_id)),
    "consents_changed": of_event(
        lambda user_id: PreferencesChanged(
            user_id=user_id, changes={"data_analytics": {"old": True, "new": False}}
        )
    ),
}  # fmt: skip
_DEVANAGARI = re.compile("[\u0900-\u097f]")


@pytest.mark.parametrize("what", list(REMINDERS))
async def test_each_is_told_once_over_each_channel_and_in_the_customers_language(
    stores: Stores, what: str
) -> None:
    user = await stores.database.run(factories.make_user)
    user_id = str(user.user_id)
    await stores.database.run(lambda db: profile_service.update(db, user.user_id, language=Language.HINDI))
    await register_both(stores, Recipient("user", user.user_id))
    draft = REMINDERS[what](user_id)
    assert draft is not None
    assert draft.kind.name == what.partition(" ")[0]
    entry = Entry(new_id(), clock.now(), draft)
    for _ in range(2):
        await asyncio.gather(*(writing_service.write(stores, [entry]) for _ in range(3)))
    (document,) = await inbox(stores, user_id)
    notice = await from_document(Vault.of_database(stores.database), document)
    assert notice.kind == draft.kind.name
    assert _DEVANAGARI.search(notice.title)
    assert _DEVANAGARI.search(notice.body)
    messages = await stores.documents["messages"].find({"recipient_id": user.user_id}).to_list()
    channels = Counter(message["channel"] for message in messages)
    assert set(channels.values()) <= {1}
    assert ("email" in channels) == (NoticeChannel.EMAIL in draft.kind.channels)
    assert ("sms" in channels) == (NoticeChannel.SMS in draft.kind.channels)
    assert ("mobile_push" in channels) == (NoticeChannel.PUSH in draft.kind.channels)
