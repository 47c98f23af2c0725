"""Orders and payments, as the gateway keeps them. Amounts in paise."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from sandbox import gateway_mandates, notices, scripts, signing
from sandbox import gateway_wire as wire
from sandbox.parts import Sandbox
from sandbox.scripts import GATEWAY, KINDS, Script
from sandbox.store import find, insert, new_id

# What the buttons of the checkout page do.
OUTCOMES: Final[Mapping[str, str | None]] = {
    "succeed": None,
    "fail": "decline",
    "time_out": "pending",
    "late_success": "late_success",
    "duplicate_webhook": "duplicate_callback",
}
# 2 % and 18 % GST on it; UPI is free by law.
_FEE_BASIS_POINTS: Final = 200
_GST_PERCENT: Final = 18
_DECLINED: Final = {
    "code": "BAD_REQUEST_ERROR",
    "description": "Payment was declined by the customer's bank.",
    "source": "bank",
    "step": "payment_authorization",
    "reason": "payment_failed",
}
_NO_ANSWER: Final = {
    "code": "GATEWAY_ERROR",
    "description": "The bank has not answered yet. If money was taken, the payment is confirmed or given back later.",
    "source": "bank",
    "step": "payment_authorization",
    "reason": "payment_pending",
}


def create_order(sandbox: Sandbox, body: Mapping[str, Any], script: Script | None) -> dict[str, Any]:
    """`POST /v1/orders`. Not idempotent, as the real one is not: a caller looks a lost order up by its receipt."""
    amount, currency = wire.integer(body, "amount"), wire.currency(body)
    receipt, notes = wire.text(body, "receipt", longest=40), wire.notes(body)
    if script and script.name == "decline":
        raise wire.bad_request(script.reason or "The order was declined.")
    with sandbox.store.transaction() as db:
        customer_id, mandate = gateway_mandates.read_registration(db, body)
        order_id = new_id("order")
        insert(
            db,
            "orders",
            id=order_id,
            amount=amount,
            currency=currency,
            receipt=receipt,
            notes=notes,
            capture=_captures(body),
            customer_id=customer_id,
            method=body.get("method"),
            mandate=mandate,
            created_at=sandbox.now,
        )
        return wire.order_out(order(db, order_id))


def _captures(body: Mapping[str, Any]) -> bool:
    """Whether a payment is captured by itself; if the order doesn't say, the account's setting counts: yes."""
    nested = body.get("payment")
    if isinstance(nested, dict) and "capture" in nested:
        return bool(nested["capture"] == "automatic")
    return body.get("payment_capture", 1) in {1, "1", "true"}


def order(db: sqlite3.Connection, order_id: str) -> sqlite3.Row:
    """The order, or Razorpay's answer to an unknown id."""
    row = find(db, "orders", order_id)
    if row is None:
        raise wire.bad_request("The id provided does not exist")
    return row


def payment(db: sqlite3.Connection, payment_id: str) -> sqlite3.Row:
    """The payment, or Razorpay's answer to an unknown id."""
    row = find(db, "payments", payment_id)
    if row is None:
        raise wire.bad_request("The id provided does not exist")
    return row


def pay(
    sandbox: Sandbox,
    order_id: str,
    *,
    method: str,
    outcome: str,
    seconds: float | None = None,
    contact: str | None = None,
    email: str | None = None,
) -> sqlite3.Row:
    """The customer pays in the checkout. Returns the payment: captured, authorized, failed, or created (pending)."""
    with sandbox.store.transaction() as db:
        row = order(db, order_id)
        name = OUTCOMES[outcome]
        if name is None:
            script = scripts.choose(db, GATEWAY, "payment", facts_of(row))
        else:
            kind = KINDS[name]
            script = Script(kind, kind.seconds if seconds is None else seconds, kind.count)
        return begin(sandbox, row, script, method=method, contact=contact, email=email)


def begin(
    sandbox: Sandbox,
    order_row: sqlite3.Row,
    script: Script | None,
    *,
    method: str,
    contact: str | None,
    email: str | None,
    token_id: str | None = None,
) -> sqlite3.Row:
    """A new payment of an order, in the caller's transaction, as far as it gets for now."""
    db, order_id = sandbox.db, order_row["id"]
    if order_row["status"] == "paid":
        raise wire.bad_request("Payment already done for this order.")
    payment_id = new_id("pay")
    insert(
        db,
        "payments",
        id=payment_id,
        order_id=order_id,
        amount=order_row["amount"],
        currency=order_row["currency"],
        method=method,
        email=email or "customer@example.com",
        contact=contact or "+919000001001",
        notes=order_row["notes"],
        customer_id=order_row["customer_id"],
        token_id=token_id,
        created_at=sandbox.now,
    )
    db.execute("UPDATE orders SET attempts = attempts + 1, status = 'attempted' WHERE id = ?", (order_id,))
    name = script.name if script else ""
    if name == "decline":
        _fail(sandbox, payment_id, script)
    elif script and name in {"late_success", "late_failure"}:
        sandbox.courier.put_off(
            script.seconds, "payment", payment_id=payment_id, succeeds=name == "late_success"
        )
    elif name != "pending":
        _succeed(sandbox, payment_id, script)
    return payment(db, payment_id)


def finish_late(sandbox: Sandbox, arguments: Mapping[str, Any]) -> None:
    """What was put off comes true, in the courier's transaction."""
    if arguments["succeeds"]:
        _succeed(sandbox, arguments["payment_id"], None)
    else:
        _fail(sandbox, arguments["payment_id"], None)


def _fail(sandbox: Sandbox, payment_id: str, script: Script | None) -> None:
    problem = {**_DECLINED, "description": script.reason} if script and script.reason else _DECLINED
    sandbox.db.execute(
        "UPDATE payments SET status = 'failed', error = ? WHERE id = ?", (json.dumps(problem), payment_id)
    )
    announce(sandbox, payment_id, ["payment.failed"], script)


def _succeed(sandbox: Sandbox, payment_id: str, script: Script | None) -> None:
    db = sandbox.db
    db.execute("UPDATE payments SET status = 'authorized' WHERE id = ?", (payment_id,))
    authorized = wire.payment_out(payment(db, payment_id))
    row = order(db, authorized["order_id"])
    first = wire.event("payment.authorized", sandbox.now, payment=authorized)
    paid = row["status"] == "paid"
    if not paid:
        gateway_mandates.confirm(sandbox, row, payment_id, script)
    # A second payment of one order, such as one that succeeds late, is never captured by itself.
    if paid or not row["capture"]:
        announce(sandbox, payment_id, [first], script)
        return
    _capture(sandbox, payment_id)
    announce(sandbox, payment_id, [first, "payment.captured", "order.paid"], script)


def capture(
    sandbox: Sandbox, payment_id: str, body: Mapping[str, Any], script: Script | None
) -> dict[str, Any]:
    """`POST /v1/payments/{id}/capture`: take the whole amount that was authorized."""
    with sandbox.store.transaction() as db:
        row = payment(db, payment_id)
        amount = wire.integer(body, "amount")
        wire.currency(body)
        if script and script.name == "decline":
            raise wire.bad_request(script.reason or "The capture was declined.")
        if row["captured"]:
            raise wire.bad_request("This payment has already been captured")
        if row["status"] != "authorized":
            raise wire.bad_request(
                "Only payments which have been authorized and not yet captured can be captured"
            )
        if amount != row["amount"]:
            raise wire.bad_request("Capture amount must be equal to the amount authorized", field="amount")
        if order(db, row["order_id"])["status"] == "paid":
            raise wire.bad_request("The order of this payment is paid already")
        _capture(sandbox, payment_id)
        announce(sandbox, payment_id, ["payment.captured", "order.paid"], script)
        return wire.payment_out(payment(db, payment_id))


def _capture(sandbox: Sandbox, payment_id: str) -> None:
    row = payment(sandbox.db, payment_id)
    fee = 0 if row["method"] == "upi" else (row["amount"] * _FEE_BASIS_POINTS + 5_000) // 10_000
    tax = (fee * _GST_PERCENT + 50) // 100
    sandbox.db.execute(
        "UPDATE payments SET status = 'captured', captured = 1, fee = ?, tax = ?, captured_at = ? WHERE id = ?",
        (fee + tax, tax, sandbox.now, payment_id),
    )
    sandbox.db.execute(
        "UPDATE orders SET status = 'paid', amount_paid = amount WHERE id = ?", (row["order_id"],)
    )


def announce(
    sandbox: Sandbox, payment_id: str, events: list[str | notices.Notice], script: Script | None
) -> None:
    """Queue webhooks about a payment; an event given by name shows it as it is now."""
    db, now = sandbox.db, sandbox.now
    row = payment(db, payment_id)
    order_row, shown = order(db, row["order_id"]), wire.payment_out(row)
    ready = []
    for event in events:
        if isinstance(event, notices.Notice):
            ready.append(event)
        elif event == "order.paid":
            ready.append(wire.event(event, now, payment=shown, order=wire.order_out(order_row)))
        else:
            ready.append(wire.event(event, now, payment=shown))
    wrong = {**shown, "status": "failed", "captured": False, "error_code": "BAD_REQUEST_ERROR"}
    contrary = wire.event("payment.failed", now, payment=wrong)
    facts = facts_of(order_row)
    notices.post(db, GATEWAY, ready, script, now=now, subject=payment_id, facts=facts, contrary=contrary)


def handed_back(sandbox: Sandbox, row: sqlite3.Row) -> dict[str, str]:
    """What the checkout gives the shop: ids and signature of a good payment, or an error."""
    ids = {"razorpay_order_id": row["order_id"], "razorpay_payment_id": row["id"]}
    if row["status"] in {"authorized", "captured"}:
        signature = signing.checkout_signature(sandbox.config.key_secret, row["order_id"], row["id"])
        return {**ids, "razorpay_signature": signature}
    problem = json.loads(row["error"]) if row["error"] else _NO_ANSWER
    return {**ids, **{f"error[{name}]": str(value) for name, value in problem.items()}}


def facts_of(order_row: sqlite3.Row) -> dict[str, Any]:
    """What a script may match on."""
    phone = json.loads(order_row["notes"]).get("phone_number")
    return {"amount": order_row["amount"], "reference": order_row["receipt"], "phone_number": phone}
