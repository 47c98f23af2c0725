"""What can go wrong with a wallet."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Forbidden, Invalid, NotFound, field_problem


class WalletNotFound(NotFound):
    """Wallet not found."""


class TransactionNotFound(NotFound):
    """Transaction not found."""


class InsufficientBalance(Conflict):
    """The wallet balance does not cover this amount."""


class BalanceLimitExceeded(Conflict):
    """This would exceed the wallet's balance limit. A full KYC raises the limit."""


class InstantInvalid(Invalid):
    """The date is in the future."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("query.at", "Must not be in the future", "instant_invalid")])


class AdjustmentNotFound(NotFound):
    """Adjustment not found."""


class AdjustmentAlreadyDecided(Conflict):
    """This adjustment has already been decided."""


class AdjustmentAlreadyExpired(Conflict):
    """This adjustment expired before it was decided. Request a new one."""


class SecondApproverRequired(Forbidden):
    """Another admin must decide on your request. You can only cancel it."""


class RequesterOnly(Forbidden):
    """Only the admin who requested this adjustment can cancel it. You can reject it instead."""
