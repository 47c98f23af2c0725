"""What can go wrong with referral rewards."""

from __future__ import annotations

from gencharge.core.errors import Conflict, NotFound


class ReferralRewardNotFound(NotFound):
    """Referral reward not found."""


class ReferralRewardNotHoldable(Conflict):
    """Only a reward that is pending or earned can be held."""


class ReferralRewardNotRejectable(Conflict):
    """Only a reward that is pending, held or earned can be rejected."""


class ReferralRewardNotHeld(Conflict):
    """This reward is not held."""
