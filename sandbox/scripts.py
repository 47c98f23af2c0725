"""What is to go wrong, and when: by a payable amount's last two digits, or by a script that a test has laid.

A script names a target (`gateway`, an operator's channel, or `*`), an operation, and what happens. Every kind belongs to
one of four families, and an operation takes the families that make sense for it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

GATEWAY: Final = "gateway"
# No channel of an operator is called so: a name with a colon is none.
SMS: Final = "sms:receipts"


class Family(StrEnum):
    """What a kind of script changes."""

    ANSWER = "answer"  # how the HTTP answer goes wrong
    OUTCOME = "outcome"  # what the other side decides
    NOTICE = "notice"  # the webhooks or callbacks that follow
    ROWS = "rows"  # the lines of a statement


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of script. `ending` are the paise that choose it by amount; None: by control only."""

    name: str
    family: Family
    ending: int | None
    meaning: str
    seconds: float = 0
    count: int = 1


# The endings avoid whole rupees and multiples of 5 paise, which prices and percentages of prices have.
_KINDS: Final = (
    Kind("decline", Family.OUTCOME, 11, "Refused: 400, a failed payment, a failed recharge."),
    Kind("time_out_before", Family.ANSWER, 12, "Nothing is done, and no answer comes."),
    Kind("time_out_after", Family.ANSWER, 13, "It is done, but no answer comes."),
    Kind("server_error_before", Family.ANSWER, 14, "Nothing is done: 503."),
    Kind("server_error_after", Family.ANSWER, 16, "It is done: 502."),
    Kind("slow", Family.ANSWER, 17, "It is done and answered after so many seconds.", seconds=2),
    Kind("late_success", Family.OUTCOME, 18, "Pending; succeeds after so many seconds.", seconds=5),
    Kind("success_without_callback", Family.NOTICE, 19, "Succeeds, and nobody says so: only asking tells."),
    Kind("duplicate_callback", Family.NOTICE, 21, "Each notice comes several times, side by side.", count=3),
    Kind("reordered_callbacks", Family.NOTICE, 22, "The final notice first, the interim one after it."),
    Kind(
        "contradicting_callback",
        Family.NOTICE,
        23,
        "After success comes a notice of failure, which is wrong.",
    ),
    Kind(
        "wrong_signature", Family.NOTICE, 24, "The only notice bears a wrong signature; it is not repeated."
    ),
    Kind("lost_connection_before", Family.ANSWER, 26, "Nothing is done; the connection drops."),
    Kind(
        "lost_connection_after_accept",
        Family.ANSWER,
        27,
        "It is done; the connection drops without an answer.",
    ),
    Kind("garbage", Family.ANSWER, 28, "It is done; 200 with a body that is no JSON."),
    Kind("huge_body", Family.ANSWER, 29, "It is done; 200 with a body of 10 MB."),
    Kind("too_many_requests", Family.ANSWER, 31, "Nothing is done: 429 with Retry-After."),
    Kind("late_failure", Family.OUTCOME, 32, "Pending; fails after so many seconds.", seconds=5),
    Kind("pending", Family.OUTCOME, 33, "Pending for ever."),
    Kind("redirect", Family.ANSWER, 34, "Nothing is done: 302 to another address."),
    Kind(
        "drip",
        Family.ANSWER,
        36,
        "It is done; the answer comes byte by byte, one in so many seconds.",
        seconds=1,
    ),
    Kind(
        "late_return",
        Family.OUTCOME,
        None,
        "A payout succeeds; the bank sends the money back after so many seconds.",
        seconds=5,
    ),
    Kind("missing_row", Family.ROWS, None, "The row is not in the statement."),
    Kind("wrong_amount", Family.ROWS, None, "The row's amount is a rupee too high."),
    Kind("extra_row", Family.ROWS, None, "The row comes with a second one that nobody knows."),
)
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _KINDS}
_BY_ENDING: Final[Mapping[int, Kind]] = {kind.ending: kind for kind in _KINDS if kind.ending is not None}
ALL_MOVES: Final = frozenset({Family.ANSWER, Family.OUTCOME, Family.NOTICE})
GATEWAY_OPERATIONS: Final[Mapping[str, frozenset[Family]]] = {
    "order": frozenset({Family.ANSWER, Family.OUTCOME}),
    "payment": frozenset({Family.OUTCOME, Family.NOTICE}),
    "recurring": ALL_MOVES,
    "capture": ALL_MOVES,
    "refund": ALL_MOVES,
    "account_check": frozenset({Family.ANSWER}),
    "payout": ALL_MOVES,
    "fetch": frozenset({Family.ANSWER}),
    "statement": frozenset({Family.ANSWER, Family.ROWS}),
    "webhook": frozenset({Family.NOTICE}),
}
CHANNEL_OPERATIONS: Final[Mapping[str, frozenset[Family]]] = {
    "submit": ALL_MOVES,
    "status": frozenset({Family.ANSWER}),
    "bill": frozenset({Family.ANSWER}),
    "balance": frozenset({Family.ANSWER}),
    "statement": frozenset({Family.ANSWER, Family.ROWS}),
    "callback": frozenset({Family.NOTICE}),
}
# Where an amount's ending counts: once for each order and recharge, so that a second try gets through.
_ENDING_OPERATIONS: Final = {
    "order": frozenset({Family.ANSWER}),
    "payment": frozenset({Family.OUTCOME, Family.NOTICE}),
    "recurring": frozenset({Family.OUTCOME, Family.NOTICE}),
    "submit": ALL_MOVES,
}
# An order or a capture is accepted or it is not; neither can be pending.
_PROMPT: Final = frozenset({"order", "capture"})
MATCHES: Final = frozenset({"phone_number", "amount", "reference", "event"})


@dataclass(frozen=True, slots=True)
class Script:
    """A script that applies now."""

    kind: Kind
    seconds: float
    count: int
    reason: str | None = None

    @property
    def name(self) -> str:
        """The kind's name."""
        return self.kind.name


def problem(target: str, operation: str, kind: Kind | None) -> str | None:
    """Why there can be no such script, or None."""
    known = GATEWAY_OPERATIONS if target == GATEWAY else CHANNEL_OPERATIONS
    if target == "*":
        known = {**GATEWAY_OPERATIONS, **CHANNEL_OPERATIONS}
    if operation not in known:
        return f"operation: one of {', '.join(known)}"
    if kind is None:
        return f"script: one of {', '.join(KINDS)}"
    takes = _takes(operation, known[operation])
    if kind.name not in takes:
        return f"script: {operation} takes {', '.join(takes)}"
    return None


def _takes(operation: str, families: frozenset[Family]) -> list[str]:
    names = [kind.name for kind in _KINDS if kind.family in families]
    if operation in _PROMPT:
        names = [n for n in names if n not in {"late_success", "late_failure", "pending"}]
    if operation != "payout":
        names = [name for name in names if name != "late_return"]
    if operation in {"webhook", "callback"}:
        # One notice has no order; and lateness is the one fault of an answer that a notice can have.
        return [*(name for name in names if name != "reordered_callbacks"), "slow"]
    return names


def choose(
    db: sqlite3.Connection,
    target: str,
    operation: str,
    facts: Mapping[str, Any],
    *,
    first: bool = True,
    families: frozenset[Family] = ALL_MOVES,
) -> Script | None:
    """The script for this operation, used up by one; None: nothing goes wrong.

    The newest that fits wins. `facts` hold what a script may match on: phone_number, amount (paise), reference,
    event. `first` is False for a repetition, to which an amount's ending does not apply. Only scripts of
    `families` count: a statement's lines are asked apart from its answer, and what was decided once is not again.
    """
    rows = db.execute(
        "SELECT * FROM scripts WHERE target IN (?, '*') AND operation = ? AND remaining IS NOT 0 ORDER BY id DESC",
        (target, operation),
    )
    for row in rows:
        if KINDS[row["script"]].family in families and _fits(row, facts):
            db.execute(
                "UPDATE scripts SET hits = hits + 1, remaining = remaining - 1 WHERE id = ?", (row["id"],)
            )
            return Script(KINDS[row["script"]], row["seconds"], row["count"], row["reason"])
    amount = facts.get("amount")
    kind = _BY_ENDING.get(amount % 100) if first and isinstance(amount, int) else None
    if kind is None or kind.family not in families & _ENDING_OPERATIONS.get(operation, frozenset()):
        return None
    return Script(kind, kind.seconds, kind.count)


def _fits(row: sqlite3.Row, facts: Mapping[str, Any]) -> bool:
    matches: dict[str, Any] = json.loads(row["matches"])
    if any(str(facts.get(name)) != str(value) for name, value in matches.items()):
        return False
    if row["share"] >= 1:
        return True
    # By hash and not by chance: the same reference meets the same fault in every run.
    text = f"{row['target']}:{row['operation']}:{row['script']}:{facts.get('reference')}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")
    return bool(number < row["share"] * (1 << 48))


def count_seen(db: sqlite3.Connection, target: str, subject: str) -> int:
    """Note that `subject` was asked for once more; how often by now."""
    row = db.execute(
        "INSERT INTO seen (target, subject, times) VALUES (?, ?, 1)"
        " ON CONFLICT (target, subject) DO UPDATE SET times = times + 1 RETURNING times",
        (target, subject),
    ).fetchone()
    return int(row["times"])
