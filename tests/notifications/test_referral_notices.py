"""The texts that people read about their referral rewards."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from gencharge.notifications.models import Recipient
from gencharge.notifications.referral_notices import NOTICES
from gencharge.referrals.events import ReferralRewardPaid, ReferralRewardReversed
from tests.make.notifications import USER, english

REWARD: dict[str, Any] = {
    "user_id": USER,
    "referral_reward_id": "r",
    "friend_id": "f",
    "amount_paise": 5_000,
}
EVENTS: tuple[tuple[Any, str], ...] = (
    (
        ReferralRewardPaid(**REWARD, side="referrer", netted_paise=0),
        "Your friend made a first recharge. Rs 50.00 was added to your wallet.",
    ),
    (
        ReferralRewardPaid(**REWARD, side="friend", netted_paise=0),
        "Thank you for your first recharge. Rs 50.00 was added to your wallet.",
    ),
    (
        ReferralRewardPaid(**REWARD, side="referrer", netted_paise=3_000),
        "Your friend made a first recharge. Of your reward of Rs 50.00, Rs 20.00 was added to your wallet. The rest makes up for"
        " an earlier reward whose recharge was refunded.",
    ),
    (
        ReferralRewardPaid(**REWARD, side="referrer", netted_paise=5_000),
        "Your friend made a first recharge. Your reward of Rs 50.00 makes up for an earlier reward whose recharge was refunded.",
    ),
    (
        ReferralRewardReversed(**REWARD, taken_back_paise=5_000, owed_paise=0),
        "The recharge that earned you a referral reward of Rs 50.00 was refunded. Rs 50.00 was taken out of your wallet.",
    ),
    (
        ReferralRewardReversed(**REWARD, taken_back_paise=0, owed_paise=5_000),
        "The recharge that earned you a referral reward of Rs 50.00 was refunded. Rs 50.00 will come off your next rewards.",
    ),
)


@pytest.mark.parametrize(("event", "body"), EVENTS)
def test_each_notice_says_what_happened_to_the_money(event: Any, body: str) -> None:
    draft = NOTICES[type(event)](event)
    assert draft is not None
    assert english(draft).body == body
    assert draft.recipient == Recipient("user", UUID(USER))


def test_a_reward_that_was_reversed_before_it_was_paid_is_no_news() -> None:
    event = ReferralRewardReversed(**REWARD, taken_back_paise=0, owed_paise=0)
    assert NOTICES[ReferralRewardReversed](event) is None
