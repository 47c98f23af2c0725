"""When the gateway's refusal proves that nothing arrives: of a refund, of a payout.

A refusal of the first attempt does. After an attempt whose result is unknown, one refusal proves nothing, for that attempt may still
arrive; two in a row do. The refusal of an attempt is written down with its number, so that another unknown result between two breaks the row.
"""

from __future__ import annotations


def refused_at(attempt: int) -> str:
    """What is written down of an attempt that was refused and proved nothing."""
    return f"refused_once:{attempt}"


def is_proof(attempt: int, reason: str | None) -> bool:
    """Whether the refusal of this attempt proves that nothing arrives; `reason`: what was written down before it."""
    return attempt <= 1 or reason == refused_at(attempt - 1)
