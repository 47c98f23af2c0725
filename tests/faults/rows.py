"""The rows and columns of the fault matrix: what fails outside, and what dies inside meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from gencharge.sandbox.scripts import KINDS, Family

DELIVERED, REFUNDED = "delivered", "refunded"
# Kept short, and longer than OPERATOR_TIMEOUT_SECONDS of the matrix where it is about that.
_SECONDS: Final = {"slow": 1.0, "late_success": 0.8, "late_failure": 0.8, "drip": 0.05}


@dataclass(frozen=True)
class Laid:
    """A script for one cell: at its first or second channel, or at the gateway. Once, unless `more` says otherwise."""

    side: Literal["first", "second", "gateway"]
    operation: str
    script: str
    more: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Row:
    """Something that goes wrong outside, and how the purchase may end with it."""

    step: str
    fault: str
    scripts: tuple[Laid, ...] = ()
    ends: frozenset[str] = frozenset({DELIVERED})
    answers_later: bool = False


@dataclass(frozen=True)
class Column:
    """What dies. With `point` it dies there, once all have come; without, so many seconds after the start."""

    title: str
    process: Literal["", "serve", "worker", "postgres", "sandbox"] = ""
    point: str = ""
    after: float = 0
    # As many cells side by side: the sandbox sends no more callbacks at a time.
    at_a_time: int = 1_000
    # Fewer cells come to the point at once.
    alone: bool = False


def _laid(side: Literal["first", "second", "gateway"], operation: str, script: str, **more: Any) -> Laid:
    seconds = {"seconds": _SECONDS[script]} if script in _SECONDS else {}
    return Laid(side, operation, script, seconds | more)


def _of(*families: Family) -> list[str]:
    return [name for name, kind in KINDS.items() if kind.family in families]


def operator_rows() -> list[Row]:
    """Every script at every step of a recharge that is paid from the wallet, but `pending`, which has no end."""
    submits = [
        Row("submit", name, (_laid("first", "submit", name),))
        for name in _of(Family.ANSWER, Family.OUTCOME, Family.NOTICE)
        if name != "pending"
    ]
    refused = (_laid("first", "submit", "decline"), _laid("second", "submit", "decline"))
    late = (_laid("first", "submit", "late_failure"), _laid("second", "submit", "late_failure"))
    statuses = [
        Row(
            "status",
            name,
            (_laid("first", "submit", "lost_connection_after_accept"), _laid("first", "status", name)),
        )
        for name in _of(Family.ANSWER)
    ]
    never_arrived = [
        Row(
            "status",
            f"{name}, never arrived",
            (_laid("first", "submit", "lost_connection_before"), _laid("first", "status", name)),
        )
        for name in ("time_out_before", "server_error_before", "garbage")
    ]
    callbacks = [
        Row("callback", name, (_laid("first", "callback", name),), answers_later=True)
        for name in [*_of(Family.NOTICE), "slow"]
        if name != "reordered_callbacks"
    ]
    return [
        Row("-", "nothing"),
        Row("-", "nothing, answers later", answers_later=True),
        *submits,
        Row("submit", "decline at both channels", refused, ends=frozenset({REFUNDED})),
        Row("submit", "late_failure at both channels", late, ends=frozenset({REFUNDED})),
        *statuses,
        *never_arrived,
        *callbacks,
    ]


COLUMNS: Final = (
    Column("nothing dies"),
    Column("API before the recharge's commit", "serve", "recharge.asked"),
    Column("API after the recharge's commit", "serve", "recharge.committed"),
    Column("worker after the claim's commit", "worker", "claim.committed", alone=True),
    Column("worker before the submission's commit", "worker", "submission.written"),
    Column("worker after the submission's commit, before the call", "worker", "submission.committed"),
    Column("worker amid the calls", "worker", after=0.1),
    Column("worker with the answer, before its transaction", "worker", "answer.come"),
    Column("worker before the answer's commit", "worker", "answer.written"),
    Column("worker after the answer's commit", "worker", "answer.committed"),
    Column("API before the callback's commit", "serve", "callback.written", at_a_time=16),
    Column("API after the callback's commit", "serve", "callback.committed", at_a_time=16),
    Column("PostgreSQL amid the purchases", "postgres", after=0.15),
    Column("PostgreSQL amid the calls", "postgres", after=1.0),
    Column("operators amid the calls", "sandbox", after=1.0),
)


def find_rows(*wanted: tuple[str, str]) -> Sequence[Row]:
    """Rows by step and fault."""
    known = {(row.step, row.fault): row for row in operator_rows()}
    return [known[key] for key in wanted]
