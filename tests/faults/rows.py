"""The rows and columns of the fault matrix: what fails outside, and what dies inside at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sandbox.scripts import KINDS, Family

# How a cell ends: the customer has the plan, or the money; topped up or not; sent back to its source, or still in the wallet.
DELIVERED, REFUNDED = "plan", "money"
CREDITED, UNPAID = "credited", "unpaid"
RETURNED, CREDITED_TO_WALLET = "returned", "kept"
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
    # How it is paid: wallet, upi, beside (upi beside the wallet); or a topup, or source (a topup that goes back again).
    journey: Literal["wallet", "upi", "beside", "topup", "source"] = "wallet"


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


_REFUSED: Final = (_laid("first", "submit", "decline"), _laid("second", "submit", "decline"))


def operator_rows() -> list[Row]:
    """Every script at every step of a recharge that is paid from the wallet, but `pending`, which has no end."""
    submits = [
        Row("submit", name, (_laid("first", "submit", name),))
        for name in _of(Family.ANSWER, Family.OUTCOME, Family.NOTICE)
        if name != "pending"
    ]
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
        Row("submit", "decline at both channels", _REFUSED, ends=frozenset({REFUNDED})),
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


def gateway_rows() -> list[Row]:
    """Every script at every step of a payment. Orders are captured by the gateway itself, so nobody asks it to."""
    plan, money = frozenset({DELIVERED}), frozenset({REFUNDED})

    def one(operation: str, name: str) -> tuple[Laid, ...]:
        return (_laid("gateway", operation, name),)

    orders = [Row("order", name, one("order", name), plan, journey="upi") for name in _of(Family.ANSWER)]
    payments = [
        Row(
            "payment",
            name,
            one("payment", name),
            money if name in {"decline", "late_failure"} else plan,
            journey="upi",
        )
        for name in _of(Family.OUTCOME, Family.NOTICE)
        if name != "pending"
    ]
    webhooks = [
        Row("webhook", name, one("webhook", name), plan, journey="upi")
        for name in [*_of(Family.NOTICE), "slow"]
        if name != "reordered_callbacks"
    ]
    unheard = _laid("gateway", "payment", "success_without_callback")
    fetches = [
        Row("fetch", name, (unheard, _laid("gateway", "fetch", name)), plan, journey="upi")
        for name in _of(Family.ANSWER)
    ]
    refunds = [
        Row(
            "refund",
            name,
            one("refund", name),
            # Where the first call was cut off by a crash, the next one meets no refusal.
            frozenset({CREDITED_TO_WALLET, RETURNED})
            if name == "decline"
            else frozenset({CREDITED_TO_WALLET if name == "late_failure" else RETURNED}),
            journey="source",
        )
        for name in _of(Family.ANSWER, Family.OUTCOME, Family.NOTICE)
        if name != "pending"
    ]
    return [
        Row("-", "nothing", journey="upi"),
        Row("-", "nothing", journey="beside"),
        Row("-", "nothing", ends=frozenset({CREDITED}), journey="topup"),
        Row("-", "nothing", ends=frozenset({RETURNED}), journey="source"),
        # Where the refusal was lost with the process, the repetition meets none.
        Row("order", "decline", one("order", "decline"), plan | money, journey="upi"),
        *orders,
        *payments,
        *webhooks,
        *fetches,
        *(Row("payment", row.fault, row.scripts, row.ends, journey="beside") for row in payments[:3]),
        *(
            Row(
                "payment",
                row.fault,
                row.scripts,
                frozenset({CREDITED if row.ends == plan else UNPAID}),
                journey="topup",
            )
            for row in payments
        ),
        *(
            Row("submit", "decline at both channels", _REFUSED, money, journey=journey)
            for journey in ("upi", "beside")
        ),
        Row(
            "submit", "time_out_after", (_laid("first", "submit", "time_out_after"),), plan, journey="beside"
        ),
        *refunds,
    ]


GATEWAY_COLUMNS: Final = (
    Column("nothing dies"),
    Column("API after the payment's commit, before the order's call", "serve", "payment.committed"),
    Column("API with the order, before its commit", "serve", "order.written"),
    Column("API after the order's commit", "serve", "order.committed"),
    Column("API before the recharge's commit", "serve", "recharge.asked"),
    Column("API after the recharge's commit", "serve", "recharge.committed"),
    Column("API before the capture's commit", "serve", "webhook.asked@payment.captured", at_a_time=16),
    Column("API after the capture's commit", "serve", "webhook.committed@payment.captured", at_a_time=16),
    Column("worker with a capture that it asked for", "worker", "capture.come"),
    Column("worker after that capture's commit", "worker", "capture.committed"),
    Column("worker before the paid recharge's commit", "worker", "paid.written", alone=True),
    Column("worker after the submission's commit, before the call", "worker", "submission.committed"),
    Column("worker with the answer, before its transaction", "worker", "answer.come"),
    Column("worker before the refund's call", "worker", "refund.begun"),
    Column("worker after the refund's call, before its commit", "worker", "refund.come"),
    Column("worker after the refund's commit", "worker", "refund.committed"),
    Column("PostgreSQL amid the purchases", "postgres", after=0.3),
    Column("PostgreSQL a second later", "postgres", after=0.9),
    Column("gateway and operators amid the purchases", "sandbox", after=0.3),
)


def find_rows(*keys: tuple[str, str, str]) -> Sequence[Row]:
    """Rows by journey, step and fault."""
    known = {(row.journey, row.step, row.fault): row for row in (*operator_rows(), *gateway_rows())}
    return [known[key] for key in keys]
