"""The texts about referral rewards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from gencharge.core.events.events import Event
from gencharge.notifications.models import Draft, NotificationType, Recipient
from gencharge.notifications.templates import rupees
from gencharge.referrals.events import ReferralRewardPaid, ReferralRewardReversed
from gencharge.referrals.models import RewardSide


def reward_paid(event: ReferralRewardPaid) -> Draft:
    """To who gets it: what for, and how much of it is in the wallet."""
    why = (
        "Your friend made a first recharge"
        if event.side == RewardSide.REFERRER
        else "Thank you for your first recharge"
    )
    added = event.amount_paise - event.netted_paise
    if not event.netted_paise:
        what = f"{rupees(added)} was added to your wallet."
    elif added:
        what = (
            f"Of your reward of {rupees(event.amount_paise)}, {rupees(added)} was added to your wallet."
            f" The rest makes up for an earlier reward whose recharge was refunded."
        )
    else:
        what = f"Your reward of {rupees(event.amount_paise)} makes up for an earlier reward whose recharge was refunded."
    return _draft(event, "referral_reward_paid", "Referral reward", f"{why}. {what}")


def reward_reversed(event: ReferralRewardReversed) -> Draft | None:
    """To who had it: it was taken back, and what comes off later rewards. A reward that was not paid yet: nothing."""
    if not event.taken_back_paise + event.owed_paise:
        return None
    taken = (
        f" {rupees(event.taken_back_paise)} was taken out of your wallet." if event.taken_back_paise else ""
    )
    rest = f" {rupees(event.owed_paise)} will come off your next rewards." if event.owed_paise else ""
    body = f"The recharge that earned you a referral reward of {rupees(event.amount_paise)} was refunded.{taken}{rest}"
    return _draft(event, "referral_reward_reversed", "Referral reward taken back", body)


def _draft(event: ReferralRewardPaid | ReferralRewardReversed, kind: str, title: str, body: str) -> Draft:
    return Draft(
        recipient=Recipient("user", UUID(event.user_id)),
        kind=kind,
        type=NotificationType.TRANSACTIONAL,
        title=title,
        body=body,
        data={"referral_reward_id": event.referral_reward_id, "amount_paise": event.amount_paise},
    )


TEMPLATES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    ReferralRewardPaid: reward_paid,
    ReferralRewardReversed: reward_reversed,
}
