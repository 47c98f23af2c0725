"""The errors of receipts."""

from __future__ import annotations

from gencharge.core.errors import Conflict


class ReceiptNotReady(Conflict):
    """Only a delivered recharge has a receipt."""
