"""Notices about referral rewards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gencharge.core.events.events import Event
from gencharge.notifications.kinds import NO_SMS, Draft, Kind, Values, choice, money
from gencharge.notifications.models import owner_of
from gencharge.referrals.events import ReferralRewardPaid, ReferralRewardReversed
from gencharge.referrals.models import RewardSide

REWARD_PAID: Final = Kind(
    "referral_reward_paid",
    NO_SMS,
    {
        "reward": money(5_000),
        "added": money(5_000),
        "reason": choice("referrer", "friend"),
        "movement": choice("whole", "part", "none"),
    },
)
REWARD_REVERSED: Final = Kind(
    "referral_reward_reversed",
    NO_SMS,
    {
        "reward": money(5_000, required=True),
        "taken": money(5_000),
        "owed": money(2_000),
        "movement": choice("taken", "owed", "both"),
    },
)


def reward_paid(event: ReferralRewardPaid) -> Draft:
    """To who gets it: what for, and how much of it is in the wallet."""
    added = event.amount_paise - event.netted_paise
    values: Values = {
        "reward": event.amount_paise,
        "added": added,
        "reason": "referrer" if event.side == RewardSide.REFERRER else "friend",
        "movement": "whole" if not event.netted_paise else "part" if added else "none",
    }
    return _draft(event, REWARD_PAID, values)


def reward_reversed(event: ReferralRewardReversed) -> Draft | None:
    """To who had it: it was taken back, and what comes off later rewards. A reward that was not paid yet: nothing."""
    if not event.taken_back_paise + event.owed_paise:
        return None
    movement = (
        "both"
        if event.taken_back_paise and event.owed_paise
        else "taken"
        if event.taken_back_paise
        else "owed"
    )
    values: Values = {
        "reward": event.amount_paise,
        "taken": event.taken_back_paise,
        "owed": event.owed_paise,
        "movement": movement,
    }
    return _draft(event, REWARD_REVERSED, values)


def _draft(event: ReferralRewardPaid | ReferralRewardReversed, kind: Kind, values: Values) -> Draft:
    data: Values = {"referral_reward_id": event.referral_reward_id, "amount_paise": event.amount_paise}
    return Draft(owner_of(event), kind, values, data)


KINDS: Final = (REWARD_PAID, REWARD_REVERSED)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    ReferralRewardPaid: reward_paid,
    ReferralRewardReversed: reward_reversed,
}
