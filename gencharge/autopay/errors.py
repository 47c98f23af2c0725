"""What can go wrong with autopays."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound


class AutopayNotFound(NotFound):
    """Autopay not found."""


class AutopayAlreadyExists(Conflict):
    """You already have an autopay for this number and plan. Change that one, or delete it first."""


class AutopayLimitExceeded(Conflict):
    """You have as many autopays as one account can have. Delete one first."""


class AutopayInProgress(Conflict):
    """This autopay is making a recharge right now. Try again in a minute."""


class AutopayStatusNotAllowed(Conflict):
    """This can't be done with an autopay in its present status."""


class AutopayDateInvalid(Invalid):
    """The date must lie ahead, and within a year."""


class AutopayAmountInvalid(Invalid):
    """The highest amount is less than the plan costs now."""


class AutopayIntervalInvalid(Invalid):
    """Say how often this autopay is to run."""


class AutopayMethodInvalid(Invalid):
    """Bills are paid from the wallet. An automatic top-up can fill it by a mandate."""


class AutoTopupNotFound(NotFound):
    """You have no automatic top-up."""


class AutoTopupInProgress(Conflict):
    """Your automatic top-up is being charged right now. Try again in a minute."""


class AutoTopupStatusNotAllowed(Conflict):
    """This can't be done with an automatic top-up in its present status."""
