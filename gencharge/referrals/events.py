"""What happens to referral rewards. `user_id` is who gets the reward. Amounts in paise."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRewardPromised(Event):
    """A customer registered with another one's code: a reward waits for the first recharge."""

    referral_reward_id: str
    friend_id: str
    side: str  # referrer | friend
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRewardEarned(Event):
    """The new customer's first recharge was delivered."""

    referral_reward_id: str
    friend_id: str
    recharge_id: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRewardPaid(Event):
    """A reward was paid. `netted_paise` of it settled rewards that had been reversed; the rest is in the wallet."""

    referral_reward_id: str
    friend_id: str
    side: str
    amount_paise: int
    netted_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRewardReversed(Event):
    """The recharge that a reward was earned by was refunded. `taken_back_paise` came out of the wallet; what was paid and
    could not be taken back, `owed_paise`, comes off later rewards."""

    referral_reward_id: str
    friend_id: str
    amount_paise: int
    taken_back_paise: int
    owed_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRewardCancelled(Event):
    """The account was closed before its reward was paid."""

    referral_reward_id: str
    friend_id: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRewardHeld(Event):
    """A check or an admin held a reward. `hold_reasons`, by commas; `reason` is what the admin wrote."""

    referral_reward_id: str
    friend_id: str
    hold_reasons: str
    reason: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRewardRejected(Event):
    """An admin rejected a reward for good. `reason` is what the admin wrote."""

    referral_reward_id: str
    friend_id: str
    amount_paise: int
    reason: str
    changes: dict[str, dict[str, object]]
    result: str = "succeeded"  # of the admin's action: rejecting succeeded


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRewardReleased(Event):
    """An admin released a held reward."""

    referral_reward_id: str
    friend_id: str
    reason: str
    changes: dict[str, dict[str, object]]
