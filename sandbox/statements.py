"""Daily statements of both sides, and what a script does to them. Days are days in India; amounts in paise."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from gencharge.core.values.clock import IST, start_of_day
from sandbox import scripts
from sandbox.parts import Sandbox
from sandbox.scripts import GATEWAY, Family, Script

CSV_COLUMNS: Final = (
    "reference",
    "operator_reference",
    "operator",
    "phone_number",
    "amount_paise",
    "commission_paise",
    "status",
    "completed_at",
)


def span(first: date, last: date) -> tuple[float, float]:
    """From the start of `first` to the end of `last` in India, in seconds since 1970."""
    return start_of_day(first).timestamp(), start_of_day(last + timedelta(days=1)).timestamp()


def month_or_day(year: int, month: int, day: int | None) -> tuple[float, float]:
    """The span that a settlement report asks for. ValueError for a date that there isn't."""
    if day is not None:
        only = date(year, month, day)
        return span(only, only)
    first = date(year, month, 1)
    return span(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def settlements(sandbox: Sandbox, start: float, end: float, *, count: int, skip: int) -> list[dict[str, Any]]:
    """Rows of `GET /v1/settlements/recon/combined`: each captured payment and processed refund, settled at once."""
    rows = sandbox.db.execute(
        """SELECT 'payment' AS type, p.id, p.amount, p.currency, p.fee, p.tax, p.created_at, p.captured_at AS at,
                  NULL AS payment_id, p.order_id, o.receipt, p.method, p.notes, NULL AS refund_receipt
           FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.captured_at >= :start AND p.captured_at < :end
           UNION ALL
           SELECT 'refund', r.id, r.amount, r.currency, 0, 0, r.created_at, r.processed_at, r.payment_id, p.order_id,
                  o.receipt, p.method, r.notes, r.receipt
           FROM refunds r JOIN payments p ON p.id = r.payment_id JOIN orders o ON o.id = p.order_id
           WHERE r.processed_at >= :start AND r.processed_at < :end
           ORDER BY at, 2 LIMIT :count OFFSET :skip""",
        {"start": start, "end": end, "count": count, "skip": skip},
    ).fetchall()
    return _distorted(sandbox, GATEWAY, [_settlement(row) for row in rows])


def _settlement(row: sqlite3.Row) -> dict[str, Any]:
    is_payment = row["type"] == "payment"
    day = datetime.fromtimestamp(row["at"], IST).strftime("%Y%m%d")
    return {
        "entity_id": row["id"],
        "type": row["type"],
        "debit": 0 if is_payment else row["amount"],
        "credit": row["amount"] - row["fee"] if is_payment else 0,
        "amount": row["amount"],
        "currency": row["currency"],
        "fee": row["fee"],
        "tax": row["tax"],
        "on_hold": False,
        "settled": True,
        "status": "captured" if is_payment else "processed",
        "created_at": int(row["created_at"]),
        "settled_at": int(row["at"]),
        "settlement_id": f"setl_GenChg{day}",
        "posted_at": None,
        "credit_type": "default",
        "description": None,
        "notes": json.loads(row["notes"]) or [],
        "payment_id": row["payment_id"],
        "settlement_utr": f"{day}SANDBOX",
        "order_id": row["order_id"],
        "order_receipt": row["receipt"],
        "method": row["method"],
        "card_network": "Visa" if row["method"] == "card" else None,
        "card_issuer": "HDFC" if row["method"] == "card" else None,
        "card_type": "debit" if row["method"] == "card" else None,
        "dispute_id": None,
        # What a script may match on; goes before the row leaves.
        "reference": row["receipt"] if is_payment else row["refund_receipt"],
    }


def deliveries(sandbox: Sandbox, channel: str, day: date) -> list[dict[str, Any]]:
    """Rows of a channel's statement: each recharge that was delivered on `day`."""
    start, end = span(day, day)
    rows = sandbox.db.execute(
        """SELECT * FROM recharges WHERE channel = ? AND status = 'success' AND completed_at >= ? AND completed_at < ?
           ORDER BY completed_at, reference""",
        (channel, start, end),
    )
    shown = [
        {name: row[name] for name in CSV_COLUMNS} | {"completed_at": instant(row["completed_at"])}
        for row in rows
    ]
    return _distorted(sandbox, channel, shown)


def instant(seconds: float | None) -> str | None:
    """ISO 8601 in India's time, or None."""
    return (
        None if seconds is None else datetime.fromtimestamp(seconds, IST).isoformat(timespec="milliseconds")
    )


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as CSV with a heading, RFC 4180."""
    file = io.StringIO()
    writer = csv.DictWriter(file, CSV_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _distorted(sandbox: Sandbox, target: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    amount = "amount" if target == GATEWAY else "amount_paise"
    out: list[dict[str, Any]] = []
    with sandbox.store.transaction() as db:
        for row in rows:
            facts = {key: row.get(key) for key in ("reference", "phone_number")} | {"amount": row[amount]}
            script = scripts.choose(db, target, "statement", facts, families=frozenset({Family.ROWS}))
            out += _rows_of(row, amount, script)
    if target == GATEWAY:
        for row in out:
            row.pop("reference", None)
    return out


def _rows_of(row: dict[str, Any], amount: str, script: Script | None) -> list[dict[str, Any]]:
    if script is None:
        return [row]
    if script.name == "missing_row":
        return []
    if script.name == "wrong_amount":
        return [{**row, amount: row[amount] + 100}]
    if amount == "amount":
        return [row, {**row, "entity_id": "pay_NobodyKnowsMe", "order_id": None, "order_receipt": None}]
    return [row, {**row, "reference": f"unknown-{row['reference']}", "operator_reference": "NOBODYKNOWS"}]
