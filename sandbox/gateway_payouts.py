"""RazorpayX: contacts, fund accounts, their check with the bank, and payouts. Amounts in paise.

A UPI id that begins with `unknown` and an account that ends in `0000` are not known to the bank; `slow` at the beginning, or `1111` at the
end: the bank has not answered yet. The holder's name is the contact's.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from sandbox import gateway_wire as wire
from sandbox import notices
from sandbox.gateway_outcomes import Sent
from sandbox.parts import Sandbox
from sandbox.scripts import Script
from sandbox.store import find, insert, new_id

ACCOUNT: Final = "2323230000000001"
_MODES: Final = ("UPI", "IMPS", "NEFT", "RTGS")
_LONGEST_REFERENCE: Final = 40


def create_contact(sandbox: Sandbox, body: Mapping[str, Any]) -> dict[str, Any]:
    """`POST /v1/contacts`."""
    name = wire.text(body, "name", longest=50, needed=True)
    contact_id = new_id("cont")
    with sandbox.store.transaction() as db:
        insert(db, "contacts", id=contact_id, name=name, created_at=sandbox.now)
    return {"id": contact_id, "entity": "contact", "name": name, "active": True}


def create_fund_account(sandbox: Sandbox, body: Mapping[str, Any]) -> dict[str, Any]:
    """`POST /v1/fund_accounts`: a VPA or a bank account of a contact."""
    contact_id = wire.text(body, "contact_id", longest=40, needed=True) or ""
    kind = body.get("account_type")
    if kind == "vpa":
        address = wire.text(_inner(body, "vpa"), "address", longest=100, needed=True) or ""
        if "@" not in address:
            raise wire.bad_request(
                "Invalid VPA. Please enter a valid Virtual Payment Address", field="address"
            )
    elif kind == "bank_account":
        bank = _inner(body, "bank_account")
        address = wire.text(bank, "account_number", longest=35, needed=True) or ""
        ifsc = wire.text(bank, "ifsc", longest=11, needed=True) or ""
        wire.text(bank, "name", longest=120, needed=True)
        if len(ifsc) != 11:
            raise wire.bad_request("Invalid IFSC Code", field="ifsc")
    else:
        raise wire.bad_request("The account type must be vpa or bank_account.", field="account_type")
    with sandbox.store.transaction() as db:
        if find(db, "contacts", contact_id) is None:
            raise wire.bad_request("The id provided does not exist")
        account_id = new_id("fa")
        insert(
            db,
            "fund_accounts",
            id=account_id,
            contact_id=contact_id,
            kind=kind,
            address=address,
            created_at=sandbox.now,
        )
    return {"id": account_id, "entity": "fund_account", "account_type": kind, "active": True}


def _inner(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = body.get(name)
    if not isinstance(inner, dict):
        raise wire.bad_request(f"The {name} field is required.", field=name)
    return inner


def validate(sandbox: Sandbox, body: Mapping[str, Any]) -> dict[str, Any]:
    """`POST /v1/fund_accounts/validations`: whether the bank knows the account, and whose it is."""
    _own_account(body)
    account = _fund_account(sandbox.db, str(_inner(body, "fund_account").get("id")))
    address = account["address"]
    answer: dict[str, Any] = {"id": new_id("fav"), "entity": "fund_account.validation", "status": "completed"}
    if address.startswith("slow") or address.endswith("1111"):
        return answer | {"status": "created", "results": {"account_status": None, "registered_name": None}}
    if address.startswith("unknown") or address.endswith("0000"):
        return answer | {"results": {"account_status": "invalid", "registered_name": None}}
    contact = find(sandbox.db, "contacts", account["contact_id"])
    name = contact["name"] if contact is not None else ""
    return answer | {"results": {"account_status": "active", "registered_name": name}}


def create(
    sandbox: Sandbox, body: Mapping[str, Any], key: str | None, script: Script | None
) -> dict[str, Any]:
    """`POST /v1/payouts`. A repetition with the same X-Payout-Idempotency gets the first payout."""
    _own_account(body)
    amount, reference = wire.integer(body, "amount"), body.get("reference_id")
    wire.currency(body)
    if body.get("mode") not in _MODES:
        raise wire.bad_request(f"The mode must be one of {', '.join(_MODES)}.", field="mode")
    if not isinstance(reference, str) or not 0 < len(reference) <= _LONGEST_REFERENCE:
        raise wire.bad_request(
            "The reference id may not be greater than 40 characters.", field="reference_id"
        )
    digest = json.dumps(dict(body), sort_keys=True)
    with sandbox.store.transaction() as db:
        known = db.execute("SELECT * FROM payouts WHERE key = ?", (key,)).fetchone() if key else None
        if known is not None:
            if known["digest"] != digest:
                raise wire.bad_request(
                    "Different request with the same idempotency key has already been processed."
                )
            return _out(known)
        account = _fund_account(db, str(body.get("fund_account_id")))
        if script and script.name == "decline":
            raise wire.bad_request(script.reason or "The payout was declined.")
        payout_id = new_id("pout")
        insert(
            db,
            "payouts",
            id=payout_id,
            fund_account_id=account["id"],
            amount=amount,
            mode=body["mode"],
            reference=reference,
            status="processing",
            key=key,
            digest=digest,
            created_at=sandbox.now,
            notes=wire.notes(body),
        )
        PAYOUTS.begin(sandbox, payout_id, script)
        return _out(one(db, payout_id))


def _settle(sandbox: Sandbox, payout_id: str, succeeds: bool) -> None:
    """The bank has the money, or gives it back, also after it had it."""
    sandbox.db.execute(
        "UPDATE payouts SET status = ?, utr = ?, reason = ? WHERE id = ?",
        (
            "processed" if succeeds else "reversed",
            f"SBXN{payout_id[-12:]}".upper() if succeeds else None,
            None if succeeds else "beneficiary_bank_rejected",
            payout_id,
        ),
    )


def _event(sandbox: Sandbox, name: str, payout_id: str, overrides: Mapping[str, str]) -> notices.Notice:
    return wire.event(name, sandbox.now, payout={**_out(one(sandbox.db, payout_id)), **overrides})


def list_by_reference(db: sqlite3.Connection, reference: str) -> dict[str, Any]:
    """`GET /v1/payouts?reference_id=`."""
    rows = db.execute("SELECT * FROM payouts WHERE reference = ? ORDER BY created_at DESC", (reference,))
    return wire.collection([_out(row) for row in rows])


def show(db: sqlite3.Connection, payout_id: str) -> dict[str, Any]:
    """`GET /v1/payouts/{id}`."""
    return _out(one(db, payout_id))


def one(db: sqlite3.Connection, payout_id: str) -> sqlite3.Row:
    """The payout, or Razorpay's answer to an unknown id."""
    row = find(db, "payouts", payout_id)
    if row is None:
        raise wire.bad_request("The id provided does not exist")
    return row


PAYOUTS: Final = Sent(
    kind="payout",
    begun="payout.initiated",
    arrived="payout.processed",
    undone="payout.reversed",
    find=one,
    reference="reference",
    settle=_settle,
    event=_event,
)


def _own_account(body: Mapping[str, Any]) -> None:
    if body.get("account_number") != ACCOUNT:
        raise wire.bad_request("The account number is not yours.", field="account_number")


def _fund_account(db: sqlite3.Connection, account_id: str) -> sqlite3.Row:
    row = find(db, "fund_accounts", account_id)
    if row is None:
        raise wire.bad_request("The id provided does not exist", field="fund_account_id")
    return row


def _out(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "entity": "payout",
        "fund_account_id": row["fund_account_id"],
        "amount": row["amount"],
        "currency": "INR",
        "mode": row["mode"],
        "reference_id": row["reference"],
        "status": row["status"],
        "utr": row["utr"],
        "status_details": {"reason": row["reason"]},
        "notes": wire.notes_out(row),
    }
