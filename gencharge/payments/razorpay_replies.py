"""What Razorpay answers, read strictly: an answer that lacks a field, or has one of another type, proves nothing.

Each reader raises KeyError or ValueError for what it can't read. Amounts are in paise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from gencharge.core.values.text import printable
from gencharge.payments.gateway import GatewayOrder, GatewayPayment, GatewayRefund, Mandate, StatementRow

# More is not stored, and is nobody's money.
_MAX_PAISE: Final = 2**53
T = TypeVar("T")
Json = Mapping[str, object]


def json_object(value: object) -> Json:
    """A JSON object. Raises ValueError for anything else."""
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def each(read: Callable[[Json], T]) -> Callable[[Json], list[T]]:
    """Reads each object of a list: `{"items": [...]}`."""

    def items(reply: Json) -> list[T]:
        rows = reply["items"]
        if not isinstance(rows, list):
            raise ValueError("items")
        return [read(json_object(row)) for row in rows]

    return items


def text(reply: Json, name: str) -> str:
    """A text of 1 to 200 characters that can be stored. Raises ValueError for anything else, KeyError if it is missing."""
    value = reply[name]
    if not isinstance(value, str) or not value or len(value) > 200 or not value.isprintable():
        raise ValueError(name)
    return value


def maybe_text(reply: Json, name: str) -> str:
    """A text, as much of it as can be stored; empty if there is none."""
    value = reply.get(name)
    return printable(value)[:200] if isinstance(value, str) else ""


def paise(reply: Json, name: str) -> int:
    """An amount. Raises ValueError for anything else, KeyError if it is missing."""
    value = reply[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MAX_PAISE:
        raise ValueError(name)
    return value


def order(reply: Json) -> GatewayOrder:
    """An order."""
    return GatewayOrder(
        order_id=text(reply, "id"),
        amount=paise(reply, "amount"),
        currency=text(reply, "currency"),
        receipt=maybe_text(reply, "receipt"),
        status=text(reply, "status"),
    )


_REFERENCE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def payment(reply: Json) -> GatewayPayment:
    """A payment."""
    return GatewayPayment(
        gateway_payment_id=text(reply, "id"),
        order_id=text(reply, "order_id"),
        amount=paise(reply, "amount"),
        currency=text(reply, "currency"),
        status=text(reply, "status"),
        amount_refunded=0 if reply.get("amount_refunded") is None else paise(reply, "amount_refunded"),
        method=maybe_text(reply, "method"),
        error_reason=maybe_text(reply, "error_reason") or maybe_text(reply, "error_code"),
        token_id=maybe_text(reply, "token_id") or None,
        bank_reference=bank_reference(reply),
    )


def bank_reference(entity: Json) -> str | None:
    """What the bank calls a payment: the RRN of UPI, the transaction of net banking. None for cards, or while nothing was paid.

    Source: Razorpay's payment entity, `acquirer_data`.
    """
    acquirer = entity.get("acquirer_data")
    if not isinstance(acquirer, dict):
        return None
    for name in ("rrn", "utr", "bank_transaction_id"):
        value = acquirer.get(name)
        if isinstance(value, str) and _REFERENCE.fullmatch(value):
            return value
    return None


def refund(reply: Json) -> GatewayRefund:
    """A refund."""
    return GatewayRefund(
        gateway_refund_id=text(reply, "id"),
        gateway_payment_id=text(reply, "payment_id"),
        amount=paise(reply, "amount"),
        currency=text(reply, "currency"),
        receipt=maybe_text(reply, "receipt"),
        status=text(reply, "status"),
    )


def mandate(reply: Json) -> Mandate:
    """A token of a mandate."""
    expires = reply.get("expired_at")
    return Mandate(
        token_id=text(reply, "id"),
        customer_id=text(reply, "customer_id"),
        method=maybe_text(reply, "method"),
        status=text(json_object(reply["recurring_details"]), "status"),
        max_amount=paise(reply, "max_amount"),
        expires_at=expires if isinstance(expires, int) else None,
    )


def statement_row(reply: Json) -> StatementRow:
    """A row of a settlement's statement."""
    return StatementRow(
        kind=text(reply, "type"),
        entity_id=text(reply, "entity_id"),
        payment_id=maybe_text(reply, "payment_id") or None,
        order_id=maybe_text(reply, "order_id") or None,
        order_receipt=maybe_text(reply, "order_receipt") or None,
        amount=paise(reply, "amount"),
        currency=text(reply, "currency"),
        credit=paise(reply, "credit"),
        debit=paise(reply, "debit"),
        fee=paise(reply, "fee"),
        tax=paise(reply, "tax"),
        settled_at=paise(reply, "settled_at"),
    )
