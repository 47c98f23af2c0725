"""Razorpay's shapes: entities as they are sent, events, errors, and the reading of bodies. Amounts in paise."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.faults import Refusal
from sandbox.notices import Notice

ACCOUNT: Final = "acc_GenChargeSandb0"
METHODS: Final = ("upi", "card", "netbanking")
_LARGEST_PAISE: Final = 5_00_000_00  # Razorpay's default limit of one payment: 5,00,000 rupees


def error(code: str, description: str, *, field: str | None = None, reason: str = "NA") -> dict[str, Any]:
    """An error object."""
    inner = {
        "code": code,
        "description": description,
        "source": "NA",
        "step": "NA",
        "reason": reason,
        "metadata": {},
    }
    return {"error": {**inner, "field": field} if field else inner}


def bad_request(description: str, *, field: str | None = None, status: int = 400) -> Refusal:
    """What the caller did wrong."""
    reason = "input_validation_failed" if field else "NA"
    return Refusal(status, error("BAD_REQUEST_ERROR", description, field=field, reason=reason))


def by_status(status: int, description: str) -> dict[str, Any]:
    """The error object that goes with a status of the server's own."""
    codes = {429: "BAD_REQUEST_ERROR", 502: "GATEWAY_ERROR"}
    return error(codes.get(status, "SERVER_ERROR"), description)


def integer(body: Mapping[str, Any], field: str, *, minimum: int = 100) -> int:
    """A whole number of paise."""
    value = body.get(field)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)  # A form's value, which Razorpay takes, too.
    if value is None:
        raise bad_request(f"The {field} field is required.", field=field)
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad_request(f"The {field} must be an integer.", field=field)
    if value < minimum:
        raise bad_request(f"The {field} must be atleast INR {minimum / 100:.2f}", field=field)
    if value > _LARGEST_PAISE:
        raise bad_request(f"Amount exceeds maximum amount allowed ({_LARGEST_PAISE}).", field=field)
    return value


def text(body: Mapping[str, Any], field: str, *, longest: int, needed: bool = False) -> str | None:
    """A string of at most `longest` characters, or None."""
    value = body.get(field)
    if value is None or value == "":
        if needed:
            raise bad_request(f"The {field} field is required.", field=field)
        return None
    if not isinstance(value, str):
        raise bad_request(f"The {field} must be a string.", field=field)
    if len(value) > longest:
        raise bad_request(f"The {field} may not be greater than {longest} characters.", field=field)
    return value


def currency(body: Mapping[str, Any]) -> str:
    """INR, the only one that this account takes."""
    if body.get("currency") != "INR":
        raise bad_request("Currency is not supported", field="currency")
    return "INR"


def notes(body: Mapping[str, Any]) -> str:
    """At most 15 pairs of short texts, as JSON."""
    notes_sent = body.get("notes") or {}
    if not isinstance(notes_sent, dict) or len(notes_sent) > 15:
        raise bad_request("The notes must be an object of at most 15 pairs.", field="notes")
    if any(len(str(value)) > 512 for value in notes_sent.values()):
        raise bad_request("A note may not be greater than 512 characters.", field="notes")
    return json.dumps(notes_sent)


def notes_out(row: sqlite3.Row) -> Any:
    """The notes of an entity, as they were sent."""
    return json.loads(row["notes"]) or []  # Razorpay's empty notes are a list.


def order_out(row: sqlite3.Row) -> dict[str, Any]:
    """An order entity."""
    out = {
        "id": row["id"],
        "entity": "order",
        "amount": row["amount"],
        "amount_paid": row["amount_paid"],
        "amount_due": row["amount"] - row["amount_paid"],
        "currency": row["currency"],
        "receipt": row["receipt"],
        "offer_id": None,
        "status": row["status"],
        "attempts": row["attempts"],
        "notes": notes_out(row),
        "created_at": int(row["created_at"]),
    }
    if row["mandate"]:
        out["customer_id"], out["token"] = row["customer_id"], json.loads(row["mandate"])
    return out


def payment_out(row: sqlite3.Row) -> dict[str, Any]:
    """A payment entity."""
    problem = json.loads(row["error"]) if row["error"] else {}
    refunded = row["amount_refunded"]
    number = f"{int(row['created_at'] * 1000):012d}"[-12:]
    acquirer = {
        "upi": {"rrn": number, "upi_transaction_id": row["id"].upper()},
        "card": {"auth_code": number[-6:]},
        "netbanking": {"bank_transaction_id": number},
    }
    card = {
        "id": row["id"].replace("pay_", "card_"),
        "entity": "card",
        "name": "Sandbox Customer",
        "last4": "1111",
        "network": "Visa",
        "type": "debit",
        "issuer": "HDFC",
        "international": False,
        "emi": False,
        "sub_type": "consumer",
    }
    out = {
        "id": row["id"],
        "entity": "payment",
        "amount": row["amount"],
        "currency": row["currency"],
        "status": row["status"],
        "order_id": row["order_id"],
        "invoice_id": None,
        "international": False,
        "method": row["method"],
        "amount_refunded": refunded,
        "refund_status": None if not refunded else "full" if refunded == row["amount"] else "partial",
        "captured": bool(row["captured"]),
        "description": None,
        "card_id": card["id"] if row["method"] == "card" else None,
        "bank": "HDFC" if row["method"] == "netbanking" else None,
        "wallet": None,
        "vpa": "customer@sandbox" if row["method"] == "upi" else None,
        "email": row["email"],
        "contact": row["contact"],
        "notes": notes_out(row),
        "fee": row["fee"] if row["captured"] else None,
        "tax": row["tax"] if row["captured"] else None,
        "error_code": problem.get("code"),
        "error_description": problem.get("description"),
        "error_source": problem.get("source"),
        "error_step": problem.get("step"),
        "error_reason": problem.get("reason"),
        "acquirer_data": acquirer[row["method"]] if row["status"] not in {"created", "failed"} else {},
        "created_at": int(row["created_at"]),
    }
    if row["method"] == "card":
        out["card"] = card
    if row["customer_id"]:
        out["customer_id"], out["token_id"] = row["customer_id"], row["token_id"]
    return out


def refund_out(row: sqlite3.Row) -> dict[str, Any]:
    """A refund entity."""
    return {
        "id": row["id"],
        "entity": "refund",
        "amount": row["amount"],
        "currency": row["currency"],
        "payment_id": row["payment_id"],
        "notes": notes_out(row),
        "receipt": row["receipt"],
        "acquirer_data": {"arn": f"{int(row['created_at'] * 1000):014d}"[-14:]},
        "created_at": int(row["created_at"]),
        "batch_id": None,
        "status": row["status"],
        "speed_processed": "instant" if row["speed"] == "optimum" else "normal",
        "speed_requested": row["speed"],
    }


def customer_out(row: sqlite3.Row) -> dict[str, Any]:
    """A customer entity."""
    return {
        "id": row["id"],
        "entity": "customer",
        "name": row["name"],
        "email": row["email"],
        "contact": row["contact"],
        "gstin": None,
        "notes": notes_out(row),
        "created_at": int(row["created_at"]),
    }


def token_out(row: sqlite3.Row) -> dict[str, Any]:
    """A token entity: the mandate that a customer gave."""
    return {
        "id": row["id"],
        "entity": "token",
        "token": row["id"].removeprefix("token_"),
        "bank": None,
        "wallet": None,
        "method": row["method"],
        "recurring": row["status"] == "confirmed",
        "recurring_details": {"status": row["status"], "failure_reason": None},
        "auth_type": None,
        "max_amount": row["max_amount"],
        "frequency": row["frequency"],
        "customer_id": row["customer_id"],
        "used_at": int(row["used_at"]) if row["used_at"] else None,
        "created_at": int(row["created_at"]),
        "expired_at": row["expire_at"],
        "dcc_enabled": False,
    }


def collection(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A list of entities."""
    return {"entity": "collection", "count": len(items), "items": list(items)}


def event(name: str, created_at: float, **entities: Mapping[str, Any]) -> Notice:
    """A webhook's body: a snapshot of the entities at this moment."""
    return Notice(
        name,
        {
            "entity": "event",
            "account_id": ACCOUNT,
            "event": name,
            "contains": list(entities),
            "payload": {kind: {"entity": entity} for kind, entity in entities.items()},
            "created_at": int(created_at),
        },
    )
