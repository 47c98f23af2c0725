"""Customers and their tokens: mandates by which later payments need no checkout. Amounts in paise."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from sandbox import gateway_wire as wire
from sandbox import notices
from sandbox.parts import Sandbox
from sandbox.scripts import GATEWAY, Script
from sandbox.store import find, insert, new_id

_DEFAULT_MAX_PAISE: Final = 15_000_00  # RBI's limit without a further factor


def create_customer(sandbox: Sandbox, body: Mapping[str, Any]) -> dict[str, Any]:
    """`POST /v1/customers`; a known one (contact and e-mail) is refused, or returned with fail_existing=0."""
    name, email = wire.text(body, "name", longest=50), wire.text(body, "email", longest=64)
    contact, notes = wire.text(body, "contact", longest=15), wire.notes(body)
    with sandbox.store.transaction() as db:
        known = db.execute(
            "SELECT * FROM customers WHERE contact IS ? AND email IS ?", (contact, email)
        ).fetchone()
        if known is not None:
            if str(body.get("fail_existing", "1")) == "0":
                return wire.customer_out(known)
            raise wire.bad_request("Customer already exists for the merchant")
        customer_id = new_id("cust")
        insert(
            db,
            "customers",
            id=customer_id,
            name=name,
            email=email,
            contact=contact,
            notes=notes,
            created_at=sandbox.now,
        )
        return wire.customer_out(customer(db, customer_id))


def customer(db: sqlite3.Connection, customer_id: str) -> sqlite3.Row:
    """The customer, or Razorpay's answer to an unknown id."""
    row = find(db, "customers", customer_id)
    if row is None:
        raise wire.bad_request("The id provided does not exist")
    return row


def read_registration(db: sqlite3.Connection, body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Of an order's body: the customer, and the mandate that its payment is to register (JSON)."""
    customer_id, mandate = wire.text(body, "customer_id", longest=40), body.get("token")
    if customer_id:
        customer(db, customer_id)
    if mandate is None:
        return customer_id, None
    if not customer_id:
        raise wire.bad_request("The customer id field is required.", field="customer_id")
    if not isinstance(mandate, dict):
        raise wire.bad_request("The token must be an object.", field="token")
    maximum = wire.integer(mandate, "max_amount") if "max_amount" in mandate else _DEFAULT_MAX_PAISE
    return customer_id, json.dumps({**mandate, "max_amount": maximum})


def confirm(sandbox: Sandbox, order: sqlite3.Row, payment_id: str, script: Script | None) -> None:
    """Make the token that the order asked for, once its payment succeeds."""
    if not order["mandate"]:
        return
    db, asked, token_id = sandbox.db, json.loads(order["mandate"]), new_id("token")
    method = db.execute("SELECT method FROM payments WHERE id = ?", (payment_id,)).fetchone()["method"]
    expires = asked.get("expire_at")
    insert(
        db,
        "tokens",
        id=token_id,
        customer_id=order["customer_id"],
        method=method,
        status="confirmed",
        max_amount=asked["max_amount"],
        frequency=asked.get("frequency", "as_presented"),
        expire_at=expires if isinstance(expires, int) else int(sandbox.now) + 10 * 365 * 86400,
        created_at=sandbox.now,
    )
    db.execute("UPDATE payments SET token_id = ? WHERE id = ?", (token_id, payment_id))
    _announce(sandbox, "token.confirmed", token_id, script)


def _announce(sandbox: Sandbox, name: str, token_id: str, script: Script | None) -> None:
    row = find(sandbox.db, "tokens", token_id)
    assert row is not None
    notice = wire.event(name, sandbox.now, token=wire.token_out(row))
    facts = {"reference": row["customer_id"]}
    notices.post(sandbox.db, GATEWAY, [notice], script, now=sandbox.now, subject=token_id, facts=facts)


def list_tokens(db: sqlite3.Connection, customer_id: str) -> dict[str, Any]:
    """`GET /v1/customers/{id}/tokens`."""
    customer(db, customer_id)
    rows = db.execute("SELECT * FROM tokens WHERE customer_id = ? ORDER BY created_at DESC", (customer_id,))
    return wire.collection([wire.token_out(row) for row in rows])


def token(db: sqlite3.Connection, customer_id: str, token_id: str) -> sqlite3.Row:
    """The customer's token, or Razorpay's answer to an unknown id."""
    row = find(db, "tokens", token_id)
    if row is None or row["customer_id"] != customer_id:
        raise wire.bad_request("The id provided does not exist")
    return row


def cancel(sandbox: Sandbox, customer_id: str, token_id: str) -> dict[str, Any]:
    """`DELETE /v1/customers/{id}/tokens/{id}`."""
    with sandbox.store.transaction() as db:
        if token(db, customer_id, token_id)["status"] != "cancelled":
            db.execute("UPDATE tokens SET status = 'cancelled' WHERE id = ?", (token_id,))
            _announce(sandbox, "token.cancelled", token_id, None)
    return {"deleted": True}


def charge(db: sqlite3.Connection, now: float, body: Mapping[str, Any], amount: int) -> sqlite3.Row:
    """The token that a recurring payment of `amount` names, fit to be charged."""
    customer_id = wire.text(body, "customer_id", longest=40, needed=True)
    token_id = wire.text(body, "token", longest=40, needed=True)
    row = token(db, customer_id or "", token_id or "")
    if row["status"] != "confirmed" or (row["expire_at"] and row["expire_at"] < now):
        raise wire.bad_request("The token is not confirmed for recurring payments.", field="token")
    if amount > row["max_amount"]:
        raise wire.bad_request("The amount exceeds the maximum amount of the token.", field="amount")
    db.execute("UPDATE tokens SET used_at = ? WHERE id = ?", (now, token_id))
    return row
