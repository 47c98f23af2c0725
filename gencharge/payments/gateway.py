"""The port to a payment gateway: what we ask of one, what it answers, and the three ways in which a call can fail.

The difference between the three is money: `CallRefused` proves that the gateway has not done it and will not,
`CallNotSent` proves that it has not begun, `CallUnknown` proves nothing. Amounts in paise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Protocol


class CallFailed(Exception):
    """A call that failed. `reason` is short and holds no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CallRefused(CallFailed):
    """The gateway refused: it has not done it."""


class CallNotSent(CallFailed):
    """The request never reached the gateway, or was rejected before it was read."""


class CallUnknown(CallFailed):
    """No readable answer: it may have been done or not."""


@dataclass(frozen=True, slots=True)
class GatewayOrder:
    """What a customer can pay."""

    order_id: str
    amount: int
    currency: str
    receipt: str
    status: str  # created, attempted, paid


@dataclass(frozen=True, slots=True)
class GatewayPayment:
    """One attempt to pay an order."""

    gateway_payment_id: str
    order_id: str
    amount: int
    currency: str
    status: str  # created, authorized, captured, refunded, failed
    amount_refunded: int
    method: str
    error_reason: str
    token_id: str | None = None  # of the mandate that it registered, or was charged by
    bank_reference: str | None = None  # of the bank that moved the money: RRN, UTR


@dataclass(frozen=True, slots=True)
class GatewayRefund:
    """A refund. `receipt` is the id that we gave it."""

    gateway_refund_id: str
    gateway_payment_id: str
    amount: int
    currency: str
    receipt: str
    status: str  # pending, processed, failed


@dataclass(frozen=True, slots=True)
class Mandate:
    """A customer's consent to charges without a checkout. No card data: a token of the gateway."""

    token_id: str
    customer_id: str
    method: str
    status: str  # initiated, confirmed, rejected, cancelled
    max_amount: int
    expires_at: int | None  # seconds since 1970


@dataclass(frozen=True, slots=True)
class MandateRequest:
    """The mandate that the payment of an order is to register."""

    customer_id: str
    max_amount: int  # of one charge
    expires_at: int  # seconds since 1970


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A line of the gateway's daily statement."""

    kind: str  # payment, refund
    entity_id: str
    payment_id: str | None  # of a refund
    order_id: str | None
    order_receipt: str | None
    amount: int
    currency: str
    credit: int
    debit: int
    fee: int
    tax: int
    settled_at: int  # seconds since 1970


class Gateway(Protocol):
    """A payment gateway. Every method raises CallRefused, CallNotSent or CallUnknown."""

    name: str
    key_id: str

    async def close(self) -> None:
        """Close all connections."""

    def is_checkout(self, order_id: str, gateway_payment_id: str, signature: str) -> bool:
        """Whether the checkout's signature is genuine."""

    async def create_order(
        self,
        *,
        receipt: str,
        amount: int,
        currency: str,
        notes: Mapping[str, str] = MappingProxyType({}),
        mandate: MandateRequest | None = None,
    ) -> GatewayOrder:
        """A new order. Not idempotent: look for its receipt before a retry.

        `notes`: what is paid, for its dashboard and checkout.
        """

    async def find_orders(self, receipt: str) -> Sequence[GatewayOrder]:
        """The orders under a receipt, which an earlier call without an answer may have created."""

    async def fetch_order_payments(self, order_id: str) -> Sequence[GatewayPayment]:
        """All attempts to pay an order."""

    async def fetch_payment(self, gateway_payment_id: str) -> GatewayPayment:
        """One attempt."""

    async def capture(self, gateway_payment_id: str, *, amount: int, currency: str) -> GatewayPayment:
        """Capture what was authorized, in full."""

    async def refund(self, gateway_payment_id: str, *, receipt: str, amount: int) -> GatewayRefund:
        """Refund `amount`. The same receipt again is the same refund."""

    async def fetch_refund(self, gateway_refund_id: str) -> GatewayRefund:
        """One refund."""

    async def fetch_refunds(self, gateway_payment_id: str) -> Sequence[GatewayRefund]:
        """All refunds of a payment."""

    async def create_customer(self, *, name: str, contact: str, email: str | None) -> str:
        """The gateway's id of a customer; the same one for the same contact and e-mail."""

    async def fetch_mandates(self, customer_id: str) -> Sequence[Mandate]:
        """A customer's mandates."""

    async def cancel_mandate(self, customer_id: str, token_id: str) -> None:
        """Cancel a mandate: it can't be charged again."""

    async def charge_mandate(
        self, *, order_id: str, amount: int, currency: str, customer_id: str, token_id: str, contact: str
    ) -> str:
        """Pay an order by a mandate: the id of the attempt, whose state is to be fetched."""

    async def statement(self, day: date) -> Sequence[StatementRow]:
        """What was captured and refunded on a day in India."""
