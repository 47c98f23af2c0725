"""What can go wrong with a wallet."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Forbidden, Invalid, NotFound, field_problem


class WalletNotFound(NotFound):
    """There is no wallet for this account."""


class TransactionNotFound(NotFound):
    """There is no transaction with this id in your wallet."""


class InsufficientBalance(Conflict):
    """The wallet balance does not cover this amount."""


class BalanceLimitReached(Conflict):
    """The wallet may not hold more than its limit; a full KYC raises it."""


class InstantNotYet(Invalid):
    """A balance is known up to now only."""

    def __init__(self) -> None:
        super().__init__(
            errors=[field_problem("query.at", "an instant that is not after now", "instant_not_yet")]
        )


class AdjustmentNotFound(NotFound):
    """This customer has no adjustment with this id."""


class AdjustmentDecided(Conflict):
    """This adjustment was decided before."""


class AdjustmentOverdue(Conflict):
    """Nobody decided on this adjustment in time; ask for a new one."""


class OwnRequest(Forbidden):
    """A second admin decides on an adjustment; who asked for it can only cancel it."""


class AnothersRequest(Forbidden):
    """Only who asked for an adjustment can cancel it; you can reject it."""
