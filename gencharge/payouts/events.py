"""What happens to payouts. Amounts in paise."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeVerified(Event):
    """A customer said where money is to be paid out, and the bank knows it."""

    kind: str
    destination: str  # masked


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeRemoved(Event):
    """A customer took their payee away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutNeedsPayee(Event):
    """Money of a closed account has nowhere to go. `reason`: `no_payee`, or what the gateway or the bank said.

    `returned_utr`: it had arrived under this reference, and the bank sent it back.
    """

    payout_id: str
    amount_paise: int
    reason: str
    returned_utr: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPaid(Event):
    """Money of a closed account arrived. `utr` is the bank's reference."""

    payout_id: str
    amount_paise: int
    utr: str
    destination: str | None = None  # masked


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutContradicted(Event):
    """The gateway says that an attempt arrived which it had called failed: the money may be paid twice."""

    payout_id: str
    amount_paise: int
    gateway_payout_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPayeeSet(Event):
    """An admin said where a payout goes."""

    payout_id: str
    kind: str
    destination: str  # masked
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutSettledByHand(Event):
    """An admin paid a payout outside of the product, and gave the bank's reference."""

    payout_id: str
    amount_paise: int
    utr: str
    reason: str
