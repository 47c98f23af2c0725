"""The operators: they take a recharge once for each reference, deliver it once, and say so. Amounts in paise."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox import bills, notices
from sandbox.faults import Refusal
from sandbox.notices import Notice
from sandbox.parts import Sandbox
from sandbox.scripts import Family, Script
from sandbox.statements import instant
from sandbox.store import insert

_FLOAT_PAISE: Final = 10_00_00_000_00  # 10 crore rupees: enough for a day of tests
# By the end of a channel's name, as sample channels are called; others pay as a direct one does.
COMMISSIONS_BASIS_POINTS: Final = {"direct": 300, "aggregator": 220}
_SETTLE_SECONDS: Final = 0.2
_LARGEST_PAISE: Final = 1_00_000_00
_CHANNEL: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z")
_PHONE: Final = re.compile(r"[6-9][0-9]{9}\Z")


def error(code: str, message: str, **more: Any) -> dict[str, Any]:
    """An error in the operators' style."""
    return {"error": code, "message": message, **more}


def by_status(status: int, message: str) -> dict[str, Any]:
    """The error that goes with a status of the server's own."""
    return error("too_many_requests" if status == 429 else "unavailable", message)


@dataclass(frozen=True, slots=True)
class Submission:
    """A recharge as it was asked for."""

    reference: str
    operator: str
    phone_number: str
    amount_paise: int
    plan_code: str | None
    digest: str
    bill_reference: str | None = None

    @classmethod
    def read(cls, body: Any) -> Submission:
        """Check the body of `POST /recharges`; 422 with the field that is wrong."""
        if not isinstance(body, dict):
            raise _invalid("body", "a JSON object")
        amount = body.get("amount_paise")
        if isinstance(amount, bool) or not isinstance(amount, int) or not 100 <= amount <= _LARGEST_PAISE:
            raise _invalid("amount_paise", f"a whole number from 100 to {_LARGEST_PAISE}")
        for field, pattern, expected in (
            ("reference", _REFERENCE, "1 to 64 letters, digits or _.:-"),
            ("phone_number", _PHONE, "ten digits, the first 6 to 9"),
            ("operator", re.compile(r"\S.{0,39}\Z"), "the operator's code"),
        ):
            if not isinstance(body.get(field), str) or not pattern.match(body[field]):
                raise _invalid(field, expected)
        plan = body.get("plan_code")
        if plan is not None and not isinstance(plan, str):
            raise _invalid("plan_code", "a string")
        bill = body.get("bill_reference")
        if bill is not None and not (isinstance(bill, str) and _REFERENCE.match(bill)):
            raise _invalid("bill_reference", "as the answer about the bill has it")
        same = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        digest = hashlib.sha256(same).hexdigest()
        return cls(body["reference"], body["operator"], body["phone_number"], amount, plan, digest, bill)

    @property
    def facts(self) -> dict[str, Any]:
        """What a script may match on."""
        return {"phone_number": self.phone_number, "amount": self.amount_paise, "reference": self.reference}


def _invalid(field: str, expected: str) -> Refusal:
    return Refusal(422, error("invalid_field", f"{field}: {expected}", field=field))


def channel(sandbox: Sandbox, name: str) -> sqlite3.Row:
    """The channel; a new name opens one. 404 for a name that can't be."""
    if not _CHANNEL.match(name):
        raise Refusal(404, error("unknown_channel", "There is no such channel."))
    row = sandbox.db.execute("SELECT * FROM channels WHERE name = ?", (name,)).fetchone()
    if row is None:
        insert(
            sandbox.db,
            "channels",
            name=name,
            float_paise=_FLOAT_PAISE,
            commission_basis_points=COMMISSIONS_BASIS_POINTS.get(
                name.rpartition("-")[2], COMMISSIONS_BASIS_POINTS["direct"]
            ),
            answers="final",
            settle_seconds=_SETTLE_SECONDS,
            callbacks=True,
        )
        row = sandbox.db.execute("SELECT * FROM channels WHERE name = ?", (name,)).fetchone()
    assert isinstance(row, sqlite3.Row)
    return row


def submit(sandbox: Sandbox, name: str, asked: Submission, script: Script | None) -> dict[str, Any]:
    """Take a recharge. The same reference again gets the first outcome; another body with it is a conflict."""
    with sandbox.store.transaction() as db:
        known = find(db, name, asked.reference)
        if known is not None:
            if known["digest"] != asked.digest:
                raise Refusal(409, error("reference_conflict", "This reference belongs to another recharge."))
            return _answer(known)
        at = channel(sandbox, name)
        commission = asked.amount_paise * at["commission_basis_points"] // 10_000
        insert(
            db,
            "recharges",
            channel=name,
            reference=asked.reference,
            digest=asked.digest,
            operator=asked.operator,
            phone_number=asked.phone_number,
            plan_code=asked.plan_code,
            amount_paise=asked.amount_paise,
            status="pending",
            operator_reference=f"{name[:4].upper()}{secrets.token_hex(6).upper()}",
            commission_paise=commission,
            submitted_at=sandbox.now,
            bill_reference=asked.bill_reference,
        )
        db.execute(
            "UPDATE seen SET accepted = accepted + 1 WHERE target = ? AND subject = ?",
            (name, asked.reference),
        )
        first = find(db, name, asked.reference)
        assert first is not None
        # What is under way counts as used, until it fails.
        _use(db, name, asked.amount_paise - commission)
        if at["used_paise"] + asked.amount_paise - commission > at["float_paise"]:
            settle(sandbox, name, asked.reference, "failed", None, reason="insufficient_float")
        else:
            _proceed(sandbox, at, first, script)
        now_is = find(db, name, asked.reference)
        assert now_is is not None
        # A script about notices needs somebody who still waits for them.
        waits = script is not None and script.kind.family is Family.NOTICE
        return _answer(first if waits else now_is)


def _proceed(sandbox: Sandbox, at: sqlite3.Row, row: sqlite3.Row, script: Script | None) -> None:
    name, reference, kind = at["name"], row["reference"], script.name if script else ""
    if script and kind == "decline":
        settle(sandbox, name, reference, "failed", script, reason=script.reason or "declined_by_operator")
    elif script and kind in {"late_success", "late_failure"}:
        status = "success" if kind == "late_success" else "failed"
        _put_off(sandbox, script.seconds, name, reference, status, script.reason)
    elif kind == "pending":
        return
    elif script is None and at["answers"] == "accepted":
        _put_off(sandbox, at["settle_seconds"], name, reference, "success", None)
    else:
        settle(sandbox, name, reference, "success", script)


def _put_off(
    sandbox: Sandbox, seconds: float, name: str, reference: str, status: str, reason: str | None
) -> None:
    sandbox.courier.put_off(
        seconds, "recharge", channel=name, reference=reference, status=status, reason=reason
    )


def settle_late(sandbox: Sandbox, arguments: Mapping[str, Any]) -> None:
    """What was put off comes true, in the courier's transaction."""
    status = arguments["status"]
    reason = arguments["reason"] or ("declined_by_operator" if status == "failed" else None)
    settle(sandbox, arguments["channel"], arguments["reference"], status, None, reason=reason)


def settle(
    sandbox: Sandbox,
    name: str,
    reference: str,
    status: str,
    script: Script | None,
    *,
    reason: str | None = None,
) -> None:
    """Deliver a pending recharge or let it fail, and queue the callback; in the caller's transaction."""
    db, before = sandbox.db, find(sandbox.db, name, reference)
    is_payment = before is not None and before["status"] == "pending" and before["bill_reference"] is not None
    if before is not None and is_payment and status == "success":
        problem = bills.pay(db, before["phone_number"], before["bill_reference"], before["amount_paise"])
        status, reason = ("success", reason) if problem is None else ("failed", problem)
    changed = db.execute(
        "UPDATE recharges SET status = ?, reason = ?, completed_at = ?"
        " WHERE channel = ? AND reference = ? AND status = 'pending'",
        (status, reason, sandbox.now, name, reference),
    )
    row = find(db, name, reference)
    if changed.rowcount == 0 or row is None or before is None:
        return
    if status == "success":
        insert(db, "delivered", channel=name, reference=reference, delivered_at=sandbox.now)
    else:
        _use(db, name, row["commission_paise"] - row["amount_paise"])
    if not channel(sandbox, name)["callbacks"]:
        return
    announced = [Notice(status, _notice_of(row))]
    if script and script.name == "reordered_callbacks":
        announced.insert(0, Notice("pending", _notice_of(before)))
    wrong = {"status": "failed" if status == "success" else "success", "reason": None}
    notices.post(
        db,
        name,
        announced,
        script,
        now=sandbox.now,
        subject=f"{name}/{reference}",
        facts={"phone_number": row["phone_number"], "amount": row["amount_paise"], "reference": reference},
        contrary=Notice(wrong["status"] or "", {**_notice_of(row), **wrong}),
    )


def _use(db: sqlite3.Connection, name: str, paise: int) -> None:
    db.execute("UPDATE channels SET used_paise = used_paise + ? WHERE name = ?", (paise, name))


def find(db: sqlite3.Connection, name: str, reference: str) -> sqlite3.Row | None:
    """The recharge with this reference, or None."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM recharges WHERE channel = ? AND reference = ?", (name, reference)
    ).fetchone()
    return row


def _notice_of(row: sqlite3.Row) -> dict[str, Any]:
    """A recharge as status answers and callbacks show it."""
    return {
        "channel": row["channel"],
        "reference": row["reference"],
        "operator_reference": row["operator_reference"],
        "phone_number": row["phone_number"],
        "amount_paise": row["amount_paise"],
        "status": row["status"],
        "reason": row["reason"],
        "completed_at": instant(row["completed_at"]),
    }


def _answer(row: sqlite3.Row) -> dict[str, Any]:
    """A recharge as the answer to a submission shows it: what is pending was accepted."""
    return {**_notice_of(row), "status": "accepted" if row["status"] == "pending" else row["status"]}


def status(db: sqlite3.Connection, name: str, reference: str) -> dict[str, Any]:
    """The outcome of a recharge; 404 if the reference never arrived."""
    row = find(db, name, reference)
    if row is None:
        unknown = error(
            "unknown_reference", "No recharge with this reference has arrived.", reference=reference
        )
        raise Refusal(404, {"status": "unknown_reference", **unknown})
    return _notice_of(row)


def seen(db: sqlite3.Connection, name: str) -> list[dict[str, Any]]:
    """For assertions: of each reference how often it was asked for, taken, and delivered."""
    rows = db.execute(
        """SELECT s.subject AS reference, s.times AS seen, s.accepted, r.status, r.phone_number, r.amount_paise,
                  r.operator_reference, (SELECT count(*) FROM delivered d
                  WHERE d.channel = s.target AND d.reference = s.subject) AS delivered
           FROM seen s LEFT JOIN recharges r ON r.channel = s.target AND r.reference = s.subject
           WHERE s.target = ? ORDER BY s.rowid""",
        (name,),
    )
    return [dict(row) for row in rows]
