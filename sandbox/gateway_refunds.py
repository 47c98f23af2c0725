"""Refunds and recurring payments: what the caller asks of a payment or a token that is there. Amounts in paise."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from sandbox import gateway_mandates, notices, signing
from sandbox import gateway_payments as payments
from sandbox import gateway_wire as wire
from sandbox.gateway_outcomes import Sent
from sandbox.parts import Sandbox
from sandbox.scripts import Script
from sandbox.store import find, insert, new_id

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{10,}\Z")


def refund(
    sandbox: Sandbox, payment_id: str, body: Mapping[str, Any], key: str | None, script: Script | None
) -> dict[str, Any]:
    """`POST /v1/payments/{id}/refund`: all that is left, or `amount` of it.

    A repetition with the same X-Refund-Idempotency gets the first refund; a receipt that was used is refused, so that
    either of them keeps a repeated request from refunding twice.
    """
    with sandbox.store.transaction() as db:
        row = payments.payment(db, payment_id)
        digest = hashlib.sha256(json.dumps([payment_id, dict(body)], sort_keys=True).encode()).hexdigest()
        if key is not None and (known := _replay(db, key, digest)):
            return wire.refund_out(known)
        amount = _refundable(row, body)
        receipt = wire.text(body, "receipt", longest=40)
        if receipt and db.execute("SELECT 1 FROM refunds WHERE receipt = ?", (receipt,)).fetchone():
            raise wire.bad_request("The receipt has already been used for a refund.", field="receipt")
        speed = body.get("speed", "normal")
        if speed not in {"normal", "optimum"}:
            raise wire.bad_request("The speed must be normal or optimum.", field="speed")
        if script and script.name == "decline":
            raise wire.bad_request(script.reason or "The refund was declined.")
        refund_id = new_id("rfnd")
        insert(
            db,
            "refunds",
            id=refund_id,
            payment_id=payment_id,
            amount=amount,
            currency=row["currency"],
            receipt=receipt,
            status="pending",
            speed=speed,
            notes=wire.notes(body),
            created_at=sandbox.now,
        )
        if key is not None:
            insert(db, "idempotency", key=key, digest=digest, refund_id=refund_id)
        refunded = row["amount_refunded"] + amount
        db.execute(
            "UPDATE payments SET amount_refunded = ?, status = ? WHERE id = ?",
            (refunded, "refunded" if refunded == row["amount"] else "captured", row["id"]),
        )
        REFUNDS.begin(sandbox, refund_id, script)
        return wire.refund_out(one(db, refund_id))


def _replay(db: sqlite3.Connection, key: str, digest: str) -> sqlite3.Row | None:
    if not _KEY.match(key):
        raise wire.bad_request(
            "The idempotency key must have at least 10 letters, digits, hyphens or underscores."
        )
    row = db.execute("SELECT * FROM idempotency WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row["digest"] != digest:
        raise wire.bad_request("Different request with the same idempotency key has already been processed.")
    return one(db, row["refund_id"])


def _refundable(payment: sqlite3.Row, body: Mapping[str, Any]) -> int:
    if not payment["captured"]:
        raise wire.bad_request("The payment status should be captured for action to be taken")
    left = payment["amount"] - payment["amount_refunded"]
    if left == 0:
        raise wire.bad_request("The payment has been fully refunded already")
    amount = wire.integer(body, "amount") if body.get("amount") is not None else left
    if amount > left:
        raise wire.bad_request("The refund amount provided is greater than amount captured", field="amount")
    return amount


def _settle(sandbox: Sandbox, refund_id: str, succeeds: bool) -> None:
    db = sandbox.db
    db.execute(
        "UPDATE refunds SET status = ?, processed_at = ? WHERE id = ?",
        ("processed" if succeeds else "failed", sandbox.now if succeeds else None, refund_id),
    )
    if not succeeds:
        row = one(db, refund_id)
        db.execute(
            "UPDATE payments SET amount_refunded = amount_refunded - ?, status = 'captured' WHERE id = ?",
            (row["amount"], row["payment_id"]),
        )


def _event(sandbox: Sandbox, name: str, refund_id: str, overrides: Mapping[str, str]) -> notices.Notice:
    row = one(sandbox.db, refund_id)
    payment = wire.payment_out(payments.payment(sandbox.db, row["payment_id"]))
    return wire.event(name, sandbox.now, refund={**wire.refund_out(row), **overrides}, payment=payment)


def one(db: sqlite3.Connection, refund_id: str) -> sqlite3.Row:
    """The refund, or Razorpay's answer to an unknown id."""
    row = find(db, "refunds", refund_id)
    if row is None:
        raise wire.bad_request("The id provided does not exist")
    return row


REFUNDS: Final = Sent(
    kind="refund",
    begun="refund.created",
    arrived="refund.processed",
    undone="refund.failed",
    find=one,
    reference="receipt",
    settle=_settle,
    event=_event,
)


def of_payment(db: sqlite3.Connection, payment_id: str) -> dict[str, Any]:
    """`GET /v1/payments/{id}/refunds`."""
    payments.payment(db, payment_id)
    rows = db.execute("SELECT * FROM refunds WHERE payment_id = ? ORDER BY created_at DESC", (payment_id,))
    return wire.collection([wire.refund_out(row) for row in rows])


def recurring(sandbox: Sandbox, body: Mapping[str, Any], script: Script | None) -> dict[str, Any]:
    """`POST /v1/payments/create/recurring`: charge a confirmed token for an order, without the customer."""
    amount = wire.integer(body, "amount")
    wire.currency(body)
    order_id = wire.text(body, "order_id", longest=40, needed=True) or ""
    with sandbox.store.transaction() as db:
        order = payments.order(db, order_id)
        if amount != order["amount"]:
            raise wire.bad_request("Payment amount is different from the order amount", field="amount")
        token = gateway_mandates.charge(db, sandbox.now, body, amount)
        row = payments.begin(
            sandbox,
            order,
            script,
            method=token["method"],
            contact=wire.text(body, "contact", longest=15),
            email=wire.text(body, "email", longest=64),
            token_id=token["id"],
        )
    return {
        "razorpay_payment_id": row["id"],
        "razorpay_order_id": order_id,
        "razorpay_signature": signing.checkout_signature(sandbox.config.key_secret, order_id, row["id"]),
    }
