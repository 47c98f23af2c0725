"""What can go wrong with a wallet."""

from __future__ import annotations

from gencharge.core.errors import Conflict, NotFound


class WalletNotFound(NotFound):
    """There is no wallet for this account."""


class TransactionNotFound(NotFound):
    """There is no transaction with this id in your wallet."""


class InsufficientBalance(Conflict):
    """The wallet balance does not cover this amount."""


class BalanceLimitReached(Conflict):
    """The wallet may not hold more than its limit; a full KYC raises it."""
